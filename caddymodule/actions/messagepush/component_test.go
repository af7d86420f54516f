package messagepush_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty/thirdpartytest"
)

// pushed has WeChat push what stands in <xml> to a path.
func pushed(t *testing.T, s *sitetest.Site, path, inner string) *httptest.ResponseRecorder {
	t.Helper()
	query, body := thirdpartytest.Sealed(t, inner)
	return s.Do(sitetest.Request{Target: path + "?" + query.Encode(), Body: string(body), Type: "text/xml", Header: map[string]string{"X-Wechat-App-Id": "wxforged"}})
}

// backend is what the sites of these tests have behind message_push.
const backend = `
	respond "<xml>to {http.request.header.X-Wechat-App-Id} {http.request.header.X-Wechat-Event} at {path}</xml>"`

func text(to, content string) string {
	return "<ToUserName>" + to + "</ToUserName><FromUserName>oA</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content><![CDATA[" + content + "]]></Content><MsgId>1</MsgId>"
}

func wantTaken(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != http.StatusOK || w.Body.String() != "success" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// await waits until something is so.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 500 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s does not come", what)
}

// TestComponent has a merchant authorise by an event, and send messages.
func TestComponent(t *testing.T) {
	w := thirdpartytest.New(t)
	w.Codes["code1"] = thirdpartytest.Account
	s := sitetest.NewComponent(t, w.URL, `
	wechat_card /platform/* message_push {
		component shop
	}`+backend)
	const account = thirdpartytest.Account
	event := "<ToUserName>" + thirdpartytest.UserName + "</ToUserName><FromUserName>oA</FromUserName><MsgType>event</MsgType><Event>user_get_card</Event><CardId>p1</CardId>"

	wantTaken(t, pushed(t, s, "/platform/"+account, event)) // of an account that has not authorised
	wantTaken(t, pushed(t, s, "/platform/events", thirdpartytest.Ticket()))
	wantTaken(t, s.Do(sitetest.Request{Method: http.MethodPost, Target: "/platform/events"}))
	wantTaken(t, pushed(t, s, "/platform/events", thirdpartytest.Event("notify_of_tomorrow", time.Now(), "")))
	authorized := thirdpartytest.Event("authorized", time.Now(), "<AuthorizerAppid>"+account+"</AuthorizerAppid><AuthorizationCode>code1</AuthorizationCode>")
	wantTaken(t, pushed(t, s, "/platform/"+account, authorized)) // wherever it comes
	wantTaken(t, pushed(t, s, "/platform/events", authorized))   // and again
	await(t, "the authorisation", func() bool {
		_, err := s.App.Component("shop").Authorisation(t.Context(), account)
		return err == nil
	})

	answer := pushed(t, s, "/platform/"+account, event)
	if got, want := thirdpartytest.Opened(t, answer.Body.Bytes()), "<xml>to "+account+" user_get_card at /platform/"+account+"</xml>"; answer.Code != http.StatusOK || got != want {
		t.Errorf("got %d %s", answer.Code, got)
	}
	wantTaken(t, pushed(t, s, "/platform/"+account, event)) // it was accepted before
	problemtest.Want(t, pushed(t, s, "/platform/"+account, strings.Replace(event, thirdpartytest.UserName, "gh_other", 1)), 403, "signature_invalid", "account")
	problemtest.Want(t, pushed(t, s, "/platform/events", text(thirdpartytest.UserName, "hello")), 400, "invalid_request", "app_id")

	forged := text(thirdpartytest.UserName, "]]></Content><InfoType>unauthorized</InfoType><AuthorizerAppid>"+account+"</AuthorizerAppid><Content><![CDATA[")
	if answer := pushed(t, s, "/platform/"+account, forged); !strings.HasPrefix(thirdpartytest.Opened(t, answer.Body.Bytes()), "<xml>to ") {
		t.Errorf("got %s", answer.Body)
	}
	wantTaken(t, pushed(t, s, "/platform/events", thirdpartytest.Event("unauthorized", time.Now().Add(time.Second), "<AuthorizerAppid>"+account+"</AuthorizerAppid>")))
	await(t, "the end", func() bool {
		_, err := s.App.Component("shop").Authorisation(t.Context(), account)
		return err != nil
	})
	wantTaken(t, pushed(t, s, "/platform/"+account, text(thirdpartytest.UserName, "still there?")))
	if n := w.Calls("api_query_auth"); n != 1 {
		t.Errorf("got %d exchanges of one code", n)
	}
}

