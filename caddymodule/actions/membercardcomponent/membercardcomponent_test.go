package membercardcomponent_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

func TestMemberCardComponent(t *testing.T) {
	s := sitetest.New(t, sitetest.ComponentSite)
	for _, tc := range []struct {
		name string
		sitetest.Request
		outerStr string
	}{
		{"the only card", sitetest.Request{Target: "/one"}, ""},
		{"named card", sitetest.Request{Target: "/one?card_id=p1&code=1"}, ""},
		{"outer_str", sitetest.Request{Target: "/one?outer_str=a%26b%3D%25%E4%B8%AD+%2B"}, "a&b=%中 +"},
		{"JSON", sitetest.Request{Target: "/one", Body: `{"card_id":"p1","outer_str":"x","card":7}`}, "x"},
		{"brackets", sitetest.Request{Target: "/one?card_id%5B%5D=p1"}, ""},
		{"JSON as a form", sitetest.Request{Target: "/one", Body: `{"card_id":"p1","outer_str":"x"}`, Type: "application/x-www-form-urlencoded"}, "x"},
		{"form", sitetest.Request{Target: "/one", Body: `outer_str=x`, Type: "application/x-www-form-urlencoded"}, "x"},
		{"empty", sitetest.Request{Target: "/one", Body: `{"outer_str":""}`}, ""},
		{"configured", sitetest.Request{Target: "/set?card_id=p2&shop=7&outer_str=%00"}, "a&b=c %25 7"},
		{"configured for all", sitetest.Request{Target: "/set?card_id=p3"}, "fixed 中"},
		{"any card", sitetest.Request{Target: "/any?card_id=p4&outer_str=x"}, "x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.Do(tc.Request)
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
			if got := s.Phone("openComponent", w.Body.String()); !strings.Contains(got, `activate_ticket`) {
				t.Errorf("the phone says %s", got)
			}
		})
	}
}

func TestMemberCardComponentRefuses(t *testing.T) {
	s := sitetest.New(t, sitetest.ComponentSite)
	for _, tc := range []struct {
		name string
		sitetest.Request
		status  int
		reason  string
		mention string
	}{
		{"no card_id of several", sitetest.Request{Target: "/set"}, 400, "invalid_request", "card_id"},
		{"no card_id of any", sitetest.Request{Target: "/any"}, 400, "invalid_request", "card_id"},
		{"two cards", sitetest.Request{Target: "/one?card_id=p1&card_id=p1"}, 400, "invalid_request", "card_id"},
		{"empty card_id", sitetest.Request{Target: "/one?card_id="}, 400, "invalid_request", "card_id"},
		{"empty card_id in JSON", sitetest.Request{Target: "/one", Body: `{"card_id":"","outer_str":""}`}, 400, "invalid_request", "card_id"},
		{"cardId", sitetest.Request{Target: "/one", Body: `{"cardId":"p1"}`}, 400, "invalid_request", "write card_id"},
		{"cards", sitetest.Request{Target: "/one?cards[0][card_id]=p1"}, 400, "invalid_request", "write card_id"},
		{"the query of a POST", sitetest.Request{Target: "/one?card_id=p1", Body: "outer_str=x", Type: "application/x-www-form-urlencoded"}, 400, "invalid_request", "card_id"},
		{"card_id array", sitetest.Request{Target: "/one", Body: `{"card_id":["p1"]}`}, 400, "invalid_request", "card_id"},
		{"card_id twice", sitetest.Request{Target: "/one", Body: `{"card_id":"p1","card_id":"p1"}`}, 400, "invalid_request", "card_id"},
		{"not listed", sitetest.Request{Target: "/one?card_id=p2"}, 403, "card_not_allowed", "p2"},
		{"field not accepted", sitetest.Request{Target: "/custom?outer_str=x"}, 403, "field_not_allowed", "outer_str"},
		{"value empty", sitetest.Request{Target: "/set?card_id=p1"}, 403, "value_missing", "outer_str"},
		{"custom-code card", sitetest.Request{Target: "/custom"}, 422, "wechat_rejected", ""},
		{"unknown card", sitetest.Request{Target: "/any?card_id=pUnknown1"}, 422, "wechat_rejected", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.Do(tc.Request)
			problemtest.Want(t, w, tc.status, tc.reason, tc.mention)
			if tc.name == "custom-code card" && (!strings.Contains(w.Body.String(), `"errcode":40158`) || !strings.Contains(w.Body.String(), `"hint":"`)) {
				t.Errorf("got %s", w.Body)
			}
		})
	}
}

func TestMemberCardComponentCache(t *testing.T) {
	s := sitetest.New(t, sitetest.ComponentSite)
	const geturl = "/card/membercard/activate/geturl"
	calls := func() int { return s.WeChat.Calls()[geturl] }
	for range 3 {
		s.Get("/one?outer_str=x")
	}
	if got := calls(); got != 1 {
		t.Errorf("got %d calls for one outer_str", got)
	}
	s.Get("/any?card_id=p1&outer_str=x")
	s.Get("/any?card_id=p1&outer_str=x")
	if got := calls(); got != 3 {
		t.Errorf("got %d calls without a cache", got)
	}
	// however many texts clients think of
	for i := range 200 {
		text := fmt.Sprintf("t%d", i)
		if w := s.Get("/one?outer_str=" + text); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"outer_str":"`+text+`"`) {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
	}
	if got := calls(); got > 65 {
		t.Errorf("got %d calls", got)
	}
	w := s.Get("/any?card_id=p8&outer_str=x")
	problemtest.Want(t, w, 503, "busy", "geturl")
	problemtest.WantRetryAfter(t, w, true, "1")
	// what clients have no part in has a share of its own
	if w := s.Get("/set?card_id=p9"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a card of the client's choice took from the site's share: %d", w.Code)
	}
	if err := s.WeChat.Fail(sandbox.Fault{Path: geturl, Status: 500}); err != nil {
		t.Fatal(err)
	}
	if w := s.Get("/one"); w.Code != http.StatusOK {
		t.Errorf("got %d %s while there were older parameters", w.Code, w.Body)
	}
}
