package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

const (
	componentID  = "wx134c8103faa5a59e"
	pushToken    = "spamtest"
	pushKey      = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	merchantID   = "wxba5fad812f8e6fb9"
	componentAPI = "/cgi-bin/component/"
)

// site is a third-party platform that notes what is pushed to it.
type site struct {
	*httptest.Server

	mu     sync.Mutex
	pushes []string // the plain texts
	paths  []string
	reply  func(path, plain string) string // default: success
	seal   func(plain string) string       // as the platform seals
	now    func() time.Time
}

func newSite(t testing.TB) *site {
	s := &site{}
	cipher, err := push.NewCipher(pushKey)
	if err != nil {
		t.Fatal(err)
	}
	s.seal = func(plain string) string {
		encrypt := cipher.Encrypt([16]byte{1}, []byte(plain), componentID)
		return "<xml><Encrypt>" + encrypt + "</Encrypt><MsgSignature>" + push.Sign(pushToken, "1", "n", encrypt) + "</MsgSignature><TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>"
	}
	receiver, err := push.New(push.Config{Token: pushToken, EncodingAESKey: pushKey})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		q := r.URL.Query()
		m, err := receiver.Open(push.Query{
			Signature: q.Get("signature"), Timestamp: q.Get("timestamp"), Nonce: q.Get("nonce"), MsgSignature: q.Get("msg_signature"),
		}, body, componentID, s.now())
		if err != nil {
			t.Errorf("the push cannot be opened: %v", err)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pushes, s.paths = append(s.pushes, string(m.Plain)), append(s.paths, r.URL.Path)
		answer := "success"
		if s.reply != nil {
			answer = s.reply(r.URL.Path, string(m.Plain))
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s
}

// last gives the last value of an element that was pushed.
func (s *site) last(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, push := range slices.Backward(s.pushes) {
		if v := element(push, name); v != "" {
			return v
		}
	}
	return ""
}

func (s *site) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pushes)
}

func element(text, name string) string {
	_, rest, _ := strings.Cut(text, "<"+name+">")
	value, _, found := strings.Cut(rest, "</"+name+">")
	if !found {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(value, "<![CDATA["), "]]>")
}

// platformRig is a sandbox with one platform, whose site it is.
type platformRig struct {
	*rig

	site *site
}

func newPlatform(t testing.TB, change func(*Component)) *platformRig {
	r := &platformRig{site: newSite(t)}
	c := Component{
		Secret: "s", Token: pushToken, EncodingAESKey: pushKey, EventsURL: r.site.URL + "/events?a=1", MessagesURL: r.site.URL + "/messages/$APPID$",
	}
	if change != nil {
		change(&c)
	}
	r.rig = newRig(t, Config{Components: map[string]Component{componentID: c}})
	r.site.now = func() time.Time { return r.now }
	return r
}

// component calls the API with a component_access_token; fields are more of the body.
func (r *platformRig) component(name, token, fields string) answer {
	r.t.Helper()
	if fields != "" {
		fields = "," + fields
	}
	return r.do("POST", componentAPI+name+"?component_access_token="+token, `{"component_appid":"`+componentID+`"`+fields+`}`)
}

// token gives a component_access_token.
func (r *platformRig) token() string {
	r.t.Helper()
	d, err := r.s.PushTicket(r.t.Context(), "")
	if err != nil || !d.Taken {
		r.t.Fatalf("got %+v, %v", d, err)
	}
	a := r.component("api_component_token", "", `"component_appsecret":"s","component_verify_ticket":"`+r.site.last("ComponentVerifyTicket")+`"`)
	if a.int("expires_in") != 7200 || len(a) != 2 {
		r.t.Fatalf("got %v", a)
	}
	return a.text("component_access_token")
}

// board has an account authorise the platform, which gives its tokens.
func (r *platformRig) board(token, appID string, sets ...int) (access, refresh string) {
	r.t.Helper()
	scanned, err := r.s.Scan(Scan{AppID: appID, Sets: sets})
	if err != nil {
		r.t.Fatal(err)
	}
	a := r.component("api_query_auth", token, `"authorization_code":"`+scanned.Code+`"`)
	info, _ := a["authorization_info"].(map[string]any)
	i := answer(info)
	if i.text("authorizer_appid") != appID || i.int("expires_in") != 7200 {
		r.t.Fatalf("got %v", a)
	}
	return i.text("authorizer_access_token"), i.text("authorizer_refresh_token")
}

