package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

const componentSite = `
	wechat_card /one member_card_component {
		card p1
	}
	wechat_card /set member_card_component {
		card p1 p2 {
			outer_str "a&b=c %25 {query.shop}"
		}
		card * {
			outer_str "fixed 中"
		}
	}
	wechat_card /any member_card_component {
		card *
		cache off
	}
	wechat_card /custom member_card_component {
		card pCustom
		accept none
	}
`

func TestMemberCardComponent(t *testing.T) {
	s := newTestSite(t, componentSite)
	for _, tc := range []struct {
		name string
		testRequest
		outerStr string
	}{
		{"the only card", testRequest{target: "/one"}, ""},
		{"named card", testRequest{target: "/one?card_id=p1&code=1"}, ""},
		{"outer_str", testRequest{target: "/one?outer_str=a%26b%3D%25%E4%B8%AD+%2B"}, "a&b=%中 +"},
		{"JSON", testRequest{target: "/one", body: `{"card_id":"p1","outer_str":"x","cards":7}`}, "x"},
		{"form", testRequest{target: "/one", body: `outer_str=x`, typ: "application/x-www-form-urlencoded"}, "x"},
		{"empty", testRequest{target: "/one", body: `{"card_id":"","outer_str":""}`}, ""},
		{"configured", testRequest{target: "/set?card_id=p2&shop=7&outer_str=%00"}, "a&b=c %25 7"},
		{"configured for all", testRequest{target: "/set?card_id=p3"}, "fixed 中"},
		{"any card", testRequest{target: "/any?card_id=p4&outer_str=x"}, "x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.do(tc.testRequest)
			var answer struct {
				AppID     string            `json:"appId"`
				ExtraData map[string]string `json:"extraData"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			x := answer.ExtraData
			if answer.AppID != "wxeb490c6f9b154ef9" || len(x) != 3 || x["encrypt_card_id"] == "" || x["biz"] == "" || x["outer_str"] != tc.outerStr {
				t.Errorf("got %s", w.Body)
			}
			if got := s.phone("openComponent", w.Body.String()); !strings.Contains(got, `activate_ticket`) {
				t.Errorf("the phone says %s", got)
			}
		})
	}
}

func TestMemberCardComponentRefuses(t *testing.T) {
	s := newTestSite(t, componentSite)
	for _, tc := range []struct {
		name string
		testRequest
		status  int
		reason  string
		mention string
	}{
		{"no card_id of several", testRequest{target: "/set"}, 400, "invalid_request", "card_id"},
		{"no card_id of any", testRequest{target: "/any"}, 400, "invalid_request", "card_id"},
		{"two cards", testRequest{target: "/one?card_id=p1&card_id=p1"}, 400, "invalid_request", "card_id"},
		{"card_id array", testRequest{target: "/one", body: `{"card_id":["p1"]}`}, 400, "invalid_request", "card_id"},
		{"card_id twice", testRequest{target: "/one", body: `{"card_id":"p1","card_id":"p1"}`}, 400, "invalid_request", "card_id"},
		{"not listed", testRequest{target: "/one?card_id=p2"}, 403, "card_not_allowed", "p2"},
		{"field not accepted", testRequest{target: "/custom?outer_str=x"}, 403, "field_not_allowed", "outer_str"},
		{"value empty", testRequest{target: "/set?card_id=p1"}, 403, "value_missing", "outer_str"},
		{"custom-code card", testRequest{target: "/custom"}, 422, "wechat_rejected", ""},
		{"unknown card", testRequest{target: "/any?card_id=pUnknown1"}, 422, "wechat_rejected", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.do(tc.testRequest)
			wantProblem(t, w, tc.status, tc.reason, tc.mention)
			if tc.name == "custom-code card" && (!strings.Contains(w.Body.String(), `"errcode":40158`) || !strings.Contains(w.Body.String(), `"hint":"`)) {
				t.Errorf("got %s", w.Body)
			}
		})
	}
}

func TestMemberCardComponentCache(t *testing.T) {
	s := newTestSite(t, componentSite)
	const geturl = "/card/membercard/activate/geturl"
	calls := func() int { return s.wechat.Calls()[geturl] }
	for range 3 {
		s.get("/one?outer_str=x")
	}
	if got := calls(); got != 1 {
		t.Errorf("got %d calls for one outer_str", got)
	}
	s.get("/any?card_id=p1&outer_str=x")
	s.get("/any?card_id=p1&outer_str=x")
	if got := calls(); got != 3 {
		t.Errorf("got %d calls without a cache", got)
	}
	// however many texts clients think of
	for i := range 200 {
		text := fmt.Sprintf("t%d", i)
		if w := s.get("/one?outer_str=" + text); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"outer_str":"`+text+`"`) {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
	}
	if got := calls(); got > 65 {
		t.Errorf("got %d calls", got)
	}
	w := s.get("/any?card_id=p8&outer_str=x")
	wantProblem(t, w, 503, "busy", "geturl")
	wantRetryAfter(t, w, true, "1")
	// what clients have no part in has a share of its own
	if w := s.get("/set?card_id=p9"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a card of the client's choice took from the site's share: %d", w.Code)
	}
	if err := s.wechat.Fail(sandbox.Fault{Path: geturl, Status: 500}); err != nil {
		t.Fatal(err)
	}
	if w := s.get("/one"); w.Code != http.StatusOK {
		t.Errorf("got %d %s while there were older parameters", w.Code, w.Body)
	}
}
