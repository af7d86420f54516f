package messagepush_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
)

// keeping is a Caddy that runs, and keeps what its backends do not accept.
type keeping struct {
	t    *testing.T
	site string
}

// newKeeping runs directives behind these message_push settings. They may name the backend by $BACKEND.
func newKeeping(t *testing.T, settings, directives string, backend http.Handler) keeping {
	t.Helper()
	_, api := sitetest.NewAPI(t)
	b := httptest.NewServer(backend)
	t.Cleanup(b.Close)
	account := "account {\napp_id " + sitetest.AppID + "\napp_secret {env.TEST_APP_SECRET}\nmessage_push " + settings + "\n}\n"
	return keeping{t, sitetest.Run(t, api, account, strings.ReplaceAll(directives, "$BACKEND", b.Listener.Addr().String()))}
}

// push pushes a message, and gives the status of the answer.
func (k keeping) push(q sitetest.Request) int {
	k.t.Helper()
	req, err := http.NewRequestWithContext(k.t.Context(), http.MethodPost, k.site+q.Target, strings.NewReader(q.Body))
	if err != nil {
		k.t.Fatal(err)
	}
	req.Header.Set("Content-Type", q.Type)
	for name, value := range q.Header {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		k.t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	_ = resp.Body.Close()
	return resp.StatusCode
}

func (k keeping) list() (list []admin.KeptPush) {
	k.t.Helper()
	if status := sitetest.Admin(k.t, admin.PushesPath, http.MethodGet, "", &list); status != http.StatusOK || list == nil {
		k.t.Fatalf("the list: status %d, %v", status, list)
	}
	return list
}

func (k keeping) replay(ids ...string) (answer admin.Replayed, status int) {
	k.t.Helper()
	q := admin.ReplayRequest{IDs: ids, All: ids == nil}
	body, err := json.Marshal(q)
	if err != nil {
		k.t.Fatal(err)
	}
	status = sitetest.Admin(k.t, admin.ReplayPath, http.MethodPost, string(body), &answer)
	return answer, status
}

const keepDirectives = "wechat_card /push message_push {\nkeep 100\n}\nreverse_proxy $BACKEND\n"

// TestKeep keeps what no backend accepts until one does: by hand, or because WeChat comes again.
func TestKeep(t *testing.T) {
	for name, settings := range map[string]string{"plain": pushToken, "safe": pushToken + " " + pushKey} {
		t.Run(name, func(t *testing.T) {
			sitetest.CheckPool(t)
			backend := new(pushBackend)
			k := newKeeping(t, settings, keepDirectives, backend)
			message := func(body string) sitetest.Request {
				if name == "plain" {
					return plainPush(body)
				}
				return sealedPush(t, body, sitetest.AppID)
			}
			if list := k.list(); len(list) != 0 {
				t.Errorf("at first there are %v", list)
			}
			if answer, status := k.replay(); status != http.StatusOK || len(answer.Pushes) != 0 {
				t.Errorf("with nothing to replay: %d %+v", status, answer)
			}

			backend.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
			texts := []string{cardEvent, "<xml><MsgType>text</MsgType><Content><![CDATA[\x02]]>]]></Content></xml>", `{"MsgType":"event","Event":"user_del_card","CardId":"p2"}`}
			for _, text := range texts {
				if status := k.push(message(text)); status != http.StatusBadGateway {
					t.Errorf("got %d", status)
				}
			}
			backend.set(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>login") })
			if status := k.push(message(texts[0])); status != http.StatusBadGateway {
				t.Errorf("got %d", status)
			}
			list := k.list()
			if len(list) != 3 {
				t.Fatalf("got %+v", list)
			}
			if list[0].CardID != "pCard" || list[2].CardID != "p2" {
				t.Errorf("not in the order in which they came: %+v", list)
			}
			byCard := make(map[string]admin.KeptPush)
			for _, m := range list {
				byCard[m.CardID] = m
				if m.Account != "default" || !kept.IsID(m.ID) || m.Time.IsZero() {
					t.Errorf("got %+v", m)
				}
			}
			if m := byCard["pCard"]; m.Event != "user_get_card" || m.Tries != 2 || m.LastStatus != 200 {
				t.Errorf("got %+v", m)
			}
			if m := byCard["p2"]; m.Event != "user_del_card" || m.Tries != 1 || m.LastStatus != http.StatusTeapot {
				t.Errorf("got %+v", m)
			}
			if shown, _ := json.Marshal(list); strings.Contains(string(shown), "oAnna") || strings.Contains(string(shown), "Content") {
				t.Errorf("it shows %s", shown)
			}

			// Not yet.
			answer, status := k.replay(byCard["p2"].ID, "0123456789abcdef0123456789abcdef")
			if status != http.StatusBadGateway || len(answer.Pushes) != 2 || answer.Pushes[0].Accepted || answer.Pushes[1].Accepted ||
				!strings.Contains(answer.Pushes[0].Error, "page") && !strings.Contains(answer.Pushes[0].Error, "neither") || !strings.Contains(answer.Error, "no such message") {
				t.Errorf("got %d %+v", status, answer)
			}
			if again := k.list(); len(again) != 3 {
				t.Errorf("got %+v", again)
			}

			// One by hand, which WeChat brings again, too; one by WeChat; the rest by hand.
			backend.set(nil)
			before := backend.count()
			answer, status = k.replay(byCard["pCard"].ID)
			r, body := backend.last(t)
			if status != http.StatusOK || !answer.Pushes[0].Accepted || answer.Pushes[0].Account != "default" || body != cardEvent ||
				r.Header.Get("X-Wechat-Event") != "user_get_card" || r.Header.Get("Content-Type") != "text/xml" || r.URL.Path != "/push" ||
				!strings.Contains(r.URL.RawQuery, "openid=oAnna") || strings.Count(r.URL.RawQuery, "signature=") != 1 || strings.Contains(r.URL.RawQuery, "msg_signature") {
				t.Errorf("got %d %+v; the backend %s %v %s", status, answer, r.URL, r.Header, body)
			}
			if status := k.push(message(cardEvent)); status != http.StatusOK || backend.count() != before+1 {
				t.Errorf("got %d; the backend got it %d times", status, backend.count()-before)
			}
			if status := k.push(message(texts[2])); status != http.StatusOK {
				t.Errorf("got %d", status)
			}
			if list := k.list(); len(list) != 1 || list[0].Event != "" {
				t.Errorf("got %+v", list)
			}
			if answer, status = k.replay(); status != http.StatusOK || len(answer.Pushes) != 1 {
				t.Errorf("got %d %+v", status, answer)
			}
			if _, body := backend.last(t); body != texts[1] {
				t.Errorf("the backend got %q", body)
			}
			if list := k.list(); len(list) != 0 {
				t.Errorf("got %+v", list)
			}
		})
	}
}

// TestReplayByItsRoute brings messages again through the route that received them.
func TestReplayByItsRoute(t *testing.T) {
	sitetest.CheckPool(t)
	var down bool
	seen := make(map[string]string) // by what the backend is called, the address that it was asked for
	backend := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		seen[r.Header.Get("X-Route")+" "+string(body)] = r.URL.Path
	})
	k := newKeeping(t, pushToken+" "+pushKey, `
handle_path /api/* {
	wechat_card /push message_push {
		keep 5
	}
	reverse_proxy $BACKEND {
		header_up X-Route api
	}
}
@tenant {
	header X-Tenant tea
	remote_ip 127.0.0.1
	path /push
}
handle @tenant {
	wechat_card message_push {
		keep 5
		component_app_id wx2c7d5e8f1a3b9460
	}
	reverse_proxy $BACKEND {
		header_up X-Route tenant
	}
}
handle /lenient {
	wechat_card message_push {
		keep 5
		replies off
	}
	reverse_proxy $BACKEND {
		header_up X-Route lenient
	}
}
handle /dead {
	wechat_card message_push {
		keep 5
	}
	reverse_proxy 127.0.0.1:1
}
handle {
	wechat_card message_push
	reverse_proxy $BACKEND
}
handle_errors {
	respond "sorry" 200
}
`, backend)
	down = true
	for i, q := range []sitetest.Request{
		sealedPush(t, "<xml>1</xml>", sitetest.AppID), sealedPush(t, "<xml>2</xml>", "wx2c7d5e8f1a3b9460"), sealedPush(t, "<xml>3</xml>", sitetest.AppID),
		sealedPush(t, "<xml>4</xml>", sitetest.AppID), sealedPush(t, "<xml>5</xml>", sitetest.AppID),
	} {
		q.Target = strings.Replace(q.Target, "/push", []string{"/api/push", "/push", "/lenient", "/dead", "/other"}[i], 1)
		if i == 1 {
			q.Header = map[string]string{"X-Tenant": "tea"}
		}
		if status := k.push(q); status != http.StatusBadGateway {
			t.Errorf("%s: got %d", q.Target, status)
		}
	}
	list := k.list()
	if len(list) != 4 { // the last one is not kept
		t.Fatalf("got %+v", list)
	}
	down = false
	answer, status := k.replay()
	accepted := 0
	for _, one := range answer.Pushes {
		if one.Accepted {
			accepted++
		} else if !strings.Contains(one.Error, "did not accept") {
			t.Errorf("got %+v", one)
		}
	}
	if status != http.StatusBadGateway || accepted != 3 {
		t.Errorf("got %d %+v", status, answer)
	}
	want := map[string]string{"api <xml>1</xml>": "/push", "tenant <xml>2</xml>": "/push", "lenient <xml>3</xml>": "/lenient"}
	if fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Errorf("the backend saw %v", seen)
	}
	if list := k.list(); len(list) != 1 || list[0].LastStatus != 0 || list[0].Tries != 2 {
		t.Errorf("got %+v", list)
	}
}

