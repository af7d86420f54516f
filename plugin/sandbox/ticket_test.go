package sandbox

import (
	"slices"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
)

func TestTickets(t *testing.T) {
	r := newRig(t, Config{ExpiresIn: 100 * time.Second})
	tok := r.token("wx1")
	get := func(query string) answer { return r.do("GET", "/cgi-bin/ticket/getticket?"+query, "") }
	r.wantCode("no type", get("access_token="+tok), 40097)
	r.wantCode("bad type", get("type=x&access_token="+tok), 40097)
	one, two := get("type=wx_card&access_token="+tok), get("type=wx_card&access_token="+tok)
	for _, a := range []answer{one, two} {
		if a.text("errmsg") != "ok" || a.int("expires_in") != 100 || len(a) != 4 {
			t.Errorf("got %v", a)
		}
	}
	if one.text("ticket") == two.text("ticket") {
		t.Error("got the same ticket twice")
	}
	r.pass(100 * time.Second)
	r.wantCode("expired token", get("type=jsapi&access_token="+tok), 42001)
}

// TestTicketRules asks again and again, for two lives and a half, and has the phone judge what each ticket signed.
func TestTicketRules(t *testing.T) {
	const life = 100 * time.Second
	for _, rule := range TicketRules {
		for _, kind := range []string{"wx_card", "jsapi"} {
			t.Run(string(rule)+" "+kind, func(t *testing.T) {
				r := newRig(t, Config{ExpiresIn: life, Tickets: rule})
				var texts []string
				var said []int
				for range 50 {
					a := r.do("GET", "/cgi-bin/ticket/getticket?type="+kind+"&access_token="+r.token("wx1"), "")
					if a.int("errcode") != 0 {
						t.Fatalf("got %v", a)
					}
					if text := a.text("ticket"); !slices.Contains(texts, text) {
						texts = append(texts, text)
					} else if text != texts[len(texts)-1] {
						t.Error("a ticket has come back")
					}
					said = append(said, a.int("expires_in"))
					r.pass(5 * time.Second)
				}
				if want := map[TicketRule][]int{TicketsFresh: {50}, TicketsHonest: {3}, TicketsGrid: {3, 4}}[rule]; !slices.Contains(want, len(texts)) {
					t.Errorf("%d tickets, want %d", len(texts), want)
				}
				for i, n := range said {
					want := 100
					if rule == TicketsHonest {
						want -= i * 5 % 100
					}
					if n != want {
						t.Errorf("the %dth was said to live %d s, want %d", i, n, want)
					}
				}
			})
		}
	}
}

// TestWhatWeChatChangedSignsNoMore: under the rule grid, whatever was said of its life.
func TestWhatWeChatChangedSignsNoMore(t *testing.T) {
	r := newRig(t, Config{ExpiresIn: 100 * time.Second, Tickets: TicketsGrid})
	get := func() string {
		return r.do("GET", "/cgi-bin/ticket/getticket?type=wx_card&access_token="+r.token("wx1"), "").text("ticket")
	}
	old := get()
	for range 99 {
		if got := get(); got != old {
			r.wantRefused("superseded", r.addCard("", "p1", ext(old, "p1", nil)), phone.TextSignature, "expired_ticket")
			if a := r.addCard("", "p1", ext(got, "p1", nil)); a.text("errMsg") != "addCard:ok" {
				t.Errorf("got %v", a)
			}
			return
		}
		if a := r.addCard("", "p1", ext(old, "p1", nil)); a.text("errMsg") != "addCard:ok" {
			t.Fatalf("got %v", a)
		}
		r.pass(time.Second)
	}
	t.Error("it was never changed")
}
