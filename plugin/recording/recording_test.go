package recording

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// secrets are what must not slip through, wherever it stands: each is marked, so that any four characters of it are found.
func secrets(r *rand.Rand) []string {
	digits := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('0' + r.IntN(10))
		}
		return string(b)
	}
	return []string{
		"138" + digits(8), digits(12), "o6" + digits(4) + "Zq_-" + digits(18), "pQz7" + digits(24), "IpK_" + digits(80) + "-Zz",
		"203.0.113." + digits(2), "fe80::" + digits(4) + ":zq9", "wx" + digits(16), "上海市浦东新区" + digits(4) + "号", "张三丰" + digits(3),
		"https://q" + digits(6) + ".example.com/?t=" + digits(9), "zq" + digits(9) + "@example.com", "11010119900307" + digits(4),
	}
}

// TestNothingSlipsThrough builds JSON of all forms around marked values: as values, in arrays, in names of fields, as numbers, in
// escapes, in errcode and errmsg. Nothing that is longer than three characters of any is left.
func TestNothingSlipsThrough(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		marked := secrets(r)
		var build func(depth int) any
		build = func(depth int) any {
			s := marked[r.IntN(len(marked))]
			switch n := r.IntN(9); {
			case n < 3 || depth > 4:
				return s
			case n == 3:
				return json.Number("9" + strings.Trim(fmt.Sprint(r.Uint64()), "-"))
			case n == 4:
				return r.IntN(2) == 0
			case n == 5:
				return []any{build(depth + 1), build(depth + 1), nil}
			}
			m := map[string]any{"errcode": build(depth + 1), "errmsg": s + " rid: " + marked[0], "ticket": build(depth + 1)}
			m[s] = build(depth + 1) // a name that is somebody's
			return m
		}
		value := build(0)
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if r.IntN(5) == 0 {
			raw = []byte(fmt.Sprintf("<html>%s</html>", raw)) // no JSON
		}
		shape := Redact(raw)
		if !json.Valid(shape) {
			t.Fatalf("%s is no JSON, of %s", shape, raw)
		}
		check(t, string(shape), marked)
		query, err := json.Marshal(RedactQuery(map[string][]string{"access_token": {marked[4]}, marked[1]: {marked[2], "x"}}))
		if err != nil {
			t.Fatal(err)
		}
		check(t, strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(query)), marked)
	}
}

// check finds what is left of a marked value, and whatever else was not allowed.
func check(t *testing.T, shape string, marked []string) {
	t.Helper()
	allowed := regexp.MustCompile(`"<(string|number|name|text):\d+>"|"[a-z]+(_[a-z]+)*"|"custom_field[1-9]"|"errcode":-?\d{1,7}|true|false|null|[][{}:,]`)
	if left := allowed.ReplaceAllString(shape, ""); left != "" {
		t.Fatalf("%q is left of %s", left, shape)
	}
	bare := regexp.MustCompile(`<\w+:\d+>`).ReplaceAllString(shape, "")
	for _, s := range marked {
		for i := 0; i+4 <= len(s); i++ {
			if part := s[i : i+4]; strings.ContainsAny(part, "0123456789@") && strings.Contains(bare, part) {
				t.Fatalf("%q of %q is in %s", part, s, shape)
			}
		}
	}
}

