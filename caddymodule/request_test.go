package caddymodule

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
)

// FuzzReadJSON compares what is read with what encoding/json reads.
func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { "card_id" : "p1" } `, `{"card_id":["p1","p2"],"outer_str":"\u4e2d\ud83d\ude00\n"}`, `{"x":[{"y":"]}"},1e5,null]}`,
		`{"cards":[{"card_id":"p1","code":"1"}]}`, `{"cardList":[{"cardId":"p1","code":"1","isSuccess":true}]}`,
		`{"cardList":"[{\"card_id\":\"p1\",\"encrypt_code\":\"+\"}]"}`, `{"code":"\ud800"}`, `{"code":"a","code":"b"}`, `{"code":null}`, "{\"code\":\"\x00\"}", "{\"cards\":[{\"code\":\"\xff\"}]}", `[]`, `{"a":-0.5,"b":true}`,
	} {
		f.Add([]byte(seed))
	}
	sh := shape{fields: fieldsOf(outerStr, code), idList: true, cards: true, cardList: true, max: 100}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !utf8.Valid(body) {
			if brokenJSON(body) == nil {
				t.Error("a body that is not UTF-8 has no fault")
			}
			return
		}
		var q cardsRequest
		err := q.readJSON(body, &sh)
		if err != nil {
			if p := problemOf(err, time.Time{}); p == nil || p.Status != 400 || p.Reason != reasonInvalidRequest {
				t.Fatalf("got %v", err)
			}
			return
		}
		var want map[string]any
		if err := json.Unmarshal(body, &want); err != nil || want == nil {
			t.Fatalf("read what encoding/json refuses: %v", err)
		}
		if len(q.own) > 0 {
			if len(q.own) != len(q.ids) || want["cards"] == nil && want["cardList"] == nil {
				t.Fatalf("got %+v", q)
			}
			return
		}
		var ids []string
		switch v := want["card_id"].(type) {
		case string:
			if v != "" {
				ids = []string{v}
			}
		case []any:
			for _, id := range v {
				ids = append(ids, id.(string))
			}
		}
		if strings.Join(ids, " ") != strings.Join(q.ids, " ") {
			t.Errorf("got ids %q, want %q", q.ids, ids)
		}
		for _, field := range []field{outerStr, code} {
			if got := q.shared[field]; got.fault == "" {
				if want, _ := want[field.Name()].(string); got.s != want {
					t.Errorf("got %q, want %q", got.s, want)
				}
			}
		}
	})
}

// FuzzMembers takes JSON apart and puts it together again.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, `[ 1 , {"a\"":[[]]} ,"x\\" ,null]`, `{"a":1,"b" :{"c":"}"}, "d":[]}`, `[{}]`, `{"\u0061":-1.5E+3}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !json.Valid(b) {
			return
		}
		b = bytes.TrimSpace(b)
		var again []byte
		switch b[0] {
		case '{':
			again = append(again, '{')
			for name, raw := range members(b) {
				if len(again) > 1 {
					again = append(again, ',')
				}
				again = append(append(card.AppendString(again, name), ':'), raw...)
			}
			again = append(again, '}')
		case '[':
			again = append(again, '[')
			for raw := range elements(b) {
				if len(again) > 1 {
					again = append(again, ',')
				}
				again = append(again, raw...)
			}
			again = append(again, ']')
		default:
			return
		}
		if strings.Contains(string(b), `\`) { // escaped names are not put together as they were
			if !json.Valid(again) {
				t.Errorf("got %s of %s", again, b)
			}
			return
		}
		var got, want bytes.Buffer
		if err := json.Compact(&got, again); err != nil {
			t.Fatalf("%v: got %s of %s", err, again, b)
		}
		if err := json.Compact(&want, b); err != nil {
			t.Fatal(err)
		}
		if utf8.Valid(b) && got.String() != want.String() {
			t.Errorf("got %s, want %s", got.String(), want.String())
		}
	})
}

// FuzzReadPairs compares what is read with what net/url reads.
func FuzzReadPairs(f *testing.F) {
	for _, seed := range []string{
		``, `card_id=p1`, `card_id=p1,p2&card_id=p3`, `outer_str=a+b%2B%E4%B8%AD&x=%ZZ`, `%63ode=1&&=&code`, `code=1&code=2`, `outer_str=%`, `a=b=c;d&outer_str=;`,
	} {
		f.Add(seed)
	}
	sh := shape{fields: fieldsOf(outerStr, code), idList: true, max: 100}
	f.Fuzz(func(t *testing.T, raw string) {
		var q cardsRequest
		err := q.readPairs(raw, &sh, false)
		want, parseErr := url.ParseQuery(raw)
		if err != nil {
			if p := problemOf(err, time.Time{}); p == nil || p.Status != 400 || p.Reason != reasonInvalidRequest {
				t.Fatalf("got %v", err)
			}
			return
		}
		if parseErr != nil {
			return // net/url knows no ; and reads on
		}
		var ids []string
		for _, v := range want["card_id"] {
			if v != "" {
				ids = append(ids, strings.Split(v, ",")...)
			}
		}
		if strings.Join(ids, " ") != strings.Join(q.ids, " ") {
			t.Errorf("got ids %q, want %q", q.ids, ids)
		}
		for _, field := range []field{outerStr, code} {
			got, values := q.shared[field], want[field.Name()]
			switch {
			case len(values) > 1:
				if got.fault != faultTwice {
					t.Errorf("got %+v of %q", got, values)
				}
			case got.fault != "" || got.s != strings.Join(values, ""):
				t.Errorf("got %+v, want %q", got, values)
			}
		}
	})
}

func TestTextFault(t *testing.T) {
	for s, want := range map[string]phrase{
		"": "", "a ~": "", "中\u00a0😀": "", "\u2027\u202a": "", "\uFFFD": "",
		"\t": faultControl, "a\x1f": faultControl, "\x7f": faultControl, "\u0080": faultControl, "\u009f": faultControl,
		"\u2028": faultControl, "x\u2029": faultControl, "\xff": faultUTF8, "a\xe4\xb8": faultUTF8, "\xed\xa0\x80": faultUTF8,
	} {
		if got := textFault(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

func TestResetKeepsNothing(t *testing.T) {
	q := new(cardsRequest)
	sh := shape{fields: fieldsOf(outerStr, code), idList: true, cards: true, max: 10}
	if err := q.readJSON([]byte(`{"cards":[{"card_id":"p1","code":"1"},{"card_id":"p2"}]}`), &sh); err != nil {
		t.Fatal(err)
	}
	q.reset()
	if err := q.readPairs("card_id=p3", &sh, false); err != nil {
		t.Fatal(err)
	}
	if len(q.ids) != 1 || len(q.own) != 0 || *q.texts(0) != (texts{}) || q.ids[:2][1] != "" || q.own[:2][0] != (texts{}) {
		t.Errorf("got %+v", q)
	}
}