// TestReplayRequests refuses what the endpoints do not take.
func TestReplayRequests(t *testing.T) {
	sitetest.CheckPool(t)
	newKeeping(t, pushToken, keepDirectives, http.NotFoundHandler())
	for body, want := range map[string]int{
		"": 400, "{}": 400, "[]": 400, `{"ids":[]}`: 400, `{"all":false}`: 400, `{"ids":["a"],"all":true}`: 400, `{"all":true} x`: 400, `{"every":true}`: 400,
		`{"all":true}`: 200, `{"ids":["../../x"]}`: 502,
	} {
		var answer admin.Replayed
		if got := sitetest.Admin(t, admin.ReplayPath, http.MethodPost, body, &answer); got != want {
			t.Errorf("%s: got %d, want %d", body, got, want)
		}
	}
	for path, method := range map[string]string{admin.ReplayPath: http.MethodGet, admin.PushesPath: http.MethodPost} {
		if got := sitetest.Admin(t, path, method, "", nil); got != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: got %d", method, path, got)
		}
	}
}

// TestKeepIsOff keeps nothing unless that is asked for.
func TestKeepIsOff(t *testing.T) {
	sitetest.CheckPool(t)
	backend := new(pushBackend)
	k := newKeeping(t, pushToken, "wechat_card /push message_push\nreverse_proxy $BACKEND\n", backend)
	backend.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	if status := k.push(plainPush(cardEvent)); status != http.StatusBadGateway {
		t.Errorf("got %d", status)
	}
	if list := k.list(); len(list) != 0 {
		t.Errorf("got %+v", list)
	}
}
