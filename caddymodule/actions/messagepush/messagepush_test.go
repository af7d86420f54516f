package messagepush_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const (
	pushToken = "t0ken"
	pushKey   = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	cardEvent = `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oAnna]]></FromUserName><CreateTime>1700000000</CreateTime>` +
		`<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[user_get_card]]></Event><CardId> <![CDATA[pCard]]> </CardId>` +
		`<IsGiveByFriend>1</IsGiveByFriend><UserCardCode><![CDATA[123456]]></UserCardCode><OuterStr><![CDATA[小程序🎁]]></OuterStr><UnionId>uUnion</UnionId></xml>`
)

// pushBackend is a backend that remembers what it got.
type pushBackend struct {
	answer http.HandlerFunc // nil: an empty one

	mu   sync.Mutex
	got  []*http.Request
	body []string
}

func (b *pushBackend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	b.got, b.body = append(b.got, r), append(b.body, string(body))
	answer := b.answer
	b.mu.Unlock()
	if answer != nil {
		answer(w, r)
	}
}

func (b *pushBackend) set(answer http.HandlerFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = answer
}

func (b *pushBackend) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.got)
}

// last gives the latest request, and its body.
func (b *pushBackend) last(t testing.TB) (*http.Request, string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.got) == 0 {
		t.Fatal("the backend got nothing")
	}
	return b.got[len(b.got)-1], b.body[len(b.body)-1]
}

// pushSite is a site with message_push in front of a backend.
type pushSite struct {
	*sitetest.Site
	*pushBackend
	log string
}

type pushConfig struct {
	api      string // default: a sandbox of its own
	store    string // default: off
	storage  string // default: a folder of its own
	settings string // of the account; default: token and key
	block    string // of the action
	plain    bool   // there is no key
}

func newPushSite(t testing.TB, c pushConfig) *pushSite {
	t.Helper()
	wechat := sandbox.New(sandbox.Config{})
	if c.api == "" {
		api := httptest.NewServer(wechat)
		t.Cleanup(api.Close)
		c.api = api.URL
	}
	if c.store == "" {
		c.store = "off"
	}
	if c.storage == "" {
		c.storage = t.TempDir()
	}
	if c.settings == "" {
		c.settings = pushToken + " " + pushKey
		if c.plain {
			c.settings = pushToken
		}
	}
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	backend := new(pushBackend)
	b := httptest.NewServer(backend)
	t.Cleanup(b.Close)
	s := &pushSite{pushBackend: backend, log: filepath.Join(t.TempDir(), "log")}
	ctx := sitetest.Provision(t, `{
	admin off
	storage file_system `+c.storage+`
	log {
		output file `+s.log+`
	}
	wechat_card {
		api `+c.api+`
		store `+c.store+`
		account {
			app_id `+sitetest.AppID+`
			app_secret {env.TEST_APP_SECRET}
			message_push `+c.settings+`
		}
	}
}
http://localhost:9080 {
	wechat_card /push message_push {
		`+c.block+`
	}
	wechat_card /errors message_push {
		errors caddy
	}
	handle_errors {
		respond "error route" {err.status_code}
	}
	reverse_proxy `+b.Listener.Addr().String()+`
}`)
	httpApp, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	s.Site = &sitetest.Site{T: t, Server: httpApp.(*caddyhttp.App).Servers["srv0"], App: loaded.(*app.App), WeChat: wechat}
	t.Cleanup(s.stop)
	return s
}

// stop ends the configuration, as at the end of the process. It may be called again.
func (s *pushSite) stop() {
	if err := s.App.Cleanup(); err != nil {
		s.T.Error(err)
	}
}

var pushNonce atomic.Int64

// plainPush is a push that is not encrypted.
func plainPush(body string) sitetest.Request {
	timestamp, nonce := fmt.Sprint(time.Now().Unix()), fmt.Sprint(pushNonce.Add(1))
	typ := "text/xml"
	if strings.HasPrefix(body, "{") {
		typ = "application/json"
	}
	return sitetest.Request{
		Target: "/push?signature=" + push.Sign(pushToken, timestamp, nonce) + "&timestamp=" + timestamp + "&nonce=" + nonce + "&openid=oAnna",
		Body:   body, Type: typ,
	}
}