func TestRedact(t *testing.T) {
	for raw, want := range map[string]string{
		`{"errcode":0,"errmsg":"ok","ticket":"abc","expires_in":7200}`: `{"errcode":0,"errmsg":"<string:2>","ticket":"<string:3>","expires_in":"<number:4>"}`,
		`{"errcode":40164,"errmsg":"invalid ip 1.2.3.4"}`:              `{"errcode":40164,"errmsg":"<string:18>"}`,
		`{"errcode":13800138000}`:                                      `{"errcode":"<number:11>"}`,
		`{"errcode":"13800138000"}`:                                    `{"errcode":"<string:11>"}`,
		`{"errcode":-1}`:                                               `{"errcode":-1}`,
		`{"errcode":1.5}`:                                              `{"errcode":"<number:3>"}`,
		`{"a":{"13800138000":true,"é":[null,{"b_c":"张三"}]}}`:           `{"a":{"<name:11>":true,"<name:1>":[null,{"b_c":"<string:2>"}]}}`,
		`{"custom_field1":{},"custom_cell2":{},"a1":0,"custom_field12":1,"custom_1field":1}`: `{"custom_field1":{},"custom_cell2":{},"<name:2>":"<number:1>","<name:14>":"<number:1>","<name:13>":"<number:1>"}`,
		`{"a":1}{"b":2}`: `"<text:14>"`,
		`{"a":`:          `"<text:5>"`,
		``:               `"<text:0>"`,
		`"oZ8Yt1XGILfi"`: `"<string:12>"`,
		`[]`:             `[]`,
	} {
		if got := string(Redact([]byte(raw))); got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
}

// TestReplay: what is given out again has the shape of what was recorded, and Compare sees it.
func TestReplay(t *testing.T) {
	answers := []string{`{"errcode":0,"ticket":"abcd","list":[{"n":12}],"ok":true,"none":null}`, `{"errcode":45009,"errmsg":"reach max"}`}
	rec := &Recording{Version: Version}
	for _, a := range answers {
		rec.Exchanges = append(rec.Exchanges, Exchange{Path: "/x", Status: 200, Answer: Redact([]byte(a))})
	}
	raw, err := rec.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if rec, err = Read(raw); err != nil {
		t.Fatal(err)
	}
	p := NewReplay(rec)
	for i := range 4 {
		status, body, ok := p.Answer("/x", nil, nil)
		if got, want := string(Redact(body)), string(Redact([]byte(answers[i%2]))); !ok || status != 200 || got != want {
			t.Errorf("got %d %s, want %s", status, got, want)
		}
	}
	if _, _, ok := p.Answer("/y", nil, nil); ok {
		t.Error("what was not recorded is answered")
	}
	for other, want := range map[string]string{
		answers[0]: "[]",
		`{"errcode":1,"ticket":"z","list":[],"ok":false,"none":null}`:                  "[.errcode: recorded 0, got 1]",
		`{"errcode":0,"ticket":5,"list":[{"n":"1"}],"ok":true,"none":null,"more":"x"}`: "[.list[].n: recorded number, got string .more: not recorded .ticket: recorded string, got number]",
		`{"errcode":0}`: "[.list: recorded, and not there .none: recorded, and not there .ok: recorded, and not there .ticket: recorded, and not there]",
	} {
		if got := fmt.Sprint(Compare(rec.Exchanges[0].Answer, []byte(other))); got != want {
			t.Errorf("%s: got %s, want %s", other, got, want)
		}
	}
	for _, bad := range []string{
		`{"version":1,"exchanges":[{"name":"x","path":"/x","answer":{}}]}`, `{"version":1,"exchanges":[{"name":"x","path":"/x","status":99,"answer":{}}]}`,
		`{"version":1,"exchanges":[{"name":"x","path":"/x","status":1000,"answer":{}}]}`, `{"version":1,"exchanges":[{"name":"x","path":"/x","status":200}]}`,
		`{}`, `{"version":2}`, `{"version":1,"more":1}`, `x`,
	} {
		if _, err := Read([]byte(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// TestReplayOfLikeCalls: a ticket of one kind is no answer to who asks for another, and a card that is there is not refused as one
// that is not.
func TestReplayOfLikeCalls(t *testing.T) {
	rec := &Recording{Version: Version}
	add := func(name, path, kind, answer string) {
		x := Exchange{Name: name, Path: path, Status: 200, Answer: Redact([]byte(answer))}
		if kind != "" {
			x.Query = RedactQuery(url.Values{"type": {kind}})
		}
		rec.Exchanges = append(rec.Exchanges, x)
	}
	add("api_ticket", "/t", "wx_card", `{"errcode":1}`)
	add("api_ticket_again", "/t", "wx_card", `{"errcode":2}`)
	add("jsapi_ticket", "/t", "jsapi", `{"errcode":3}`)
	add("ticket_of_no_type", "/t", "none", `{"errcode":4}`)
	add("card", "/c", "", `{"errcode":5}`)
	add("card_that_is_not_ours", "/c", "", `{"errcode":6}`)
	add("escape_in_json", "/c", "", `{"errcode":7}`)
	add("code_that_is_none", "/d", "", `{"errcode":8}`)
	p := NewReplay(rec)
	for _, tc := range []struct{ path, query, body, want string }{
		{"/t", "type=wx_card&access_token=x", "", "1"},
		{"/t", "access_token=y&type=wx_card", "", "2"},
		{"/t", "type=wx_card&access_token=x", "", "1"},
		{"/t", "type=jsapi&access_token=x", "", "3"},
		{"/t", "type=none&access_token=x", "", "4"},
		{"/c", "access_token=x", `{"card_id":"` + NoCard + `"}`, "6"},
		{"/c", "access_token=x", `{"card_id":"\u0070Q"}`, "7"},
		{"/c", "access_token=x", `{"card_id":"pQ"}`, "5"},
		{"/c", "access_token=x", `{"card_id":"pQ"}`, "5"},
		{"/d", "access_token=x", `{"encrypt_code":"x"}`, "8"},
		{"/c", "", "", "5"},
	} {
		query, err := url.ParseQuery(tc.query)
		if err != nil {
			t.Fatal(err)
		}
		if _, answer, ok := p.Answer(tc.path, query, []byte(tc.body)); !ok || string(answer) != `{"errcode":`+tc.want+`}` {
			t.Errorf("%s?%s %s: got %s, want %s", tc.path, tc.query, tc.body, answer, tc.want)
		}
	}
}
