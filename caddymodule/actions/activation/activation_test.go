package activation_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/activation"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const activationSite = `
	wechat_card /component member_card_component {
		account shop
		card *
	}
	wechat_card /back activation {
		account shop
	}
	wechat_card /members activation {
		account shop
		activate
	}
	wechat_card /listed activation {
		account shop
		card pMember pOther
	}
	wechat_card /any activation {
		account shop
		card *
	}
`

const (
	tempInfoPath = "/card/membercard/activatetempinfo/get"
	activatePath = "/card/membercard/activate"
)

// returned is what a user's phone brings back from the member-card component.
type returned struct {
	Ticket   string `json:"activate_ticket"`
	CardID   string `json:"card_id"`
	Code     string `json:"code"`
	URL      string `json:"wx_activate_after_submit_url"`
	referrer string // the whole of extraData
	query    string // of URL
}

// openComponent has a user fill in the form of a card of the jump type, and gives what comes back.
func openComponent(s *sitetest.ShopSite, card, user string) returned {
	s.T.Helper()
	w := s.Get("/component?card_id=" + card + "&outer_str=shop-7")
	if w.Code != http.StatusOK {
		s.T.Fatalf("got %d %s", w.Code, w.Body)
	}
	body := strings.TrimSuffix(w.Body.String(), "}") + `,"form":{"USER_FORM_INFO_FLAG_NAME":"<王 & \"五\">","喜欢的电影":["甲","乙"]}}`
	answer := s.Phone("openComponent?appId="+sitetest.ShopMini+"&openid="+s.WeChat.OpenID(sitetest.ShopMini, user), body)
	var got struct {
		Referrer struct {
			ExtraData json.RawMessage `json:"extraData"`
		} `json:"referrerInfo"`
	}
	var back returned
	if err := json.Unmarshal([]byte(answer), &got); err != nil || json.Unmarshal(got.Referrer.ExtraData, &back) != nil || back.Ticket == "" {
		s.T.Fatalf("got %s", answer)
	}
	back.referrer = string(got.Referrer.ExtraData)
	_, back.query, _ = strings.Cut(back.URL, "?")
	return back
}

// member gives what WeChat knows of a member card.
func member(s *sitetest.ShopSite, b returned) (active bool, number string) {
	s.T.Helper()
	m, err := s.App.Account("shop").MemberUserInfo(s.T.Context(), b.CardID, b.Code)
	if err != nil {
		s.T.Fatal(err)
	}
	return m.Active, m.MembershipNumber
}

// wantUserInfo is what openComponent's user filled in.
const wantUserInfo = `{"common_field_list":[{"name":"USER_FORM_INFO_FLAG_MOBILE","value":"13800138000"},` +
	`{"name":"USER_FORM_INFO_FLAG_NAME","value":"<王 & \"五\">"}],` +
	`"custom_field_list":[{"name":"喜欢的电影","value":"","value_list":["甲","乙"]}]}`

// answerJSON has the backend answer with JSON.
func letAnswer(s *sitetest.ShopSite, body string) {
	s.SetAnswer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	})
}

func wantCalls(s *sitetest.ShopSite, path string, want int) {
	s.T.Helper()
	if got := s.WeChat.Calls()[path]; got != want {
		s.T.Errorf("got %d calls of %s, want %d", got, path, want)
	}
}

func TestActivation(t *testing.T) {
	s := sitetest.NewShop(t, activationSite)
	b := openComponent(s, "pMember", "alice")
	escaped := url.QueryEscape(b.Ticket)
	encrypted := s.WeChat.EncryptCode(sitetest.ShopAppID, b.Code)
	quoted := func(v string) string { return strconv.Quote(v) } // all of it is ASCII
	tail := `,"user_info":` + wantUserInfo + `}`
	for _, tc := range []struct {
		name string
		sitetest.Request
		uri  string
		want string
	}{
		{
			"extraData as it is",
			sitetest.Request{Target: "/back?a=1", Body: b.referrer},
			"/back?a=1",
			strings.TrimSuffix(b.referrer, "}") + tail,
		},
		{
			"byte for byte",
			sitetest.Request{Target: "/back", Body: " {\"activate_ticket\" : " + quoted(b.Ticket) + " ,\n\"card_id\":\"pM\\u0065mber\",\"code\":\"0\\u00312\", \"a\":1e0,\"b\":[\"\\u00e9\",{ \"code\":null}] }\n"},
			"/back",
			"{\"activate_ticket\" : " + quoted(b.Ticket) + " ,\n\"card_id\":\"pM\\u0065mber\",\"code\":\"0\\u00312\", \"a\":1e0,\"b\":[\"\\u00e9\",{ \"code\":null}] " + tail,
		},
		{
			"user_info of the client's",
			sitetest.Request{Target: "/back", Body: `{"user_info":{"common_field_list":[]},"activate_ticket":` + quoted(b.Ticket) + `,"User_Info":1,"card_id":"pMember","code":"012","user\u005finfo":2}`},
			"/back",
			`{"activate_ticket":` + quoted(b.Ticket) + `,"card_id":"pMember","code":"012"` + tail,
		},
		{
			"percent-encoded",
			sitetest.Request{Target: "/back", Body: `{"activate_ticket":` + quoted(escaped) + `,"card_id":"pMember","code":` + quoted(url.QueryEscape(encrypted)) + `}`},
			"/back",
			`{"activate_ticket":` + quoted(b.Ticket) + `,"card_id":"pMember","code":` + quoted(b.Code) + tail,
		},
		{
			"percent-encoded twice",
			sitetest.Request{Target: "/back", Body: `{"activate_ticket":` + quoted(url.QueryEscape(escaped)) + `,"card_id":"pMember","code":"012"}`},
			"/back",
			`{"activate_ticket":` + quoted(b.Ticket) + `,"card_id":"pMember","code":"012"` + tail,
		},
		{
			"blanks for +",
			sitetest.Request{Target: "/back", Body: `{"activate_ticket":` + quoted(strings.ReplaceAll(b.Ticket, "+", " ")) + `,"card_id":"pMember","encrypt_code":` + quoted(strings.ReplaceAll(encrypted, "+", " ")) + `,"code":null}`},
			"/back",
			`{"activate_ticket":` + quoted(b.Ticket) + `,"card_id":"pMember","encrypt_code":` + quoted(encrypted) + `,"code":` + quoted(b.Code) + tail,
		},
		{
			"form",
			sitetest.Request{Target: "/back?code=9", Body: "x=%E7%8E%8B&card_id=pMember&activate_ticket=" + escaped + "&code=012&x=2&%zz=1&y=%zz&user_info=3", Type: "application/x-www-form-urlencoded"},
			"/back?code=9",
			`{"x":"2","card_id":"pMember","activate_ticket":` + quoted(b.Ticket) + `,"code":"012"` + tail,
		},
		{
			"redirect",
			sitetest.Request{Target: "/back?" + b.query},
			"/back?from=wechat",
			`{"from":"wechat","card_id":"pMember","encrypt_code":` + quoted(field.MendBase64(url.QueryEscape(param(t, b.query, "encrypt_code")))) +
				`,"outer_str":"shop-7","openid":` + quoted(s.WeChat.OpenID(sitetest.ShopAppID, "alice")) + `,"activate_ticket":` + quoted(b.Ticket) + `,"code":` + quoted(b.Code) + tail,
		},
		{
			"redirect, not escaped",
			sitetest.Request{Target: "/back?r=a/b&&card_id=pMember&encrypt_code=" + encrypted + "&outer_str=&openid=obLatjjwDxxxxxxxoGIdwNqRXw&activate_ticket=" + b.Ticket + "&User_info=2&r=c"},
			"/back?r=a/b&&User_info=2&r=c",
			`{"r":"c","card_id":"pMember","encrypt_code":` + quoted(encrypted) +
				`,"outer_str":"","openid":"obLatjjwDxxxxxxxoGIdwNqRXw","activate_ticket":` + quoted(b.Ticket) + `,"code":` + quoted(b.Code) + tail,
		},
		{
			"redirect, escaped twice",
			sitetest.Request{Target: "/back?card_id=pMember&encrypt_code=" + url.QueryEscape(url.QueryEscape(encrypted)) + "&activate_ticket=" + url.QueryEscape(escaped)},
			"/back",
			`{"card_id":"pMember","encrypt_code":` + quoted(encrypted) + `,"activate_ticket":` + quoted(b.Ticket) + `,"code":` + quoted(b.Code) + tail,
		},
		{
			"GET with what a mini program has",
			sitetest.Request{Target: "/back?card_id=pMember&code=012&activate_ticket=" + escaped, Header: map[string]string{"Range": "bytes=0-1", "If-None-Match": `"x"`}},
			"/back",
			`{"card_id":"pMember","code":"012","activate_ticket":` + quoted(b.Ticket) + tail,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.Do(tc.Request)
			got := s.One(w)
			if got.Method != http.MethodPost || got.RequestURI != tc.uri || got.Header.Get("Content-Type") != "application/json" {
				t.Errorf("the backend got %s %s of type %s", got.Method, got.RequestURI, got.Header.Get("Content-Type"))
			}
			if got.Body != tc.want {
				t.Errorf("the backend got\n%s\nwant\n%s", got.Body, tc.want)
			}
			if got.ContentLength != int64(len(got.Body)) || got.Header["Range"] != nil || got.Header["If-None-Match"] != nil {
				t.Errorf("the backend got %d bytes with %v", len(got.Body), got.Header)
			}
			if w.Code != http.StatusOK || w.Body.String() != "backend" {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
	wantCalls(s, tempInfoPath, 1)
	wantCalls(s, activatePath, 0)
}

func param(t *testing.T, query, name string) string {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return values.Get(name)
}

func TestActivationRefuses(t *testing.T) {
	s := sitetest.NewShop(t, activationSite)
	b := openComponent(s, "pMember", "alice")
	good := `"activate_ticket":` + strconv.Quote(b.Ticket)
	foreign := s.WeChat.EncryptCode("wx0000000000000009", "111111")
	const form = "application/x-www-form-urlencoded"
	for _, tc := range []struct {
		name string
		sitetest.Request
		status  int
		reason  string
		mention string
	}{
		{"nothing", sitetest.Request{Target: "/back"}, 400, "invalid_request", "activate_ticket is missing"},
		{"nothing posted", sitetest.Request{Method: http.MethodPost, Target: "/back?activate_ticket=x"}, 400, "invalid_request", "activate_ticket is missing"},
		{"no card_id", sitetest.Request{Target: "/back", Body: `{` + good + `,"code":"1"}`}, 400, "invalid_request", "card_id is missing"},
		{"no code", sitetest.Request{Target: "/back", Body: `{` + good + `,"card_id":"pMember"}`}, 400, "invalid_request", "code is missing"},
		{"null ticket", sitetest.Request{Target: "/back", Body: `{"activate_ticket":null,"card_id":"pMember","code":"1"}`}, 400, "invalid_request", "activate_ticket is missing"},
		{"ticket number", sitetest.Request{Target: "/back", Body: `{"activate_ticket":1,"card_id":"pMember","code":"1"}`}, 400, "invalid_request", "activate_ticket is not a string"},
		{"ticket twice", sitetest.Request{Target: "/back", Body: `{` + good + `,` + good + `,"card_id":"pMember","code":"1"}`}, 400, "invalid_request", "activate_ticket is given twice"},
		{"ticket twice in the query", sitetest.Request{Target: "/back?activate_ticket=a&activate_ticket=a&card_id=pMember&code=1"}, 400, "invalid_request", "activate_ticket is given twice"},
		{"ticket with an escape that is none", sitetest.Request{Target: "/back", Body: `{"activate_ticket":"a%","card_id":"pMember","code":"1"}`}, 400, "invalid_request", "activate_ticket"},
		{"ticket too long", sitetest.Request{Target: "/back?card_id=pMember&code=1&activate_ticket=" + strings.Repeat("a", 513)}, 400, "invalid_request", "activate_ticket"},
		{"ticket with a control character", sitetest.Request{Target: "/back?card_id=pMember&code=1&activate_ticket=a%0A"}, 400, "invalid_request", "activate_ticket holds a control character"},
		{"ticket with one that was escaped twice", sitetest.Request{Target: "/back?card_id=pMember&code=1&activate_ticket=a%250A"}, 400, "invalid_request", "activate_ticket"},
		{"escape in the query", sitetest.Request{Target: "/back?card_id=pMember&code=1&activate_ticket=%2"}, 400, "invalid_request", "activate_ticket is not valid percent-encoding"},
		{"outer_str that is no UTF-8", sitetest.Request{Target: "/back?card_id=pMember&code=1&activate_ticket=a&outer_str=%ff"}, 400, "invalid_request", "outer_str is not valid UTF-8"},
		{"card_id", sitetest.Request{Target: "/back", Body: `{` + good + `,"card_id":"p/1","code":"1"}`}, 400, "invalid_request", "card_id"},
		{"code", sitetest.Request{Target: "/back", Body: `{` + good + `,"card_id":"pMember","code":"not/plain"}`}, 400, "invalid_request", "code"},
		{"code and encrypt_code", sitetest.Request{Target: "/back", Body: `{` + good + `,"card_id":"pMember","code":"1","encrypt_code":"1"}`}, 400, "invalid_request", "encrypt_code"},
		{"array", sitetest.Request{Target: "/back", Body: `[]`}, 400, "invalid_request", "JSON object"},
		{"broken", sitetest.Request{Target: "/back", Body: `{`}, 400, "invalid_request", "JSON"},
		{"no UTF-8", sitetest.Request{Target: "/back", Body: "{\"x\":\"\xff\"}"}, 400, "invalid_request", "'x' is not valid UTF-8"},
		{"text", sitetest.Request{Target: "/back", Body: `{}`, Type: "text/plain"}, 415, "unsupported_media_type", "application/json"},
		{"large", sitetest.Request{Target: "/back", Body: strings.Repeat(" ", bodies.Max+1)}, 413, "body_too_large", "65536"},
		{"large form", sitetest.Request{Target: "/back", Body: strings.Repeat("a", bodies.Max+1), Type: form}, 413, "body_too_large", "65536"},
		{"HEAD", sitetest.Request{Method: http.MethodHead, Target: "/back"}, 405, "method_not_allowed", ""},
		{"PUT", sitetest.Request{Method: http.MethodPut, Target: "/back"}, 405, "method_not_allowed", "GET, POST, OPTIONS"},
		{"ticket of nobody's", sitetest.Request{Target: "/back?activate_ticket=x&card_id=pMember&code=1"}, 422, "wechat_rejected", ""},
		{"code of another account's", sitetest.Request{Target: "/back", Body: `{` + good + `,"card_id":"pMember","code":` + strconv.Quote(foreign) + `}`}, 422, "wechat_rejected", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.Do(tc.Request)
			if tc.Method == http.MethodHead {
				if w.Code != tc.status || w.Body.Len() != 0 {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
				return
			}
			problemtest.Want(t, w, tc.status, tc.reason, tc.mention)
			s.None()
		})
	}
	wantCalls(s, tempInfoPath, 2) // the good one, and that of nobody's
	if w := s.Do(sitetest.Request{Method: http.MethodOptions, Target: "/back"}); w.Code != http.StatusNoContent || w.Header().Get("Allow") != "GET, POST, OPTIONS" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	// not a word of it again in the answers
	w := s.Get("/back?activate_ticket=0a1B2c3D4e5F&card_id=pMember&code=1")
	problemtest.Want(t, w, 422, "wechat_rejected", "")
	if !strings.Contains(w.Body.String(), `"errcode":72011`) || strings.Contains(w.Body.String(), "0a1B2c3D4e5F") {
		t.Errorf("got %s", w.Body)
	}
}

// A route for some cards looks up nothing for others.
func TestActivationOfListedCards(t *testing.T) {
	s := sitetest.NewShop(t, activationSite)
	b := openComponent(s, "pMember", "alice")
	ask := func(path, cardID string) *httptest.ResponseRecorder {
		return s.Post(path, `{"activate_ticket":`+strconv.Quote(b.Ticket)+`,"card_id":"`+cardID+`","code":"012"}`)
	}
	for _, id := range []string{"pmember", "pMember2", "p", "pmissing"} {
		problemtest.Want(t, ask("/listed", id), 403, "card_not_allowed", id)
	}
	problemtest.Want(t, s.Get("/listed?activate_ticket=x&card_id=pNone&code=1"), 403, "card_not_allowed", "pNone")
	wantCalls(s, tempInfoPath, 0)
	s.None()
	for path, id := range map[string]string{"/listed": "pOther", "/any": "pAny", "/back": "pAny"} {
		if w := ask(path, id); w.Code != http.StatusOK {
			t.Errorf("%s %s: got %d %s", path, id, w.Code, w.Body)
		}
	}
}

// One form that was filled in activates one card, whatever else the ticket comes with.
func TestActivationTicketIsForOneCard(t *testing.T) {
	s := sitetest.NewShop(t, activationSite)
	mine, others := openComponent(s, "pMember", "mallory"), openComponent(s, "pMember", "alice")
	letAnswer(s, `{"membership_number":"M1"}`)
	with := func(cardID, code string) string {
		return `{"activate_ticket":` + strconv.Quote(mine.Ticket) + `,"card_id":"` + cardID + `","code":` + strconv.Quote(code) + `}`
	}
	encrypted := func(code string) string { return s.WeChat.EncryptCode(sitetest.ShopAppID, code) }
	for _, body := range []string{mine.referrer, with("pMember", mine.Code), with("pMember", encrypted(mine.Code)), mine.referrer} {
		if w := s.Post("/members", body); w.Code != http.StatusOK {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	}
	s.Requests()
	for _, body := range []string{
		with("pMember", others.Code), with("pMember", encrypted(others.Code)), with("pOther", mine.Code), with("pOther", others.Code),
	} {
		w := s.Post("/members", body)
		problemtest.Want(t, w, 422, "wechat_rejected", "another card_id or code")
		if !strings.Contains(w.Body.String(), `"errcode":72011`) {
			t.Errorf("got %s", w.Body)
		}
	}
	s.None()
	wantCalls(s, activatePath, 1)
	if active, _ := member(s, others); active {
		t.Error("another one's card is active")
	}
	// where the backend activates, what a ticket may be used for is its business
	if w := s.Post("/back", with("pMember", others.Code)); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := s.Post("/members", others.referrer); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// One network that guesses tickets, or codes, locks itself out and nobody else.
func TestActivationOfAStrangersNetwork(t *testing.T) {
	s := sitetest.NewShop(t, activationSite)
	b := openComponent(s, "pMember", "alice")
	guess := func(ticket, code string) *httptest.ResponseRecorder {
		return s.Do(sitetest.Request{Target: "/members?card_id=pMember&activate_ticket=" + ticket + "&code=" + code, From: "2001:db8:0:ff::1"})
	}
	for i := range 200 {
		if w := guess("guess"+strconv.Itoa(i), "1"); (w.Code == 503) != (i >= 150) {
			t.Fatalf("guess %d: got %d %s", i, w.Code, w.Body)
		}
	}
	wantCalls(s, tempInfoPath, 150)
	problemtest.Want(t, guess("guess0", "1"), 422, "wechat_rejected", "") // costs nothing
	letAnswer(s, `{"membership_number":"M1"}`)
	for _, from := range []string{"2001:db8:0:100::1", "203.0.113.9", "192.168.0.1"} {
		if w := s.Do(sitetest.Request{Target: "/members", Body: b.referrer, From: from}); w.Code != http.StatusOK {
			t.Errorf("%s: got %d %s", from, w.Code, w.Body)
		}
	}
}

// A shared cache that knows no more than the address must not give one user's answer to the next.
func TestActivationAnswersAreNotStored(t *testing.T) {
	s := sitetest.NewShop(t, activationSite)
	b := openComponent(s, "pMember", "alice")
	for _, target := range []string{"/back?" + b.query, "/members?" + b.query} {
		for said, want := range map[string]string{"": "no-store", "private": "private"} {
			for _, body := range []string{`{"membership_number":"M1"}`, `{}`, "<html>"} {
				s.SetAnswer(func(w http.ResponseWriter, _ *http.Request) {
					if said != "" {
						w.Header().Set("Cache-Control", said)
					}
					if body != "<html>" {
						w.Header().Set("Content-Type", "application/json")
					}
					_, _ = io.WriteString(w, body)
				})
				w := s.Get(target)
				if got := w.Header()["Cache-Control"]; w.Body.String() != body || len(got) != 1 || got[0] != want {
					t.Errorf("%s with %q and %s: got %q, %s", target, said, body, got, w.Body)
				}
			}
		}
	}
}

// From the phone to an active card, by both ways.
func TestActivationActivates(t *testing.T) {
	s := sitetest.NewShop(t, activationSite)
	for i, way := range []string{"extraData", "redirect"} {
		user := "user" + strconv.Itoa(i)
		b := openComponent(s, "pMember", user)
		if active, _ := member(s, b); active {
			t.Fatal("the card is active already")
		}
		// as a PHP backend would write it
		const answer = `{"ok":true,"membership_number":"\u91d1-7","init_bonus":100,"init_balance":"","init_custom_field_value1":"\u91d1\u5361","init_bonus_record":null}`
		s.SetAnswer(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "identity" {
				t.Errorf("the backend may encode: %v", r.Header)
			}
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			w.Header().Set("X-Backend", "yes")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, answer)
		})
		before := s.WeChat.Calls()[activatePath]
		for range 3 { // App.onShow brings it again and again
			var w *httptest.ResponseRecorder
			if way == "extraData" {
				w = s.Do(sitetest.Request{Target: "/members", Body: b.referrer, Header: map[string]string{"Accept-Encoding": "gzip"}})
			} else {
				w = s.Get("/members?" + b.query)
			}
			if w.Code != http.StatusCreated || w.Body.String() != answer || w.Header().Get("X-Backend") != "yes" {
				t.Fatalf("%s: got %d %v %s", way, w.Code, w.Header(), w.Body)
			}
			if cl := w.Header().Get("Content-Length"); cl != strconv.Itoa(len(answer)) {
				t.Errorf("%s: got Content-Length %s", way, cl)
			}
		}
		if active, number := member(s, b); !active || number != "金-7" {
			t.Errorf("%s: active %t, membership_number %q", way, active, number)
		}
		wantCalls(s, activatePath, before+1)
		if n := len(s.Requests()); n != 3 {
			t.Errorf("%s: the backend got %d requests", way, n)
		}
	}
	wantCalls(s, tempInfoPath, 2)
}

// All other answers of the backend go back as they are.
func TestActivationLetsAnswersGo(t *testing.T) {
	s := sitetest.NewShop(t, activationSite)
	b := openComponent(s, "pMember", "alice")
	long := `{"membership_number":"1","a":"` + strings.Repeat("a", activation.MaxHeldAnswer) + `"}`
	for name, answer := range map[string]struct {
		status int
		header string // name: value
		body   string
		flush  bool
	}{
		"no membership_number": {200, "Content-Type: application/json", `{"ok":true}`, false},
		"empty":                {200, "Content-Type: application/json", `{"membership_number":""}`, false},
		"null":                 {200, "Content-Type: application/json", `{"membership_number":null}`, false},
		"further in":           {200, "Content-Type: application/json", `{"data":{"membership_number":"1"}}`, false},
		"array":                {200, "Content-Type: application/json", `[{"membership_number":"1"}]`, false},
		"broken":               {200, "Content-Type: application/json", `{"membership_number":"1"`, false},
		"no UTF-8":             {200, "Content-Type: application/json", "{\"membership_number\":\"\xff\"}", false},
		"nothing":              {200, "Content-Type: application/json", "", false},
		"no content":           {204, "X-A: b", "", false},
		"text":                 {200, "Content-Type: text/html", `{"membership_number":"1"}`, false},
		"redirect":             {303, "Location: /done", `{"membership_number":"1"}`, false},
		"refusal":              {409, "Content-Type: application/json", `{"membership_number":"1"}`, false},
		"partial":              {206, "Content-Type: application/json", `{"membership_number":"1"}`, false},
		"encoded":              {200, "Content-Encoding: br", `{"membership_number":"1"}`, false},
		"long":                 {200, "Content-Type: application/json", long, false},
		"long, in pieces":      {200, "Content-Type: application/json", long, true},
	} {
		t.Run(name, func(t *testing.T) {
			s.SetAnswer(func(w http.ResponseWriter, _ *http.Request) {
				field, value, _ := strings.Cut(answer.header, ": ")
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set(field, value)
				w.Header().Set("Etag", `"e"`)
				w.WriteHeader(answer.status)
				half := len(answer.body) / 2
				_, _ = io.WriteString(w, answer.body[:half])
				if answer.flush {
					_ = http.NewResponseController(w).Flush()
				}
				_, _ = io.WriteString(w, answer.body[half:])
			})
			w := s.Post("/members", b.referrer)
			if w.Code != answer.status || w.Body.String() != answer.body || w.Header().Get("Etag") != `"e"` {
				t.Errorf("got %d %v and %d bytes", w.Code, w.Header(), w.Body.Len())
			}
		})
	}
	wantCalls(s, activatePath, 0)
	if active, _ := member(s, b); active {
		t.Error("the card is active")
	}
}

// A card that cannot be activated is the client's to come again for.
func TestActivationFails(t *testing.T) {
	s := sitetest.NewShop(t, activationSite)
	b := openComponent(s, "pMember", "alice")
	answer := func(body string) {
		s.SetAnswer(func(w http.ResponseWriter, _ *http.Request) {
			for name, value := range map[string]string{"Content-Type": "application/json", "Etag": `"e"`, "Set-Cookie": "member=1", "X-Backend": "yes"} {
				w.Header().Set(name, value)
			}
			_, _ = io.WriteString(w, body)
		})
	}
	check := func(w *httptest.ResponseRecorder, status int, reason, mention string) {
		t.Helper()
		problemtest.Want(t, w, status, reason, mention)
		for _, name := range []string{"Etag", "Set-Cookie", "X-Backend"} {
			if w.Header()[name] != nil {
				t.Errorf("the answer has the backend's %s", name)
			}
		}
		if cl := w.Header().Get("Content-Length"); cl != "" { // neither the backend's nor one of ours: the server counts
			t.Errorf("got Content-Length %s for %d bytes", cl, w.Body.Len())
		}
		if active, _ := member(s, b); active {
			t.Error("the card is active")
		}
	}
	for body, mention := range map[string]string{
		`{"membership_number":true}`:                             "membership_number is not a string",
		`{"membership_number":1.5}`:                              "membership_number is not a string",
		`{"membership_number":{}}`:                               "membership_number is not a string",
		`{"membership_number":"a\u0000"}`:                        "membership_number holds a control character",
		`{"membership_number":"1","init_bonus":[1]}`:             "init_bonus is neither",
		`{"membership_number":"1","init_balance":false}`:         "init_balance is neither",
		`{"membership_number":"1","init_bonus_record":"\ud800"}`: "init_bonus_record holds half",
	} {
		answer(body)
		check(s.Post("/members", b.referrer), 502, "backend_failed", mention)
	}
	wantCalls(s, activatePath, 0)

	answer(`{"membership_number":1234567}`)
	for _, tc := range []struct {
		fault  sandbox.Fault
		status int
		reason string
	}{
		{sandbox.Fault{ErrCode: 40056}, 422, "wechat_rejected"},
		{sandbox.Fault{ErrCode: -1}, 503, "busy"},
		{sandbox.Fault{ErrCode: 45009}, 503, "busy"},
		{sandbox.Fault{ErrCode: 48001}, 502, "wechat_error"},
		{sandbox.Fault{Drop: true}, 502, "wechat_error"},
	} {
		tc.fault.Path, tc.fault.Times = activatePath, 1
		if err := s.WeChat.Fail(tc.fault); err != nil {
			t.Fatal(err)
		}
		check(s.Post("/members", b.referrer), tc.status, tc.reason, "")
	}
	wantCalls(s, activatePath, 5) // none of them twice
	if w := s.Post("/members", b.referrer); w.Code != http.StatusOK {
		t.Errorf("got %d %s the next time", w.Code, w.Body)
	}
	if active, number := member(s, b); !active || number != "1234567" {
		t.Errorf("active %t, membership_number %q", active, number)
	}
}

// WeChat activates, but its answer is lost; and then it refuses to do so again.
func TestActivationOfAnActiveCard(t *testing.T) {
	s := sitetest.NewShop(t, activationSite)
	b := openComponent(s, "pMember", "alice")
	letAnswer(s, `{"membership_number":"M1"}`)
	if err := s.WeChat.Fail(sandbox.Fault{Path: activatePath, Times: 1, Drop: true, Execute: true}); err != nil {
		t.Fatal(err)
	}
	problemtest.Want(t, s.Post("/members", b.referrer), 502, "wechat_error", "")
	for _, errcode := range []int{40056, 99999} {
		letAnswer(s, fmt.Sprintf(`{"membership_number":"M1","x":%d,"init_bonus":%d}`, errcode, errcode))
		if err := s.WeChat.Fail(sandbox.Fault{Path: activatePath, Times: 1, ErrCode: errcode}); err != nil {
			t.Fatal(err)
		}
		if w := s.Post("/members", b.referrer); w.Code != http.StatusOK {
			t.Errorf("%d: got %d %s", errcode, w.Code, w.Body)
		}
	}
	if active, number := member(s, b); !active || number != "M1" {
		t.Errorf("active %t, membership_number %q", active, number)
	}
}

// Error routes must not find what the backend left in the header.
func TestActivationWhenNextFails(t *testing.T) {
	s := sitetest.NewShop(t, `
	wechat_card /component member_card_component {
		account shop
		card *
	}
	route /members {
		wechat_card activation {
			account shop
			activate
		}
		error "teapot" 418
	}
	handle_errors {
		respond "{method} {uri} {err.status_code}" 200
	}`)
	b := openComponent(s, "pMember", "alice")
	if w := s.Get("/members?" + b.query); w.Body.String() != "GET /members?from=wechat 418" {
		t.Errorf("got %s", w.Body)
	}
}

// The same of a backend that fails in the middle of an answer.
func TestActivationWhenNextFailsLate(t *testing.T) {
	s := sitetest.NewShop(t, activationSite)
	b := openComponent(s, "pMember", "alice")
	w, r := problemtest.Prepare(t, http.MethodGet)
	r.URL.RawQuery = b.query
	w.Header().Set("X-Before", "stays")
	failed := errors.New("the backend is gone")
	action := &activation.Activation{Activate: true}
	if err := action.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	err := action.ServeAction(w, r, caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"membership_number":"1"}`)
		return failed
	}), s.App.Account("shop"))
	if !errors.Is(err, failed) || w.Body.Len() != 0 || len(w.Header()) != 2 || w.Header().Get("X-Before") != "stays" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("got %v, %v and %s", err, w.Header(), w.Body)
	}
	wantCalls(s, activatePath, 0)
}

// Many phones at once, each several times.
func TestActivationAtOnce(t *testing.T) {
	s := sitetest.NewShop(t, activationSite)
	s.SetAnswer(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"membership_number":"M"}`)
	})
	const users, times = 5, 8
	var wg sync.WaitGroup
	for i := range users {
		b := openComponent(s, "pMember", "user"+strconv.Itoa(i))
		for range times {
			wg.Go(func() {
				if w := s.Post("/members", b.referrer); w.Code != http.StatusOK {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
			})
		}
	}
	wg.Wait()
	wantCalls(s, tempInfoPath, users)
	wantCalls(s, activatePath, users)
	if n := len(s.Requests()); n != users*times {
		t.Errorf("the backend got %d requests", n)
	}
}

// What a user filled in, tickets and membership numbers are in no log line and in no problem document.
func TestActivationKeepsSecrets(t *testing.T) {
	logs := sitetest.Logs(t)
	s := sitetest.NewShop(t, activationSite)
	b := openComponent(s, "pMember", "alice")
	s.SetAnswer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		// another one each time: what was activated is remembered
		_, _ = io.WriteString(w, `{"membership_number":"M-000-777","init_bonus_record":"rec-`+strconv.Itoa(len(logs()))+`"}`)
	})
	echo := func(path string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			for _, body := range []string{text, `{"errcode":48001,"errmsg":` + strconv.Quote(text) + `}`, `{"info":` + strconv.Quote(text) + `}`} {
				if err := s.WeChat.Fail(sandbox.Fault{Path: path, Times: 1, Body: &body}); err != nil {
					t.Fatal(err)
				}
				w := s.Post("/members", b.referrer)
				if w.Code < 400 {
					t.Fatalf("%s: got %d", body, w.Code)
				}
				for _, secret := range []string{b.Ticket, "M-000-777", "13800138000"} {
					if strings.Contains(w.Body.String(), secret) {
						t.Errorf("got the answer %s", w.Body)
					}
				}
			}
		}
	}
	echo(tempInfoPath, b.Ticket)
	echo(activatePath, "M-000-777", "M-000-777 of "+b.CardID)
	wantCalls(s, tempInfoPath, 4) // the last one was good
	wantCalls(s, activatePath, 6)
	lines := logs()
	if len(lines) != 9 {
		t.Errorf("got %d log lines", len(lines))
	}
	for _, entry := range lines {
		line, err := json.Marshal(entry)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{b.Ticket, url.QueryEscape(b.Ticket), "M-000-777", "13800138000", sitetest.Secret} {
			if strings.Contains(string(line), secret) {
				t.Errorf("got the log line %s", line)
			}
		}
	}
}

// A backend that compresses although it is asked not to keeps its cards from being activated. That must not stay unseen.
func TestActivationOfACompressedAnswer(t *testing.T) {
	logs := sitetest.Logs(t)
	s := sitetest.NewShop(t, activationSite)
	b := openComponent(s, "pMember", "alice")
	s.SetAnswer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, "\x1f\x8b")
	})
	if w := s.Get("/members?" + b.query); w.Code != http.StatusOK || w.Body.String() != "\x1f\x8b" {
		t.Errorf("got %d and %q", w.Code, w.Body)
	}
	n := 0
	for _, line := range logs() {
		if line["level"] == "warn" && line["card_id"] == b.CardID {
			n++
		}
	}
	if n != 1 {
		t.Errorf("got %d warnings", n)
	}
}