// sealedPush is an encrypted one, from the message's own format of envelope.
func sealedPush(t testing.TB, msg, receiver string) sitetest.Request {
	t.Helper()
	c, err := push.NewCipher(pushKey)
	if err != nil {
		t.Fatal(err)
	}
	q := plainPush(msg)
	encrypt := c.Encrypt([16]byte{byte(pushNonce.Load())}, []byte(msg), receiver)
	timestamp, nonce := pushParam(q.Target, "timestamp"), pushParam(q.Target, "nonce")
	q.Target += "&encrypt_type=aes&msg_signature=" + push.Sign(pushToken, timestamp, nonce, encrypt)
	if strings.HasPrefix(msg, "{") {
		q.Body = `{"ToUserName":"gh_1","Encrypt":"` + encrypt + `"}`
	} else {
		q.Body = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[" + encrypt + "]]></Encrypt></xml>"
	}
	return q
}

func pushParam(target, name string) string {
	_, rest, _ := strings.Cut(target, name+"=")
	value, _, _ := strings.Cut(rest, "&")
	return value
}

func wantSuccess(t testing.TB, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != http.StatusOK || w.Body.String() != "success" || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("got %d %q %v", w.Code, w.Body, w.Header())
	}
}

func TestMessagePushHandshake(t *testing.T) {
	for _, plain := range []bool{true, false} {
		s := newPushSite(t, pushConfig{plain: plain})
		target := plainPush("").Target
		w := s.Get(target + "&echostr=%3Cb%3E4375120948345356249")
		if w.Code != http.StatusOK || w.Body.String() != "<b>4375120948345356249" ||
			w.Header().Get("Content-Type") != "text/plain; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("got %d %q %v", w.Code, w.Body, w.Header())
		}
		problemtest.Want(t, s.Get("/push"), 403, "signature_invalid", "timestamp")
		problemtest.Want(t, s.Get("/push?echostr=1&timestamp="+pushParam(target, "timestamp")+"&nonce=1&signature=2"), 403, "signature_invalid", "signature")
		problemtest.Want(t, s.Get(target+"&echostr=1&nonce=2"), 403, "signature_invalid", "signature")
		for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodDelete} {
			if w := s.Do(sitetest.Request{Method: method, Target: target}); w.Code != 405 || w.Header().Get("Allow") != "GET, POST, OPTIONS" {
				t.Errorf("%s: got %d %v", method, w.Code, w.Header())
			}
		}
		if w := s.Do(sitetest.Request{Method: http.MethodOptions, Target: "/push"}); w.Code != 204 || w.Header().Get("Allow") != "GET, POST, OPTIONS" {
			t.Errorf("OPTIONS: got %d %v", w.Code, w.Header())
		}
		if s.count() != 0 {
			t.Error("the backend got something")
		}
	}
}