// TestComponentRefuses: what is not WeChat's changes nothing.
func TestComponentRefuses(t *testing.T) {
	w := thirdpartytest.New(t)
	s := sitetest.NewComponent(t, w.URL, `
	wechat_card /platform/* message_push {
		component shop
	}`+backend)
	query, body := thirdpartytest.Sealed(t, thirdpartytest.Ticket())
	wrong := url.Values{}
	for name := range query {
		wrong.Set(name, query.Get(name))
	}
	wrong.Set("msg_signature", strings.Repeat("0", 40))
	problemtest.Want(t, s.Do(sitetest.Request{Target: "/platform/events?" + wrong.Encode(), Body: string(body), Type: "text/xml"}), 403, "signature_invalid", "msg_signature")
	r, err := push.New(push.Config{Token: thirdpartytest.Token, EncodingAESKey: thirdpartytest.Key})
	if err != nil {
		t.Fatal(err)
	}
	query, body = r.Again([]byte("<xml>"+thirdpartytest.Ticket()+"</xml>"), push.XML, thirdpartytest.Account, time.Now())
	problemtest.Want(t, s.Do(sitetest.Request{Target: "/platform/events?" + query.Encode(), Body: string(body), Type: "text/xml"}), 403, "signature_invalid", "receiver")
	if standing := s.App.Component("shop").Standing(); !standing.Ticket.IsZero() {
		t.Error("a ticket was taken")
	}
}

// TestReleaseTest plays WeChat's test before a platform is published.
func TestReleaseTest(t *testing.T) {
	w := thirdpartytest.New(t)
	const (
		official, officialName = "wx570bc396a51b8ff8", "gh_3c884a361561"
		mini, miniName         = "wxd101a85aa106f53e", "gh_8dad206e9538"
	)
	w.Codes["testcode"], w.Codes["minicode"] = official, mini
	s := sitetest.NewComponent(t, w.URL, `
	wechat_card /on/* message_push {
		component shop
		release_test on
	}
	wechat_card /off/* message_push {
		component shop
	}`+backend)
	wantTaken(t, pushed(t, s, "/on/events", thirdpartytest.Ticket()))

	const asked = "TESTCOMPONENT_MSG_TYPE_TEXT"
	reply := thirdpartytest.Opened(t, pushed(t, s, "/on/"+official, text(officialName, asked)).Body.Bytes())
	if !strings.Contains(reply, "<Content><![CDATA["+asked+"_callback]]></Content>") || !strings.Contains(reply, "<FromUserName><![CDATA["+officialName+"]]>") ||
		!strings.Contains(reply, "<ToUserName><![CDATA[oA]]>") {
		t.Errorf("got %s", reply)
	}
	reply = thirdpartytest.Opened(t, pushed(t, s, "/on/"+official,
		"<ToUserName>"+officialName+"</ToUserName><FromUserName>oA</FromUserName><MsgType>event</MsgType><Event>LOCATION</Event>").Body.Bytes())
	if !strings.Contains(reply, "LOCATIONfrom_callback") {
		t.Errorf("got %s", reply)
	}
	for range 2 { // WeChat may bring it again
		if answer := pushed(t, s, "/on/"+official, text(officialName, "QUERY_AUTH_CODE:testcode")); answer.Code != http.StatusOK || answer.Body.Len() != 0 {
			t.Errorf("got %d %s", answer.Code, answer.Body)
		}
	}
	await(t, "the text", func() bool { return len(w.Texts()) == 1 })
	if got, want := w.Texts()[0], (thirdpartytest.Text{Token: "token-of-" + official, To: "oA", Content: "testcode_from_api"}); got != want {
		t.Errorf("got %+v", got)
	}

	minicode := thirdpartytest.Event("authorized", time.Now(), "<AuthorizerAppid>"+mini+"</AuthorizerAppid><AuthorizationCode>minicode</AuthorizationCode>")
	wantTaken(t, pushed(t, s, "/on/events", minicode))
	await(t, "the authorisation", func() bool {
		_, err := s.App.Component("shop").Authorisation(t.Context(), mini)
		return err == nil
	})
	if answer := pushed(t, s, "/on/"+mini, text(miniName, asked)); answer.Body.Len() != 0 {
		t.Errorf("got %s", answer.Body)
	}
	await(t, "the mini program's text", func() bool { return len(w.Texts()) == 2 })
	if got, want := w.Texts()[1], (thirdpartytest.Text{Token: "token-of-" + mini, To: "oA", Content: asked + "_callback"}); got != want {
		t.Errorf("got %+v", got)
	}

	before := w.Calls("api_query_auth")
	wantTaken(t, pushed(t, s, "/on/"+thirdpartytest.Account, text(officialName, "QUERY_AUTH_CODE:stolen")))  // another's app_id
	wantTaken(t, pushed(t, s, "/on/"+thirdpartytest.Account, text("gh_merchant", "QUERY_AUTH_CODE:stolen"))) // nobody's
	time.Sleep(50 * time.Millisecond)
	if w.Calls("api_query_auth") != before || len(w.Texts()) != 2 {
		t.Error("the test's answers went to somebody else")
	}
}

