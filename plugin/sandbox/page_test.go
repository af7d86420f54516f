package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// browse makes a request as a browser on this machine would that shows the page; fields override its header.
func (r *rig) browse(method, target, body string, fields map[string]string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.RemoteAddr = "127.0.0.1:4711"
	req.Host = "localhost:8081"
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, value := range fields {
		if name == "Host" {
			req.Host = value
		} else if name == "RemoteAddr" {
			req.RemoteAddr = value
		} else if value == "" {
			req.Header.Del(name)
		} else {
			req.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	r.s.ServeHTTP(w, req)
	return w
}

func TestPageFiles(t *testing.T) {
	r := newRig(t, Config{})
	if len(page()) < 10 {
		t.Fatalf("the page has %d files", len(page()))
	}
	for name, f := range page() {
		w := r.browse("GET", "/_sandbox/page/"+name, "", nil)
		h := w.Header()
		if w.Code != 200 || h.Get("Content-Type") != f.contentType || f.contentType == "" || w.Body.Len() != len(f.body) {
			t.Errorf("%s: got %d %q", name, w.Code, h.Get("Content-Type"))
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'") ||
			!strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: got header %v", name, h)
		}
		if again := r.browse("GET", "/_sandbox/page/"+name, "", map[string]string{"If-None-Match": h.Get("ETag")}); again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("%s asked for again: got %d", name, again.Code)
		}
		if outside := regexp.MustCompile(`(?i)(src|href|url\(|import)[^\n]{0,9}(https?:)?//[a-z]`).Find(f.body); outside != nil {
			t.Errorf("%s loads something from elsewhere: %s", name, outside)
		}
		if inline := regexp.MustCompile(`(?i)<style|\sstyle=|<script>|\son[a-z]+="`).Find(f.body); inline != nil {
			t.Errorf("%s has something inline, which its policy forbids: %s", name, inline)
		}
	}
	if w := r.browse("HEAD", "/", "", nil); w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("got %d", w.Code)
	}
}

func TestPageIsNoAPI(t *testing.T) {
	r := newRig(t, Config{})
	for _, tc := range []struct {
		name, method, target string
		fields               map[string]string
		code                 int
		want                 string
	}{
		{"page", "GET", "/", nil, 200, "<!doctype html>"},
		{"at an address", "GET", "/", map[string]string{"Host": "127.0.0.1:8081", "Sec-Fetch-Site": "none"}, 200, "<!doctype html>"},
		{"at another local name", "GET", "/", map[string]string{"Host": "wechat.localhost"}, 200, "<!doctype html>"},
		{"anything will do", "GET", "/", map[string]string{"Accept": "*/*"}, 200, "<!doctype html>"},
		{"nothing said", "GET", "/", map[string]string{"Accept": ""}, 200, "<!doctype html>"},
		{"nothing said, under a name", "GET", "/", map[string]string{"Accept": "", "Host": "wechat:8081"}, 200, "40066"},
		{"nothing said, elsewhere", "GET", "/", map[string]string{"Accept": "", "RemoteAddr": "192.0.2.1:1"}, 200, "40066"},
		{"the doctor, whether the API answers", "HEAD", "/", map[string]string{"Accept": ""}, 200, "40066"},
		{"not HTML", "GET", "/", map[string]string{"Accept": "application/json"}, 200, "40066"},
		{"POST", "POST", "/", nil, 200, "40066"},
		{"an unknown path", "GET", "/index.html", nil, 200, "40066"},
		{"elsewhere", "GET", "/", map[string]string{"RemoteAddr": "192.0.2.1:1"}, 403, "at http://localhost:8081/"},
		{"a name that leads here", "GET", "/", map[string]string{"Host": "evil.example:8081"}, 403, "same machine only"},
		{"a file elsewhere", "GET", "/_sandbox/page/main.js", map[string]string{"RemoteAddr": "192.0.2.1:1"}, 403, "same machine only"},
		{"no such file", "GET", "/_sandbox/page/nothing.js", nil, 404, "no such file"},
		{"the folder above", "GET", "/_sandbox/page/../page.go", nil, 404, "no such file"},
		{"POST to a file", "POST", "/_sandbox/page/main.js", nil, 405, "want GET"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if w := r.browse(tc.method, tc.target, "", tc.fields); w.Code != tc.code || !strings.Contains(w.Body.String(), tc.want) {
				t.Errorf("got %d %.200s, want %d %q", w.Code, w.Body, tc.code, tc.want)
			}
		})
	}
}