func (r *platformRig) renew(token, refresh string) answer {
	r.t.Helper()
	return r.component("api_authorizer_token", token, `"authorizer_appid":"`+merchantID+`","authorizer_refresh_token":"`+refresh+`"`)
}

func TestComponentToken(t *testing.T) {
	r := newPlatform(t, nil)
	ask := func(fields string) answer { return r.do("POST", componentAPI+"api_component_token", fields) }
	r.wantCode("no appid", ask(`{}`), 41018)
	r.wantCode("another", ask(`{"component_appid":"wxnone"}`), 40013)
	r.wantCode("an account's", ask(`{"component_appid":"wx1a7c5e9f0b2d4c68","component_appsecret":"s"}`), 61011)
	r.wantCode("no secret", ask(`{"component_appid":"`+componentID+`"}`), 41004)
	r.wantCode("wrong secret", ask(`{"component_appid":"`+componentID+`","component_appsecret":"x"}`), 40125)
	r.wantCode("no ticket", ask(`{"component_appid":"`+componentID+`","component_appsecret":"s"}`), 61006)
	first := r.token()
	ticket := r.site.last("ComponentVerifyTicket")
	if got := r.site.last("InfoType") + r.site.last("AppId"); got != "component_verify_ticket"+componentID {
		t.Errorf("got %s", got)
	}
	r.wantCode("the first", r.component("api_create_preauthcode", first, ""), 0)
	second := r.token()
	r.wantCode("the first, superseded", r.component("api_create_preauthcode", first, ""), 40001)
	r.wantCode("by the newer name", r.do("POST", componentAPI+"api_create_preauthcode?access_token="+second, `{"component_appid":"`+componentID+`"}`), 0)
	r.wantCode("none", r.component("api_create_preauthcode", "", ""), 41001)
	r.wantCode("of another", r.do("POST", componentAPI+"api_create_preauthcode?component_access_token="+second, `{"component_appid":"wx1"}`), 40094)
	r.wantCode("an account's", r.component("api_create_preauthcode", r.rig.token("wx1"), ""), 61014)
	r.wantCode("for an account's call", r.post("/card/batchget", second, `{"offset":0,"count":1}`), 61015)
	r.pass(11 * time.Hour)
	r.wantCode("later", r.component("api_create_preauthcode", second, ""), 42001)
	again := func() answer {
		return r.component("api_component_token", "", `"component_appsecret":"s","component_verify_ticket":"`+ticket+`"`)
	}
	r.wantCode("an old ticket is good", again(), 0)
	r.pass(2 * time.Hour)
	r.wantCode("for twelve hours", again(), 61005)
}