// TestComponentKeeps keeps what the backend does not accept, for all accounts of the component.
func TestComponentKeeps(t *testing.T) {
	w := thirdpartytest.New(t)
	w.Codes["code1"] = thirdpartytest.Account
	s := sitetest.NewComponent(t, w.URL, `
	wechat_card /platform/* message_push {
		component shop
		keep 10
	}
	respond 500`)
	wantTaken(t, pushed(t, s, "/platform/events", thirdpartytest.Ticket()))
	if _, err := s.App.Component("shop").Authorise(t.Context(), "code1"); err != nil {
		t.Fatal(err)
	}
	path := "/platform/" + thirdpartytest.Account
	problemtest.Want(t, pushed(t, s, path, text(thirdpartytest.UserName, "hello")), 502, "backend_failed", "backend")
	inbox := s.App.Component("shop").Pushes
	list, err := inbox.KeptPushes(t.Context())
	if err != nil || len(list) != 1 || list[0].LastStatus != http.StatusInternalServerError {
		t.Fatalf("got %+v %v", list, err)
	}
	_, query, body, err := inbox.KeptPush(t.Context(), list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	again := s.Do(sitetest.Request{Target: path + "?" + query.Encode(), Body: string(body), Type: "text/xml"})
	problemtest.Want(t, again, 502, "backend_failed", "backend")
	long := s.Do(sitetest.Request{Target: path + "?" + query.Encode(), Body: strings.Repeat("x", push.MaxBody+1), Type: "text/xml"})
	problemtest.Want(t, long, 413, "body_too_large", "")
}

func TestComponentConfig(t *testing.T) {
	for directives, want := range map[string]string{
		"component other": "not configured",
		"component shop\ncomponent_app_id wx0000000000000001": "exclude",
		"release_test on":                 "component",
		"component shop\naccount default": "account",
		"component unpushed":              "message_push",
	} {
		_, err := sitetest.TryProvision(`{
	admin off
	storage file_system ` + t.TempDir() + `
	log {
		output discard
	}
	wechat_card {
		component shop {
			app_id ` + thirdpartytest.Component + `
			app_secret ` + thirdpartytest.Secret + `
			message_push ` + thirdpartytest.Token + ` ` + thirdpartytest.Key + `
		}
		component unpushed {
			app_id wx00000000000c0002
			app_secret ` + thirdpartytest.Secret + `
		}
		account {
			app_id wx0000000000000001
			app_secret 0123456789abcdef0123456789abcdef
			message_push t0ken
		}
	}
}
http://localhost:9080 {
	wechat_card /push/* message_push {
		` + directives + `
	}
}`)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", directives, err)
		}
	}
}
