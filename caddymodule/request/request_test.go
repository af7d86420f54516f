package request

import (
	"bytes"
	"encoding/json"
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
		`{"card_id":""}`, `{"card_ids":["p1"]}`, `{"x":1,"CardList[0]":2}`, `{"encrypt_code":"x","code":""}`, `{"cards":[{"cardId":"p1"}]}`, `{"cards":[{"card_id":"p1","encrypt_code":"x"}]}`,
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
		for name := range want {
			if family.MatchString(name) && name != "card_id" && name != "cards" && name != "cardList" {
				t.Fatalf("read a body with the name %q", name)
			}
		}
		var ids []string
		switch v := want["card_id"].(type) {
		case string:
			ids = []string{v}
		case []any:
			for _, id := range v {
				ids = append(ids, id.(string))
			}
		}
		if want["card_id"] == "" {
			t.Fatal("read an empty card_id")
		}
		if strings.Join(ids, " ") != strings.Join(q.IDs, " ") {
			t.Errorf("got ids %q, want %q", q.IDs, ids)
		}
		if want["code"] == nil || want["code"] == "" {
			want["code"] = want["encrypt_code"] // its other name
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