// TestChangedComponent changes what the platform's console can change.
func TestChangedComponent(t *testing.T) {
	r := newPlatform(t, func(c *Component) { c.TestList = []string{"gh_1"} })
	token := r.token()
	if err := r.s.ChangeComponent("", "s2", "", ""); err != nil {
		t.Fatal(err)
	}
	r.wantCode("the old secret", r.component("api_component_token", "", `"component_appsecret":"s","component_verify_ticket":"x"`), 40125)
	r.wantCode("the new one", r.component("api_component_token", "", `"component_appsecret":"s2","component_verify_ticket":"`+r.site.last("ComponentVerifyTicket")+`"`), 0)
	r.wantCode("as an account", r.do("POST", "/cgi-bin/stable_token", `{"grant_type":"client_credential","appid":"`+componentID+`","secret":"s2"}`), 61024)
	r.wantCode("as an account", r.do("GET", "/cgi-bin/token?grant_type=client_credential&appid="+componentID+"&secret=s2", ""), 61024)
	r.wantCode("the token of before", r.component("api_create_preauthcode", token, ""), 40001)
	if err := r.s.ChangeComponent("", "", "", "short"); err == nil {
		t.Error("took a short key")
	}
	if _, err := r.s.Scan(Scan{AppID: merchantID}); err == nil {
		t.Error("an account off the test list has authorised the platform")
	}
	if err := r.s.PutMerchant(Merchant{AppID: merchantID, UserName: "gh_1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.s.Scan(Scan{AppID: merchantID}); err != nil {
		t.Error(err)
	}
	for _, body := range []string{`{"info_type":"notify_new"}`, `{"xml":"<xml><InfoType>mine</InfoType></xml>"}`} {
		if a := r.do("POST", "/_sandbox/component/event", body); a["taken"] != true || !strings.Contains(body, r.site.last("InfoType")) {
			t.Errorf("got %v", a)
		}
	}
	r.do("POST", "/_sandbox/component/revoke", "{}")
	for name, body := range map[string]string{"event": `{}`, "refuse": `{}`, "merchant": `{"app_id":"` + componentID + `"}`, "cancel": `{"app_id":"wx0"}`, "scan": `{"component":"wx9"}`, "none": `{}`} {
		if a := r.do("POST", "/_sandbox/component/"+name, body); a.text("error") == "" {
			t.Errorf("%s: got %v", name, a)
		}
	}
}

// TestEventsHoldNoSecretOfPlatforms looks for what a platform must keep to itself in what the page is told.
func TestEventsHoldNoSecretOfPlatforms(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef"
	r := newPlatform(t, nil)
	if err := r.s.ChangeComponent("", secret, "", ""); err != nil {
		t.Fatal(err)
	}
	r.do("POST", componentAPI+"api_start_push_ticket", `{"component_appid":"`+componentID+`","component_secret":"`+secret+`"}`)
	r.s.Deliver(t.Context())
	ticket := r.site.last("ComponentVerifyTicket")
	token := r.component("api_component_token", "", `"component_appsecret":"`+secret+`","component_verify_ticket":"`+ticket+`"`).text("component_access_token")
	pre := r.component("api_create_preauthcode", token, "").text("pre_auth_code")
	scanned, _ := r.s.Scan(Scan{AppID: merchantID})
	info := answer(r.component("api_query_auth", token, `"authorization_code":"`+scanned.Code+`"`)["authorization_info"].(map[string]any))
	access, refresh := info.text("authorizer_access_token"), info.text("authorizer_refresh_token")
	r.renew(token, refresh)
	r.component("api_get_authorizer_list", token, `"offset":0,"count":1`)
	r.post("/card/batchget", access, `{"offset":0,"count":1}`)
	told := string(wire.Encode(r.events(0)))
	for name, text := range map[string]string{
		"secret": secret, "ticket": ticket, "component_access_token": token, "pre_auth_code": pre, "code": scanned.Code, "access_token": access, "refresh_token": refresh,
	} {
		if text == "" || strings.Contains(told, text) {
			t.Errorf("the page is told the %s %q", name, text)
		}
	}
	if !strings.Contains(told, `"source":"platform"`) || !strings.Contains(told, `"boarded":[{`) {
		t.Errorf("got %s", told)
	}
}

func TestWhitelist(t *testing.T) {
	r := newPlatform(t, func(c *Component) { c.Whitelist = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for _, path := range []string{"api_start_push_ticket", "api_component_token"} {
		r.wantCode(path, r.do("POST", componentAPI+path, `{"component_appid":"`+componentID+`","component_secret":"s","component_appsecret":"s"}`), 61004)
	}
}

func TestTicketsArePushed(t *testing.T) {
	r := newPlatform(t, nil)
	start := func() string {
		return r.do("POST", componentAPI+"api_start_push_ticket", `{"component_appid":"`+componentID+`","component_secret":"s"}`).text("errmsg")
	}
	deliver := func(want int) {
		t.Helper()
		before := r.site.count()
		r.s.Deliver(t.Context())
		if got := r.site.count() - before; got != want {
			t.Errorf("got %d pushes, want %d", got, want)
		}
	}
	deliver(1)
	r.pass(9 * time.Minute)
	deliver(0)
	if got := start(); got != "in a normal state" {
		t.Errorf("got %q", got)
	}
	r.pass(time.Minute)
	deliver(1)
	r.do("POST", "/_sandbox/component/stop", "{}")
	r.pass(time.Hour)
	deliver(0)
	if got := start(); got != "ok" {
		t.Errorf("got %q", got)
	}
	deliver(1)
	r.do("POST", "/_sandbox/faults", `{"path":"/push/component_verify_ticket","times":1,"drop":true}`)
	r.do("POST", "/_sandbox/faults", `{"path":"*","errcode":-1}`) // of calls
	r.pass(10 * time.Minute)
	deliver(0)
	r.pass(10 * time.Minute)
	deliver(1)
	r.site.reply = func(string, string) string { return "no" }
	r.pass(10 * time.Minute)
	if d := r.s.Deliver(t.Context()); len(d) != 1 || d[0].Taken || d[0].Answer != "no" {
		t.Errorf("got %+v", d)
	}
	r.site.Close()
	r.pass(10 * time.Minute)
	if d := r.s.Deliver(t.Context()); len(d) != 1 || d[0].Error == "" {
		t.Errorf("got %+v", d)
	}
}

func TestAuthorisation(t *testing.T) {
	r := newPlatform(t, nil)
	token := r.token()
	scanned, err := r.s.Scan(Scan{AppID: merchantID})
	if err != nil || scanned.ExpiresIn != 600 {
		t.Fatalf("got %+v, %v", scanned, err)
	}
	r.s.Deliver(t.Context())
	if r.site.last("InfoType") != "authorized" || r.site.last("AuthorizerAppid") != merchantID || r.site.last("AuthorizationCode") != scanned.Code ||
		r.site.last("AuthorizationCodeExpiredTime") != fmt.Sprint(r.now.Add(600*time.Second).Unix()) {
		t.Errorf("got %v", r.site.pushes)
	}
	list := func() answer { return r.component("api_get_authorizer_list", token, `"offset":0,"count":500`) }
	only := func() answer { return answer(list()["list"].([]any)[0].(map[string]any)) }
	if got := only(); got.text("refresh_token") != "" || got.text("authorizer_appid") != merchantID {
		t.Errorf("before the exchange: got %v", got)
	}
	query := func(code string) answer {
		return r.component("api_query_auth", token, `"authorization_code":"`+code+`"`)
	}
	pre := r.component("api_create_preauthcode", token, "").text("pre_auth_code")
	r.wantCode("a pre_auth_code", query(pre), 61009)
	info := answer(query(scanned.Code)["authorization_info"].(map[string]any))
	if n := len(info["func_info"].([]any)); n != 15 {
		t.Errorf("got %d permission sets", n)
	}
	r.wantCode("used", query(scanned.Code), 61009)
	access, refresh := info.text("authorizer_access_token"), info.text("authorizer_refresh_token")
	if got := only(); got.text("refresh_token") != refresh || list().int("total_count") != 1 {
		t.Errorf("got %v, want %s", got, refresh)
	}
	r.wantCode("too many", r.component("api_get_authorizer_list", token, `"offset":0,"count":501`), 40170)
	if beyond := r.component("api_get_authorizer_list", token, `"offset":7,"count":5`); len(beyond["list"].([]any)) != 0 {
		t.Errorf("got %v", beyond)
	}
	about := r.component("api_get_authorizer_info", token, `"authorizer_appid":"`+merchantID+`"`)
	if a := answer(about["authorizer_info"].(map[string]any)); a.text("user_name") == "" || a["MiniProgramInfo"] != nil || a.int("account_status") != 1 {
		t.Errorf("got %v", about)
	}
	r.wantCode("info of nobody", r.component("api_get_authorizer_info", token, `"authorizer_appid":"wx0"`), 61003)

	r.wantCode("the token", r.post("/card/batchget", access, `{"offset":0,"count":1}`), 0)
	for _, kind := range []string{"wx_card", "jsapi"} {
		if r.do("GET", "/cgi-bin/ticket/getticket?type="+kind+"&access_token="+access, "").text("ticket") == "" {
			t.Errorf("no ticket %s", kind)
		}
	}
	ticket := r.do("GET", "/cgi-bin/ticket/getticket?type=wx_card&access_token="+access, "").text("ticket")
	r.added(r.addCard("", "pCoupon", ext(ticket, "pCoupon", map[string]string{"nonce_str": "n1"})))
	next := r.renew(token, refresh)
	if next.text("authorizer_refresh_token") != refresh || next.text("authorizer_access_token") == access {
		t.Errorf("got %v", next)
	}
	r.wantCode("the one before", r.post("/card/batchget", access, `{"offset":0,"count":1}`), 0)
	r.pass(5 * time.Minute)
	r.wantCode("after five minutes", r.post("/card/batchget", access, `{"offset":0,"count":1}`), 40001)
	r.wantCode("a wrong one", r.renew(token, "x"), 61023)

	r.do("POST", "/_sandbox/component/refuse", `{"app_id":"`+merchantID+`","errcode":42007}`)
	r.wantCode("refused", r.renew(token, refresh), 42007)
	r.do("POST", "/_sandbox/component/refuse", `{"app_id":"`+merchantID+`"}`)

	if err := r.s.Refuse(merchantID, "/card/batchget", 45009); err != nil {
		t.Fatal(err)
	}
	r.wantCode("a call that is refused", r.post("/card/batchget", next.text("authorizer_access_token"), `{"offset":0,"count":1}`), 45009)
	r.wantCode("another's", r.post("/card/batchget", r.rig.token("wx1"), `{"offset":0,"count":1}`), 0)
	r.do("POST", "/_sandbox/component/refuse", `{"app_id":"`+merchantID+`","path":"/card/batchget"}`)

	if err := r.s.Cancel("", merchantID); err != nil {
		t.Fatal(err)
	}
	r.s.Deliver(t.Context())
	if r.site.last("InfoType") != "unauthorized" {
		t.Errorf("got %v", r.site.pushes)
	}
	r.wantCode("cancelled", r.renew(token, refresh), 61003)
	r.wantCode("cancelled", r.post("/card/batchget", next.text("authorizer_access_token"), `{"offset":0,"count":1}`), 61003)
	if list().int("total_count") != 0 {
		t.Errorf("got %v", list())
	}
	if err := r.s.Cancel("", merchantID); err == nil {
		t.Error("cancelled twice")
	}
	access, again := r.board(token, merchantID)
	if again == refresh {
		t.Error("a new authorisation has the old refresh token")
	}
	r.wantCode("the old refresh token", r.renew(token, refresh), 61023)
	r.wantCode("anew", r.post("/card/batchget", access, `{"offset":0,"count":1}`), 0)
}

func TestPermissionSets(t *testing.T) {
	r := newPlatform(t, nil)
	token := r.token()
	access, _ := r.board(token, merchantID, 1, 4)
	r.wantCode("cards", r.post("/card/batchget", access, `{"offset":0,"count":1}`), 61007)
	ticket := func(kind string) answer {
		return r.do("GET", "/cgi-bin/ticket/getticket?type="+kind+"&access_token="+access, "")
	}
	r.wantCode("the cards' ticket", ticket("wx_card"), 61007)
	r.wantCode("the pages' ticket", ticket("jsapi"), 0)
	r.wantCode("no ticket", ticket("x"), 40097)
	r.s.Deliver(t.Context())
	before := r.site.count()
	if _, err := r.s.Scan(Scan{AppID: merchantID, Sets: []int{4, 1, 4}}); err != nil {
		t.Fatal(err)
	}
	r.s.Deliver(t.Context())
	if r.site.count() != before {
		t.Error("the same again was pushed")
	}
	access, _ = r.board(token, merchantID, 1, 4, 8)
	r.s.Deliver(t.Context())
	if r.site.last("InfoType") != "updateauthorized" {
		t.Errorf("got %v", r.site.pushes)
	}
	r.wantCode("cards", r.post("/card/batchget", access, `{"offset":0,"count":1}`), 0)
	if _, err := r.s.Scan(Scan{AppID: merchantID, Sets: []int{18}}); err == nil {
		t.Error("an official account has granted a mini program's set")
	}

	mini := "wx3c9e70b12d4f6e8a"
	access, _ = r.board(token, mini)
	r.wantCode("a mini program", r.post("/wxa/generate_urllink", access, `{"path":"pages/a"}`), 0)
	r.wantCode("a mini program's cards", r.post("/card/batchget", access, `{"offset":0,"count":1}`), 40001)
	about := r.component("api_get_authorizer_info", token, `"authorizer_appid":"`+mini+`"`)
	if a := answer(about["authorizer_info"].(map[string]any)); a["MiniProgramInfo"] == nil {
		t.Errorf("got %v", about)
	}
	login := func(appID, code string) answer {
		return r.do("GET", "/sns/component/jscode2session?grant_type=authorization_code&appid="+appID+"&js_code="+code+"&component_appid="+componentID+"&component_access_token="+token, "")
	}
	if a := login(mini, "alice.1"); a.text("openid") != r.s.OpenID(mini, "alice") {
		t.Errorf("got %v", a)
	}
	r.wantCode("a code twice", login(mini, "alice.1"), 40163)
	r.wantCode("another's", login("wx0", "alice.2"), 61003)
}

func TestSwitches(t *testing.T) {
	t.Run("a refresh token that changes", func(t *testing.T) {
		r := newPlatform(t, func(c *Component) { c.Refresh = "change" })
		token := r.token()
		_, first := r.board(token, merchantID)
		second := r.renew(token, first).text("authorizer_refresh_token")
		if second == first || second == "" {
			t.Fatalf("got %q", second)
		}
		if got := r.renew(token, first).text("authorizer_refresh_token"); got != second {
			t.Errorf("the old one within five minutes: got %q", got)
		}
		r.pass(5 * time.Minute)
		r.wantCode("the old one", r.renew(token, first), 61023)
		r.wantCode("the new one", r.renew(token, second), 0)
	})
	t.Run("one that fades", func(t *testing.T) {
		r := newPlatform(t, func(c *Component) { c.Refresh = "fade" })
		_, refresh := r.board(r.token(), merchantID)
		r.pass(29 * 24 * time.Hour)
		r.wantCode("in use", r.renew(r.token(), refresh), 0)
		r.pass(30 * 24 * time.Hour)
		r.wantCode("unused", r.renew(r.token(), refresh), 61023)
	})
	t.Run("no overlap", func(t *testing.T) {
		r := newPlatform(t, func(c *Component) { c.Overlap = -1 })
		token := r.token()
		access, refresh := r.board(token, merchantID)
		r.renew(token, refresh)
		r.wantCode("superseded", r.post("/card/batchget", access, `{"offset":0,"count":1}`), 40001)
	})
	t.Run("two codes, a relative time, no tickets", func(t *testing.T) {
		r := newPlatform(t, func(c *Component) { c.OtherCode, c.Relative, c.Tickets = true, true, "jsapi" })
		token := r.token()
		access, _ := r.board(token, merchantID)
		r.s.Deliver(t.Context())
		if got := r.site.last("AuthorizationCodeExpiredTime"); got != "600" {
			t.Errorf("got %s", got)
		}
		r.wantCode("the event's code", r.component("api_query_auth", token, `"authorization_code":"`+r.site.last("AuthorizationCode")+`"`), 0)
		r.wantCode("wx_card", r.do("GET", "/cgi-bin/ticket/getticket?type=wx_card&access_token="+access, ""), 48001)
	})
	t.Run("short lives", func(t *testing.T) {
		r := newPlatform(t, func(c *Component) {
			c.TicketEvery, c.TicketLife, c.PreAuthLife, c.CodeLife = time.Minute, time.Hour, 600*time.Second, time.Minute
		})
		token := r.token()
		if got := r.component("api_create_preauthcode", token, "").int("expires_in"); got != 600 {
			t.Errorf("got %d", got)
		}
		scanned, _ := r.s.Scan(Scan{AppID: merchantID})
		r.pass(time.Minute)
		r.wantCode("an old code", r.component("api_query_auth", token, `"authorization_code":"`+scanned.Code+`"`), 61010)
	})
}

func TestLostRepeatedAndLateEvents(t *testing.T) {
	r := newPlatform(t, nil)
	r.s.Deliver(t.Context()) // the ticket
	kinds := func() (list []string) {
		r.site.mu.Lock()
		defer r.site.mu.Unlock()
		for _, p := range r.site.pushes {
			list = append(list, element(p, "InfoType"))
		}
		r.site.pushes = nil
		return list
	}
	kinds()
	scan := func() {
		t.Helper()
		if _, err := r.s.Scan(Scan{AppID: merchantID}); err != nil {
			t.Fatal(err)
		}
	}
	r.do("POST", "/_sandbox/faults", `[{"path":"/push/authorized","times":1,"drop":true},{"path":"/push/authorized","times":1,"delay":"1m"},{"path":"/push/unauthorized","repeat":2}]`)
	scan() // is lost
	r.s.Deliver(t.Context())
	if got := kinds(); len(got) != 0 {
		t.Errorf("lost: got %v", got)
	}
	cancel := func() {
		t.Helper()
		if err := r.s.Cancel("", merchantID); err != nil {
			t.Fatal(err)
		}
	}
	cancel() // comes three times
	r.s.Deliver(t.Context())
	if got := fmt.Sprint(kinds()); got != "[unauthorized unauthorized unauthorized]" {
		t.Errorf("repeated: got %s", got)
	}
	r.do("POST", "/_sandbox/heal", "{}")
	r.do("POST", "/_sandbox/faults", `[{"path":"/push/authorized","times":1,"delay":"1m"}]`)
	scan() // comes late
	cancel()
	r.s.Deliver(t.Context())
	r.pass(time.Minute)
	r.s.Deliver(t.Context())
	if got := fmt.Sprint(kinds()); got != "[unauthorized authorized]" {
		t.Errorf("out of order: got %s", got)
	}
}