// TestControlsAreThePagesOwn has pages of other sites try the controls, and programs, which may.
func TestControlsAreThePagesOwn(t *testing.T) {
	r := newRig(t, Config{})
	for _, tc := range []struct {
		name   string
		fields map[string]string
		ok     bool
	}{
		{"the page", nil, true},
		{"the page, in an old browser", map[string]string{"Sec-Fetch-Site": "", "Origin": "http://localhost:8081"}, true},
		{"a program", map[string]string{"Sec-Fetch-Site": "", "Host": "sandbox.test"}, true},
		{"another site", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, false},
		{"another port", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"}, false},
		{"another site, in an old browser", map[string]string{"Sec-Fetch-Site": "", "Origin": "https://evil.example"}, false},
		{"a sandboxed frame", map[string]string{"Sec-Fetch-Site": "", "Origin": "null"}, false},
		{"a name that leads here", map[string]string{"Host": "evil.example:8081", "Origin": "http://evil.example:8081"}, false},
		{"a form in another tab", map[string]string{"Sec-Fetch-Site": "none"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, target := range []string{"reset", "faults", "phone/openCard"} {
				w := r.browse("POST", "/_sandbox/"+target, `{"path":"/x","times":1}`, tc.fields)
				if target == "reset" {
					w = r.browse("POST", "/_sandbox/reset", "", tc.fields)
				}
				if ok := w.Code == 200; ok != tc.ok {
					t.Errorf("%s: got %d %s", target, w.Code, w.Body)
				}
			}
		})
	}
	if w := r.browse("GET", "/_sandbox/calls", "", map[string]string{"Sec-Fetch-Site": "none"}); w.Code != 200 {
		t.Errorf("an address that was typed: got %d", w.Code)
	}
}

// events asks what happened.
func (r *rig) events(since int64) (v eventsView) {
	r.t.Helper()
	w := r.browse("GET", fmt.Sprint("/_sandbox/events?since=", since), "", nil)
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != 200 {
		r.t.Fatalf("got %d %s: %v", w.Code, w.Body, err)
	}
	return v
}

func TestEvents(t *testing.T) {
	r := newRig(t, Config{})
	ticket := r.ticket("wx1", cardTicket)
	code := r.plain(r.added(r.addCard("", "pCoupon", ext(ticket, "pCoupon", map[string]string{"nonce_str": "n1"}))))
	r.classic()
	r.do("POST", "/_sandbox/faults", `[{"path":"/card/get","times":2,"errcode":45009},{"path":"*","delay":"2s"}]`)

	v := r.events(0)
	var ways []string
	for _, x := range v.Exchanges {
		ways = append(ways, x.From+">"+x.To+" "+x.Method)
		if !x.Done || x.Status != 200 || x.Response == "" {
			t.Errorf("got %+v", x)
		}
	}
	if got := strings.Join(ways, ", "); !strings.HasPrefix(got, "gateway>wechat POST, gateway>wechat GET, phone>phone wx.addCard, gateway>wechat POST") {
		t.Errorf("got %s", got)
	}
	if len(v.Credentials) != 3 || v.Credentials[0].Until-v.Credentials[0].Made != 7200_000 {
		t.Errorf("got %+v", v.Credentials)
	}
	if len(v.Faults) != 2 || v.Faults[0].Left != 2 || v.Faults[0].ErrCode != 45009 || v.Faults[1].Delay != 2000 {
		t.Errorf("got %+v", v.Faults)
	}
	if len(v.Wallet) != 1 || v.Wallet[0].Code != code || v.Wallet[0].CardID != "pCoupon" || !v.Wallet[0].Sprung || v.Wallet[0].Color != "#63b359" {
		t.Errorf("got %+v", v.Wallet)
	}

	if again := r.events(v.Next); len(again.Exchanges) != 0 || again.Epoch != v.Epoch {
		t.Errorf("got %+v, want nothing new", again.Exchanges)
	}
	r.pass(time.Hour)
	r.do("POST", "/_sandbox/revoke", `{"kind":"api_ticket"}`)
	for _, c := range r.events(v.Next).Credentials {
		if ended := c.Until < c.Expires && c.Until-c.Made == 3600_000; ended != (c.Kind == "api_ticket") {
			t.Errorf("got %+v", c)
		}
	}
	r.do("POST", "/_sandbox/reset", "")
	if after := r.events(v.Next); after.Epoch == v.Epoch || len(after.Wallet)+len(after.Faults)+len(after.Exchanges) != 0 || len(after.Credentials) != 3 {
		t.Errorf("after a reset: got %+v", after)
	}
}

// TestEventsHoldNoSecret makes every call that carries one, and looks for it in what the page is told.
func TestEventsHoldNoSecret(t *testing.T) {
	r := newRig(t, Config{})
	const secret = "5b9d2e7c1f4a68035b9d2e7c1f4a6803"
	r.do("POST", "/cgi-bin/stable_token", `{"grant_type":"client_credential","appid":"wx1","secret":"`+secret+`"}`)
	tok := r.token("wx1")
	r.do("GET", "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret="+secret, "")
	session := r.do("GET", "/sns/jscode2session?appid=wx2&secret="+secret+"&js_code=demo&grant_type=authorization_code", "").text("session_key")
	ticket := r.ticket("wx1", cardTicket)
	r.do("POST", "/no/such/call?a=1&access_token="+tok, "a text with "+ticket+" in it")
	told, _ := json.Marshal(r.events(0))
	for name, text := range map[string]string{"secret": secret, "access_token": tok, "ticket": ticket, "session_key": session} {
		if text == "" || strings.Contains(string(told), text) {
			t.Errorf("the page is told the %s %q", name, text)
		}
	}
	for _, want := range []string{`secret=…`, ticket[:6] + "…" + ticket[len(ticket)-4:], `\"session_key\":\"…`} {
		if !strings.Contains(string(told), want) {
			t.Errorf("%s is missing in %s", want, told)
		}
	}
}

func TestEventsAreBounded(t *testing.T) {
	r := newRig(t, Config{})
	long := strings.Repeat("x", maxBody-100)
	for range maxExchanges + 50 {
		r.do("POST", "/cgi-bin/token", "")
	}
	r.do("POST", "/cgi-bin/"+long[:maxAddress], long)
	v := r.events(0)
	if n := len(v.Exchanges); n < maxExchanges/2 || n > maxExchanges {
		t.Errorf("got %d exchanges", n)
	}
	if x := v.Exchanges[len(v.Exchanges)-1]; len(x.Request) > maxLogged || len(x.Address) > maxAddress {
		t.Errorf("got a request of %d and an address of %d bytes", len(x.Request), len(x.Address))
	}
	tok := r.token("wx1")
	ticket := r.ticket("wx1", cardTicket)
	for i := range maxShownCards + 5 {
		r.added(r.addCard("", "p1", ext(ticket, "p1", map[string]string{"nonce_str": fmt.Sprint("n", i)})))
	}
	for range 10 {
		r.do("GET", "/cgi-bin/ticket/getticket?type=jsapi&access_token="+tok, "")
	}
	if v := r.events(0); len(v.Wallet) != maxShownCards || len(v.Credentials) != 1+1+maxShownTickets {
		t.Errorf("got %d cards, %d credentials", len(v.Wallet), len(v.Credentials))
	}
	if w := r.browse("GET", "/_sandbox/events", "", map[string]string{"Host": "evil.example", "Sec-Fetch-Site": ""}); w.Code != 403 {
		t.Errorf("a name that leads here: got %d", w.Code)
	}
}

// TestExchangeOfHangUp sees that a call that was hung up on is noted, too.
func TestExchangeOfHangUp(t *testing.T) {
	s := New(Config{})
	srv := httptest.NewServer(s)
	defer srv.Close()
	if err := s.Fail(Fault{Path: "*", Drop: true}); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.Post(srv.URL+"/card/get", "application/json", nil); err == nil {
		resp.Body.Close()
		t.Errorf("got %s", resp.Status)
	}
	for range 100 { // the client may be told first
		if list, _ := s.log.since(0); len(list) == 1 && list[0].done {
			if list[0].status != 0 || !list[0].fault {
				t.Errorf("got %+v", list[0])
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the exchange is not noted")
}

func TestHeal(t *testing.T) {
	r := newRig(t, Config{})
	r.do("POST", "/_sandbox/faults", `[{"path":"/a","errcode":1},{"path":"/b","errcode":2}]`)
	id := r.events(0).Faults[0].ID
	if a := r.do("POST", "/_sandbox/heal", fmt.Sprintf(`{"id":%d}`, id)); a["ok"] != true {
		t.Errorf("got %v", a)
	}
	r.wantCode("healed", r.do("GET", "/a", ""), 40066)
	r.wantCode("not healed", r.do("GET", "/b", ""), 2)
	if w := r.raw("POST", "/_sandbox/heal", `{"id":99}`); w.Code != 400 {
		t.Errorf("no such fault: got %d", w.Code)
	}
	r.do("POST", "/_sandbox/heal", "")
	r.wantCode("all healed", r.do("GET", "/b", ""), 40066)
}

func TestVerify(t *testing.T) {
	r := newRig(t, Config{})
	ticket := r.ticket("wx1", cardTicket)
	r.card("pBound", "GROUPON", map[string]any{"bind_openid": true}, nil)
	ask := func(card string, cardExt any) answer {
		return r.do("POST", "/_sandbox/verify", string(encode(map[string]any{"value": map[string]any{"cardList": []any{map[string]any{"cardId": card, "cardExt": cardExt}}}})))
	}
	now := fmt.Sprint(r.now.Unix())
	signed := func(card string) string {
		return string(encode(map[string]any{"timestamp": now, "nonce_str": "n1", "signature": signature(ticket, card, now, "n1")}))
	}
	for _, tc := range []struct {
		name, card   string
		ext          any
		verdict      string
		phone, inAll string
	}{
		{"good", "p1", signed("p1"), "fine", "addCard:ok", `"api_ticket"`},
		{"an object", "p1", map[string]any{"timestamp": now}, "refused", "addCard:fail 签名错误", "card_ext_object"},
		{"the phone knows more", "pBound", signed("pBound"), "fine", "addCard:fail 参数错误", "needs the user's openid"},
	} {
		a := ask(tc.card, tc.ext)
		all := string(encode(a))
		phone, _ := a["phone"].(map[string]any)
		if a.text("verdict") != tc.verdict || phone["errMsg"] != tc.phone || !strings.Contains(all, tc.inAll) || strings.Contains(all, ticket) {
			t.Errorf("%s: got %s", tc.name, all)
		}
	}
	if v := r.events(0); len(v.Wallet) != 0 || r.s.cards.Contains("p1") {
		t.Error("looking at a card made one")
	}
	r.added(r.phone("addCard", map[string]any{"cardList": []any{map[string]any{"cardId": "p1", "cardExt": signed("p1")}}}))
	if a := ask("p1", signed("p1")); !strings.Contains(string(encode(a)), "nonce_reused") {
		t.Errorf("used: got %v", a)
	}
	if a := r.do("POST", "/_sandbox/verify", `{"value":{"appId":"wx1"}}`); a["phone"] != nil || a.text("verdict") == "fine" {
		t.Errorf("not of wx.addCard: got %v", a)
	}
}

func TestShowComponent(t *testing.T) {
	r := newRig(t, Config{})
	params := r.params("p1", "")
	show := func(extra map[string]any) answer {
		body := map[string]any{"appId": componentAppID, "extraData": params}
		maps.Copy(body, extra)
		return r.phone("showComponent", body)
	}
	a := show(nil)
	if card, _ := a["card"].(map[string]any); a.text("errMsg") != "navigateToMiniProgram:ok" || card["card_id"] != "p1" || fmt.Sprint(a["form"]) != "[USER_FORM_INFO_FLAG_MOBILE]" || a["active"] != false {
		t.Errorf("got %v", a)
	}
	if len(r.events(0).Wallet) != 0 {
		t.Error("looking at the form handed out a card")
	}
	late := show(map[string]any{"afterRequest": true})
	r.wantRefused("after a request", late, textNoTap, "no_tap")
	r.wantRefused("after a request", r.phone("openComponent", map[string]any{"appId": componentAppID, "extraData": params, "afterRequest": true}), textNoTap, "no_tap")
	r.do("POST", "/_sandbox/reset", "") // the gateway still has the parameters
	if a := show(nil); a.text("errMsg") != "navigateToMiniProgram:ok" {
		t.Errorf("after a reset: got %v", a)
	}
	r.phone("openComponent", map[string]any{"appId": componentAppID, "extraData": params})
	if v := r.events(0); len(v.Wallet) != 1 || v.Exchanges[len(v.Exchanges)-1].Method != "App.onShow" {
		t.Errorf("got %+v", v)
	}
}

// TestTexts compares what the page says in both languages with each other and with what its code asks for.
func TestTexts(t *testing.T) {
	text := string(page()["texts.js"].body)
	en, zh, found := strings.Cut(text, "const zh = {")
	if !found {
		t.Fatal("texts.js has another form")
	}
	entry := regexp.MustCompile(`(?m)^  '([^']+)': '((?:[^'\\]|\\.)*)',$`)
	read := func(text string) map[string]string {
		texts := make(map[string]string)
		for _, m := range entry.FindAllStringSubmatch(text, -1) {
			if _, twice := texts[m[1]]; twice {
				t.Errorf("%s is there twice", m[1])
			}
			texts[m[1]] = m[2]
		}
		return texts
	}
	english, chinese := read(en), read(zh)
	if len(english) < 100 {
		t.Fatalf("got %d texts", len(english))
	}
	blanks := regexp.MustCompile(`\{\w+\}`)
	for key, text := range english {
		other, found := chinese[key]
		switch have, want := blanks.FindAllString(other, -1), blanks.FindAllString(text, -1); {
		case !found:
			t.Errorf("%s has no Chinese", key)
		case text == "":
			t.Errorf("%s is empty", key)
		case other == "" && !strings.HasPrefix(key, "gloss."):
			t.Errorf("%s is empty in Chinese", key)
		default:
			slices.Sort(have)
			slices.Sort(want)
			if !slices.Equal(have, want) {
				t.Errorf("%s: %v in Chinese, %v in English", key, have, want)
			}
		}
	}
	for key := range chinese {
		if _, found := english[key]; !found {
			t.Errorf("%s has no English", key)
		}
	}
	used := regexp.MustCompile(`(?:\bt\(|data-t="|row\()['"]?([a-z][A-Za-z.]*)['"]`)
	for name, f := range page() {
		for _, m := range used.FindAllStringSubmatch(string(f.body), -1) {
			if _, found := english[m[1]]; !found && name != "texts.js" {
				t.Errorf("%s asks for the text %q", name, m[1])
			}
		}
	}
}
