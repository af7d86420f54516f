package verify

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/sent"
)

const (
	testTicket = "IpK_1T69hDhZkLQTlwsAX9rTjR1Qm3kZ7a0BcDeFgHiJkLmNoPqRsTuVwXyZ0123456789-_abcdefghijklmn"
	testAppID  = "wx5a6d8b2c4e1f3a70"
)

// knowing makes a Known of one account.
func knowing(apiTicket, jsapiTicket, appID string) Known {
	return Known{Accounts: []Account{{
		Name: "default", AppID: appID, APITickets: []Ticket{{Text: apiTicket}}, JSAPITickets: []Ticket{{Text: jsapiTicket}},
	}}}
}

func quoted(t testing.TB, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// vector is one entry of the test vectors of package card.
type vector struct {
	Kind         string            `json:"kind"`
	Name         string            `json:"name"`
	Inputs       json.RawMessage   `json:"inputs"`
	Expected     json.RawMessage   `json:"expected"`
	MustNotEqual map[string]string `json:"must_not_equal"`
}

// TestVectors: published and computed signatures are right, and those of classic mistakes are called by their names.
func TestVectors(t *testing.T) {
	raw, err := os.ReadFile("../card/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	names := map[string]ID{
		"case_insensitive_sort": report.SortIgnoresCase, "lowercased_values": report.ValuesCase, "numeric_sort": report.SortNumeric,
		"int_code": report.ZerosLost, "seconds": report.Milliseconds, "decoded": report.URLDecoded, "noslash": report.URLSlash,
		"dedup": report.Deduplicated, "kv_amp": report.KeyValue, "locale_sort": report.SortLocale, "utf16_sort": report.SortUTF16,
	}
	seen := 0
	for _, v := range file.Vectors {
		var in map[string]string
		var want string
		if json.Unmarshal(v.Inputs, &in) != nil || json.Unmarshal(v.Expected, &want) != nil {
			continue
		}
		check := func(signature string) (Report, bool) {
			known := knowing(in["api_ticket"], in["jsapi_ticket"], in["app_id"])
			var value any
			switch v.Kind {
			case "cardExt":
				ext := map[string]string{"signature": signature}
				for _, key := range []string{"timestamp", "code", "openid", "nonce_str"} {
					if in[key] != "" {
						ext[key] = in[key]
					}
				}
				value = map[string]any{"cardId": in["card_id"], "cardExt": string(quoted(t, ext))}
			case "chooseCard":
				value = map[string]string{
					"shopId": in["location_id"], "cardId": in["card_id"], "cardType": in["card_type"], "timestamp": in["time_stamp"],
					"nonceStr": in["nonce_str"], "signType": "SHA1", "cardSign": signature,
				}
			case "jsapi":
				value = map[string]any{
					"timestamp": in["timestamp"], "nonceStr": in["noncestr"], "signature": signature, "url": in["url"], "jsApiList": []string{"x"},
				}
			default:
				return Report{}, false
			}
			return Check(Input{Value: quoted(t, value), Account: "default"}, known), true
		}
		r, ok := check(want)
		if !ok {
			continue
		}
		seen++
		if r.Items[0].Right != want || r.Tried > 3 {
			t.Errorf("%s: right %q, want %s, tried %d", v.Name, r.Items[0].Right, want, r.Tried)
		}
		for mistake, signature := range v.MustNotEqual {
			id, known := names[mistake]
			if !known {
				t.Errorf("%s: no mistake is called %s", v.Name, mistake)
			}
			if r, _ := check(signature); !strings.Contains(strings.Join(found(r), " "), string(id)) {
				t.Errorf("%s, %s: got %q, want %s", v.Name, mistake, found(r), id)
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d vectors", seen)
	}
}

// TestRight checks what the gateway itself makes.
func TestRight(t *testing.T) {
	now := time.Unix(1700000000, 0)
	known := knowing(testTicket, "jsapi-"+testTicket, testAppID)
	known.Now = now
	ext := card.Ext{CardID: "pCard", Code: "001", Timestamp: now.Unix(), NonceStr: "n1", OuterStr: "小程序 🎁", FixedBeginTimestamp: "1700003600"}
	other := card.Ext{CardID: "pOther", OpenID: "oFS7Fjl0WsZ9AMZqrI80nbIq8xrA", Timestamp: now.Unix(), NonceStr: "n2", NumericTimestamp: true}
	choose := card.Choose{AppID: testAppID, ShopID: "5", CardType: "GROUPON", NonceStr: "n3", Timestamp: now.Unix()}
	config := card.Config{URL: "https://example.com/a?b=%E5%8D%A1#c", NonceStr: "n4", Timestamp: now.Unix()}
	for name, in := range map[string]Input{
		"list": {Value: fmt.Appendf(nil, `{"cardList":[{"cardId":"pCard","cardExt":%s},{"cardId":"pOther","cardExt":%s}],"success":null}`,
			ext.AppendJSONString(nil, testTicket), other.AppendJSONString(nil, testTicket))},
		"entry": {Value: fmt.Appendf(nil, `{"cardId":"pCard","cardExt":%s}`, ext.AppendJSONString(nil, testTicket))},
		"ext":   {Value: ext.AppendJSON(nil, testTicket), CardID: "pCard"},
		"text":  {Value: ext.AppendJSONString(nil, testTicket), CardID: "pCard"},
		"choose": {Value: fmt.Appendf(nil, `{"shopId":"5","cardType":"GROUPON","cardId":"","timestamp":"%d","nonceStr":"n3","signType":"SHA1","cardSign":"%s"}`,
			now.Unix(), choose.Signature(testTicket))},
		"config": {
			Value: fmt.Appendf(nil, `{"appId":"%s","timestamp":%d,"nonceStr":"n4","signature":"%s","jsApiList":["addCard"]}`,
				testAppID, now.Unix(), config.Signature("jsapi-"+testTicket)), URL: config.URL,
		},
	} {
		for _, account := range []string{"", "default"} {
			in.Account = account
			r := Check(in, known)
			if r.Verdict != Fine || len(found(r)) > 0 {
				t.Errorf("%s: %+v", name, r)
			}
			for _, it := range r.Items {
				if it.Right != it.Signature || it.Account != "default" || it.TextSent != "" || len(it.Values) < 4 {
					t.Errorf("%s: %+v", name, it)
				}
			}
		}
	}
}

// TestShows checks what the report shows of the signed text.
func TestShows(t *testing.T) {
	ext := card.Ext{CardID: "pCard", Timestamp: 1700000000, NonceStr: "N1"}
	sent := strings.Replace(string(ext.AppendJSON(nil, testTicket)), `"nonce_str":"N1",`, `"nonce_str":"N2",`, 1)
	r := Check(Input{Value: []byte(sent), CardID: "pCard", Signed: map[string]string{"nonce_str": "N1"}}, knowing(testTicket, "", ""))
	it := r.Items[0]
	if it.Text != "1700000000IpK_…klmnN2pCard" || it.TextSent != "1700000000IpK_…klmnN1pCard" {
		t.Errorf("got %q and %q", it.Text, it.TextSent)
	}
	want := []report.Signed{{Name: "timestamp", Value: "1700000000"}, {Name: "api_ticket", Value: "IpK_…klmn"}, {Name: "nonce_str", Value: "N2"}, {Name: "card_id", Value: "pCard"}}
	if !slices.Equal(it.Values, want) {
		t.Errorf("got %v", it.Values)
	}
	if got := it.Findings; len(got) != 1 || got[0].Title.EN != "another nonce_str was signed than was sent" || got[0].Title.ZH == "" || got[0].Fix.EN == "" || got[0].Fix.ZH == "" {
		t.Errorf("got %+v", got)
	}
}

// TestWhose: which account must have signed depends on who asks and whose card it is.
func TestWhose(t *testing.T) {
	known := Known{
		Accounts: []Account{
			{Name: "a", APITickets: []Ticket{{Text: "ticket-a"}}},
			{Name: "b", APITickets: []Ticket{{Text: "ticket-b"}}},
		},
		Owner: func(id string) string { return map[string]string{"pB": "b"}[id] },
	}
	for _, c := range []struct {
		card, signed, asked string
		verdict             Verdict
		account             string
	}{
		{"pB", "ticket-b", "", Fine, "b"},
		{"pB", "ticket-a", "", Refused, "b"},
		{"pB", "ticket-a", "a", Fine, "a"},
		{"pX", "ticket-a", "", Fine, "a"},
		{"pX", "ticket-b", "", Fine, "b"},
		{"pX", "ticket-b", "a", Refused, "a"},
		{"pX", "ticket-b", "nobody", Refused, "nobody"},
	} {
		ext := card.Ext{CardID: c.card, Timestamp: 1700000000, NonceStr: "n"}
		r := Check(Input{Value: ext.AppendJSON(nil, c.signed), CardID: c.card, Account: c.asked}, known)
		if r.Verdict != c.verdict || r.Items[0].Account != c.account {
			t.Errorf("%+v: got %+v", c, r)
		}
	}
}

// TestBounded: many accounts, many cards and long values cost no more than a little.
func TestBounded(t *testing.T) {
	known := Known{}
	for i := range 500 {
		known.Accounts = append(known.Accounts, Account{
			Name: strconv.Itoa(i), AppID: "wx" + strconv.Itoa(i), APITickets: []Ticket{{Text: testTicket + strconv.Itoa(i)}}, JSAPITickets: []Ticket{{Text: testTicket + "j" + strconv.Itoa(i)}},
		})
	}
	var entries []any
	for i := range 100 {
		ext := map[string]string{"timestamp": "1700000000", "nonce_str": "n" + strconv.Itoa(i), "signature": strings.Repeat("0", 40), "code": strings.Repeat("x", 500)}
		entries = append(entries, map[string]any{"cardId": "p", "cardExt": string(quoted(t, ext))})
	}
	r := Check(Input{Value: quoted(t, entries)}, known)
	if len(r.Items) != sent.MaxEntries || r.Verdict != Refused {
		t.Errorf("%d items, %s", len(r.Items), r.Verdict)
	}
	checkReport(t, r, known)
	if r := Check(Input{Value: []byte(`"` + strings.Repeat("x", MaxInput) + `"`)}, known); r.Kind != report.Unknown {
		t.Errorf("got %+v", r)
	}
}

func FuzzCheck(f *testing.F) {
	list, names := cases(f)
	known := caseKnown(names)
	f.Add([]byte(`{"cardList":[{"cardId":"p","cardExt":"{\"timestamp\":\"1\",\"signature\":\"00\"}"}]}`), "p", "https://a/?b#c", "nonce_str", "x")
	f.Add([]byte(`{"cardSign":"0123456789012345678901234567890123456789","timestamp":1e9,"signType":null}`), "", "", "", "")
	f.Add([]byte(`{"appId":"x","signature":"AAAAAAAAAAAAAAAAAAAAAAAAAAA=","nonceStr":"\ud83d"}`), "", "//", "code", "\x00")
	f.Add([]byte(`"{\\\"cardExt\\\":[]}"`), "", ":", "", "")
	for _, c := range list {
		if ok, _ := path.Match("*_[st]*", c.Name); ok { // some
			f.Add([]byte(c.Input.Value), c.Input.CardID, c.Input.URL, "nonce_str", c.Input.Signed["nonce_str"])
		}
	}
	f.Fuzz(func(t *testing.T, value []byte, cardID, url, name, signed string) {
		start := time.Now()
		r := Check(Input{Value: value, CardID: cardID, URL: url, Signed: map[string]string{name: signed}}, known)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
		if r.Verdict == "" || r.Kind == "" {
			t.Errorf("got %+v", r)
		}
		checkReport(t, r, known)
	})
}

func BenchmarkUnknown(b *testing.B) {
	list, names := cases(b)
	unknown := list[slices.IndexFunc(list, func(c example) bool { return c.Name == "signature_unknown" })]
	known := caseKnown(names)
	for b.Loop() {
		Check(unknown.Input, known)
	}
}