func TestMessagePushDelivers(t *testing.T) {
	const asJSON = `{"FromUserName":"oAnna","MsgType":"event","Event":"user_get_card","CardId":"pCard","OuterStr":"小程序🎁","UnionId":"uUnion"}`
	for _, plain := range []bool{true, false} {
		s := newPushSite(t, pushConfig{plain: plain})
		for _, msg := range []string{cardEvent, asJSON} {
			q := plainPush(msg)
			if !plain {
				q = sealedPush(t, msg, sitetest.AppID)
			}
			q.Header = map[string]string{
				"X-Wechat-Openid": "oForged", "x-wechat-outer-str": "forged", "Connection": "X-Wechat-Card-Id",
				"Accept-Encoding": "br", "Content-Encoding": "gzip",
			}
			wantSuccess(t, s.Do(q))
			r, body := s.last(t)
			if body != msg || r.ContentLength != int64(len(msg)) || r.Method != http.MethodPost || r.Header.Get("Content-Type") != q.Type ||
				r.Header.Get("Content-Encoding") != "" || strings.Contains(r.Header.Get("Accept-Encoding"), "br") {
				t.Errorf("the backend got %s %v %s", r.Method, r.Header, body)
			}
			want, _, _ := strings.Cut(q.Target, "&encrypt_type")
			if r.RequestURI != want {
				t.Errorf("the backend got %s, want %s", r.RequestURI, want)
			}
			for name, want := range map[string]string{
				"X-Wechat-Event": "user_get_card", "X-Wechat-Openid": "oAnna", "X-Wechat-Unionid": "uUnion",
				"X-Wechat-Card-Id": "pCard", "X-Wechat-Outer-Str": "小程序🎁",
			} {
				if got := r.Header.Values(name); len(got) != 1 || got[0] != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		}
	}
}

// TestMessagePushHeaders passes on what no header can hold, or should.
func TestMessagePushHeaders(t *testing.T) {
	s := newPushSite(t, pushConfig{plain: true})
	body, _ := json.Marshal(map[string]any{
		"MsgType": "event", "Event": "a\r\nX-Evil: 1\x00\u0085", "OuterStr": strings.Repeat("x", 3000), "CardId": " \n", "FromUserName": 7,
	})
	q := plainPush(string(body))
	q.Header = map[string]string{"X-Wechat-Unionid": "forged", "X-Wechat-Outer-Str": "forged"}
	wantSuccess(t, s.Do(q))
	r, got := s.last(t)
	if got != string(body) || r.Header.Get("X-Wechat-Event") != "aX-Evil: 1" || r.Header.Get("X-Wechat-Openid") != "7" || r.Header.Get("X-Evil") != "" {
		t.Errorf("got %v", r.Header)
	}
	for _, name := range []string{"X-Wechat-Unionid", "X-Wechat-Outer-Str", "X-Wechat-Card-Id"} {
		if values := r.Header.Values(name); values != nil {
			t.Errorf("%s: got %q", name, values)
		}
	}
}

func TestMessagePushReplies(t *testing.T) {
	replies := map[string]string{"xml": `<xml><Content><![CDATA[欢迎]]></Content></xml>`, "json": `{"MsgType":"text","Content":"欢迎"}`}
	var reply string // of the backend
	plain, safe := newPushSite(t, pushConfig{plain: true}), newPushSite(t, pushConfig{})
	n := 0
	message := func(format string) string {
		n++
		if format == "json" {
			return fmt.Sprintf(`{"MsgType":"text","MsgId":%d}`, n)
		}
		return fmt.Sprintf(`<xml><MsgType>text</MsgType><MsgId>%d</MsgId></xml>`, n)
	}
	for _, tc := range []struct {
		name    string
		answer  http.HandlerFunc
		success bool // or else the reply
	}{
		{"nothing", func(http.ResponseWriter, *http.Request) {}, true},
		{"no content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, true},
		{"blanks", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, " \r\n") }, true},
		{"success", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "success\n") }, true},
		{"reply", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/xml; charset=utf-8")
			w.Header().Set("X-Backend", "1")
			w.Header().Set("Trailer", "X-End")
			w.WriteHeader(201)
			fmt.Fprint(w, reply[:10])
			_ = http.NewResponseController(w).Flush()
			fmt.Fprint(w, reply[10:])
			w.Header().Set("X-End", "1")
		}, false},
	} {
		plain.set(tc.answer)
		safe.set(tc.answer)
		reply = replies["xml"]
		w := plain.Do(plainPush(message("xml")))
		if tc.success {
			wantSuccess(t, w)
		} else if w.Code != 200 || w.Body.String() != reply || w.Header().Get("Content-Type") != "text/xml; charset=utf-8" || w.Header().Get("X-Backend") != "1" {
			t.Errorf("%s: got %d %v %s", tc.name, w.Code, w.Header(), w.Body)
		}
		for _, format := range []string{"xml", "json"} {
			reply = replies[format]
			w := safe.Do(sealedPush(t, message(format), sitetest.AppID))
			if tc.success {
				wantSuccess(t, w)
				continue
			}
			checkSealedReply(t, w, format, reply)
		}
	}

	// What WeChat is to bring again.
	big := bytes.Repeat([]byte("x"), push.MaxBody+1)
	for name, answer := range map[string]http.HandlerFunc{
		"500":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"403":      func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "success", http.StatusForbidden) },
		"302":      func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Location", "/"); w.WriteHeader(302) },
		"too long": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(big) },
		"compressed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			fmt.Fprint(w, "success")
		},
		"broken off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "x")
			panic(http.ErrAbortHandler)
		},
		"gone": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		safe.set(answer)
		q := sealedPush(t, message("xml"), sitetest.AppID)
		problemtest.Want(t, safe.Do(q), 502, "backend_failed", "did not accept")
		q.Target = strings.Replace(q.Target, "/push", "/errors", 1)
		if w := safe.Do(q); w.Code != 502 || w.Body.String() != "error route" {
			t.Errorf("%s with errors caddy: got %d %s", name, w.Code, w.Body)
		}
		before := safe.count()
		safe.set(nil)
		wantSuccess(t, safe.Do(q))
		wantSuccess(t, safe.Do(q))
		if got := safe.count() - before; got != 1 {
			t.Errorf("%s: then the backend got it %d times", name, got)
		}
	}
}

