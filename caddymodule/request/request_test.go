package request

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// FuzzReadJSON compares what is read with what encoding/json reads.
func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { "card_id" : "p1" } `, `{"card_id":["p1","p2"],"outer_str":"\u4e2d\ud83d\ude00\n"}`, `{"x":[{"y":"]}"},1e5,null]}`,
		`{"cards":[{"card_id":"p1","code":"1"}]}`, `{"cardList":[{"cardId":"p1","code":"1","isSuccess":true}]}`,
		`{"cardList":"[{\"card_id\":\"p1\",\"encrypt_code\":\"+\"}]"}`, `{"code":"\ud800"}`, `{"code":"a","code":"b"}`, `{"code":null}`, "{\"code\":\"\x00\"}", "{\"cards\":[{\"code\":\"\xff\"}]}", `[]`, `{"a":-0.5,"b":true}`,
		`{"a":1e700,"card_id":"p1"}`,
	} {
		f.Add([]byte(seed))
	}
	sh := Shape{Fields: field.SetOf(field.OuterStr, field.Code), IDList: true, Cards: true, CardList: true, Max: 100}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !utf8.Valid(body) {
			if jsonscan.Broken(body) == nil {
				t.Error("a body that is not UTF-8 has no fault")
			}
			return
		}
		var q Cards
		err := q.readJSON(body, &sh)
		if err != nil {
			if p := problem.Of(err, time.Time{}); p == nil || p.Status != 400 || p.Reason != problem.ReasonInvalidRequest {
				t.Fatalf("got %v", err)
			}
			return
		}
		var want map[string]any
		oracle := json.NewDecoder(bytes.NewReader(body))
		oracle.UseNumber() // for which no number is too large, as for us
		if err := oracle.Decode(&want); err != nil || want == nil || !json.Valid(body) {
			t.Fatalf("read what encoding/json refuses: %v", err)
		}
		if len(q.Own) > 0 {
			if len(q.Own) != len(q.IDs) || want["cards"] == nil && want["cardList"] == nil {
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
		if strings.Join(ids, " ") != strings.Join(q.IDs, " ") {
			t.Errorf("got ids %q, want %q", q.IDs, ids)
		}
		for _, name := range []field.Field{field.OuterStr, field.Code} {
			if got := q.Shared[name]; got.Fault == "" {
				if want, _ := want[name.Name()].(string); got.S != want {
					t.Errorf("got %q, want %q", got.S, want)
				}
			}
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
	sh := Shape{Fields: field.SetOf(field.OuterStr, field.Code), IDList: true, Max: 100}
	f.Fuzz(func(t *testing.T, raw string) {
		var q Cards
		err := q.readPairs(raw, &sh, false)
		want, parseErr := url.ParseQuery(raw)
		if err != nil {
			if p := problem.Of(err, time.Time{}); p == nil || p.Status != 400 || p.Reason != problem.ReasonInvalidRequest {
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
		if strings.Join(ids, " ") != strings.Join(q.IDs, " ") {
			t.Errorf("got ids %q, want %q", q.IDs, ids)
		}
		for _, name := range []field.Field{field.OuterStr, field.Code} {
			got, values := q.Shared[name], want[name.Name()]
			switch {
			case len(values) > 1:
				if got.Fault != field.FaultTwice {
					t.Errorf("got %+v of %q", got, values)
				}
			case got.Fault != "" || got.S != strings.Join(values, ""):
				t.Errorf("got %+v, want %q", got, values)
			}
		}
	})
}