func checkSealedReply(t *testing.T, w *httptest.ResponseRecorder, format, reply string) {
	t.Helper()
	var encrypt, signature, timestamp, nonce string
	if format == "json" {
		var a struct {
			Encrypt, MsgSignature, Nonce string
			TimeStamp                    int64
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			t.Fatalf("%v: %s", err, w.Body)
		}
		encrypt, signature, timestamp, nonce = a.Encrypt, a.MsgSignature, fmt.Sprint(a.TimeStamp), a.Nonce
	} else {
		rest := strings.NewReplacer("<![CDATA[", "", "]]>", "", "</xml>", "").Replace(strings.TrimPrefix(w.Body.String(), "<xml>"))
		for name, target := range map[string]*string{"Encrypt": &encrypt, "MsgSignature": &signature, "TimeStamp": &timestamp, "Nonce": &nonce} {
			_, value, _ := strings.Cut(rest, "<"+name+">")
			*target, _, _ = strings.Cut(value, "</"+name+">")
		}
	}
	if want := map[string]string{"json": "application/json", "xml": "text/xml"}[format]; w.Header().Get("Content-Type") != want || w.Code != 200 {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	if push.Sign(pushToken, timestamp, nonce, encrypt) != signature || len(nonce) != 32 {
		t.Errorf("wrongly signed: %s", w.Body)
	}
	c, err := push.NewCipher(pushKey)
	if err != nil {
		t.Fatal(err)
	}
	msg, receiver, err := c.Decrypt(encrypt)
	if err != nil || string(msg) != reply || receiver != sitetest.AppID {
		t.Errorf("got %s for %s, error %v", msg, receiver, err)
	}
}

func TestMessagePushRefuses(t *testing.T) {
	plain, safe := newPushSite(t, pushConfig{plain: true}), newPushSite(t, pushConfig{})
	old := time.Now().Add(-26 * time.Hour).Unix()
	forged := strings.Replace(cardEvent, "oAnna", "oThief", 1)
	first := plainPush(cardEvent)
	wantSuccess(t, plain.Do(first))
	good := sealedPush(t, cardEvent, sitetest.AppID)
	for _, tc := range []struct {
		name    string
		site    *pushSite
		request func() sitetest.Request
		status  int
		mention string
	}{
		{"nothing", plain, func() sitetest.Request { return sitetest.Request{Target: "/push", Body: cardEvent} }, 403, "timestamp"},
		{"forged signature", plain, func() sitetest.Request {
			q := plainPush(cardEvent)
			q.Target = strings.Replace(q.Target, "signature=", "signature=0", 1)
			return q
		}, 403, "signature"},
		{"old", plain, func() sitetest.Request {
			return sitetest.Request{Target: fmt.Sprintf("/push?timestamp=%d&nonce=1&signature=%s", old, push.Sign(pushToken, fmt.Sprint(old), "1")), Body: cardEvent}
		}, 403, "too old"},
		{"another body", plain, func() sitetest.Request { q := first; q.Body = forged; return q }, 403, "another message"},
		{"downgraded", safe, func() sitetest.Request { return plainPush(cardEvent) }, 403, "not encrypted"},
		{"half downgraded", safe, func() sitetest.Request { q := good; q.Body = cardEvent; return q }, 403, "not encrypted"},
		{"another nonce", safe, func() sitetest.Request {
			q := good
			q.Target = strings.Replace(q.Target, "nonce=", "nonce=1", 1)
			return q
		}, 403, "msg_signature"},
		{"another receiver", safe, func() sitetest.Request { return sealedPush(t, cardEvent, "wx1") }, 403, "another receiver"},
		{"truncated", safe, func() sitetest.Request { q := good; q.Body = q.Body[:len(q.Body)/2]; return q }, 400, "XML"},
		{"no envelope", safe, func() sitetest.Request { q := good; q.Body = "hello"; return q }, 400, "neither"},
		{"empty", safe, func() sitetest.Request { q := good; q.Method, q.Body = http.MethodPost, ""; return q }, 400, "neither"},
		{"without the key", plain, func() sitetest.Request { q := plainPush(""); q.Body = good.Body; return q }, 400, "encoding_aes_key"},
		{"too long", plain, func() sitetest.Request { return plainPush("<xml>" + strings.Repeat(" ", bodies.Max) + "</xml>") }, 413, "bytes"},
	} {
		reason := map[int]string{403: "signature_invalid", 400: "invalid_request", 413: "body_too_large"}[tc.status]
		t.Run(tc.name, func(t *testing.T) {
			problemtest.Want(t, tc.site.Do(tc.request()), tc.status, reason, tc.mention)
		})
	}
	if plain.count() != 1 || safe.count() != 0 {
		t.Errorf("the backends got %d and %d messages", plain.count(), safe.count())
	}

	platform := newPushSite(t, pushConfig{block: "component_app_id wxPlatform"})
	wantSuccess(t, platform.Do(sealedPush(t, cardEvent, "wxPlatform")))
	problemtest.Want(t, platform.Do(sealedPush(t, cardEvent, sitetest.AppID)), 403, "signature_invalid", "another receiver")
}

// TestMessagePushOnce brings one message many times, and many that differ in little.
func TestMessagePushOnce(t *testing.T) {
	s := newPushSite(t, pushConfig{})
	s.set(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(200 * time.Millisecond)
		fmt.Fprint(w, "<xml>reply</xml>")
	})
	requests := make([]sitetest.Request, 200)
	for i := range requests {
		requests[i] = sealedPush(t, cardEvent, sitetest.AppID)
	}
	var wg sync.WaitGroup
	var replies atomic.Int32
	for _, q := range requests {
		wg.Go(func() {
			switch w := s.Do(q); {
			case w.Code == 200 && strings.Contains(w.Body.String(), "<Encrypt>"):
				replies.Add(1)
			case w.Code != 200 || w.Body.String() != "success": // which those get who come when it is over
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
	wg.Wait()
	if replies.Load() < 2 {
		t.Error("nobody has joined")
	}
	wantSuccess(t, s.Do(requests[0]))
	if n := s.count(); n != 1 {
		t.Errorf("the backend got it %d times", n)
	}

	for i := range 5 { // five cards in one second
		wg.Go(func() {
			s.Do(sealedPush(t, strings.Replace(cardEvent, "123456", fmt.Sprint("12345", 7+i), 1), sitetest.AppID))
		})
	}
	wg.Wait()
	if n := s.count(); n != 6 {
		t.Errorf("the backend got %d messages", n)
	}
}

// TestMessagePushWithoutWaiting has WeChat go away while the backend is at work, and come again.
func TestMessagePushWithoutWaiting(t *testing.T) {
	s := newPushSite(t, pushConfig{})
	began, end := make(chan struct{}), make(chan struct{})
	s.set(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		select {
		case <-end:
		case <-r.Context().Done():
			t.Error("the backend was given up")
		}
	})
	front := httptest.NewServer(s.Server)
	defer front.Close()
	q := sealedPush(t, cardEvent, sitetest.AppID)
	client := &http.Client{Timeout: 200 * time.Millisecond}
	req, err := http.NewRequest(http.MethodPost, front.URL+q.Target, strings.NewReader(q.Body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "localhost:9080"
	if resp, err := client.Do(req); err == nil {
		_ = resp.Body.Close()
		t.Fatalf("the first one waited, and got %d", resp.StatusCode)
	}
	<-began
	var wg sync.WaitGroup
	wg.Go(func() { wantSuccess(t, s.Do(sealedPush(t, cardEvent, sitetest.AppID))) })
	time.Sleep(50 * time.Millisecond)
	close(end)
	wg.Wait()
	wantSuccess(t, s.Do(q))
	if n := s.count(); n != 1 {
		t.Errorf("the backend got it %d times", n)
	}
}

// TestMessagePushRestart accepts messages before and after restarts, with every store.
func TestMessagePushRestart(t *testing.T) {
	wechat := httptest.NewServer(sandbox.New(sandbox.Config{}))
	defer wechat.Close()
	for name, store := range map[string]func(t *testing.T) string{
		"caddy": func(*testing.T) string { return "caddy" },
		"redis": func(t *testing.T) string { return "redis " + redistest.Start(t).Addr },
	} {
		t.Run(name, func(t *testing.T) {
			sitetest.CheckPool(t)
			c := pushConfig{api: wechat.URL, store: store(t), storage: t.TempDir()}
			for i := range 3 {
				s := newPushSite(t, c)
				wantSuccess(t, s.Do(sealedPush(t, cardEvent, sitetest.AppID)))
				if n := s.count(); (n == 1) != (i == 0) {
					t.Errorf("start %d: the backend got it %d times", i, n)
				}
				wantSuccess(t, s.Do(sealedPush(t, fmt.Sprintf(`{"n":%d}`, i), sitetest.AppID)))
				s.stop()
			}
		})
	}
}

// TestMessagePushReload brings the same again after the configuration has changed, with nothing in a store.
func TestMessagePushReload(t *testing.T) {
	wechat := httptest.NewServer(sandbox.New(sandbox.Config{}))
	defer wechat.Close()
	a := newPushSite(t, pushConfig{api: wechat.URL})
	wantSuccess(t, a.Do(sealedPush(t, cardEvent, sitetest.AppID)))
	b := newPushSite(t, pushConfig{api: wechat.URL})
	a.stop()
	wantSuccess(t, b.Do(sealedPush(t, cardEvent, sitetest.AppID)))
	if b.count() != 0 {
		t.Error("the message was delivered again")
	}
}

func TestMessagePushLog(t *testing.T) {
	s := newPushSite(t, pushConfig{})
	s.Do(plainPush(cardEvent))
	q := sealedPush(t, cardEvent, sitetest.AppID)
	q.Body = q.Body[:50]
	s.Do(q)
	log, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"level":"warn"`, "signature_invalid", "invalid_request"} {
		if !strings.Contains(string(log), want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
	for _, secret := range []string{pushToken, pushKey, "oAnna]", "<xml>", "Encrypt>"} {
		if strings.Contains(string(log), secret) {
			t.Errorf("the log holds %s: %s", secret, log)
		}
	}
}

func TestMessagePushNeedsSettings(t *testing.T) {
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	_, err := sitetest.TryProvision("{\nadmin off\nwechat_card {\nstore off\n" + sitetest.AccountOption("", sitetest.AppID) + "}\n}\nhttp://localhost {\nwechat_card /push message_push\n}")
	if err == nil || !strings.Contains(err.Error(), "message_push settings") {
		t.Errorf("got error %v", err)
	}
}

func TestMessagePushEvent(t *testing.T) {
	sitetest.CheckPool(t)
	_, api := sitetest.NewAPI(t)
	account := "account till {\napp_id wx00000000000000d1\napp_secret {env.TEST_APP_SECRET}\nmessage_push " + pushToken + "\n}\n"
	site := sitetest.Run(t, api, account, "wechat_card message_push {\naccount till\n}")
	sitetest.Recorded.Mu.Lock()
	sitetest.Recorded.Events = nil
	sitetest.Recorded.Mu.Unlock()
	for range 2 {
		q := plainPush(cardEvent)
		resp, err := http.Post(site+q.Target, "text/xml", strings.NewReader(q.Body))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		http.DefaultClient.CloseIdleConnections()
	}
	sitetest.WantEvent(t, observe.EventPushed, "account:till", "event:user_get_card", "openid:oAnna", "card_id:pCard", "outer_str:小程序🎁",
		"unionid:uUnion", "is_give_by_friend:true", "is_restore_member_card:false", "msg_type:event")
	sitetest.Recorded.Mu.Lock()
	defer sitetest.Recorded.Mu.Unlock()
	n := 0
	for _, e := range sitetest.Recorded.Events {
		if e["name"] == observe.EventPushed {
			n++
		}
	}
	if all := fmt.Sprint(sitetest.Recorded.Events); n != 1 || strings.Contains(all, "123456") {
		t.Errorf("%d events: %s", n, all)
	}
}
