package sandbox

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a sandbox with a clock that the test moves.
type rig struct {
	t   testing.TB
	s   *Sandbox
	now time.Time
}

func newRig(t testing.TB, cfg Config) *rig {
	r := &rig{t: t, now: time.Date(2026, 5, 4, 12, 0, 0, 0, accounts.ChinaTime)}
	cfg.Now = func() time.Time { return r.now }
	r.s = New(cfg)
	return r
}

func (r *rig) pass(d time.Duration) { r.now = r.now.Add(d) }

// answer is any answer of the sandbox.
type answer map[string]any

func (a answer) code() int {
	n, _ := a["errcode"].(float64)
	return int(n)
}

func (a answer) text(name string) string {
	v, _ := a[name].(string)
	return v
}

func (a answer) int(name string) int {
	n, _ := a[name].(float64)
	return int(n)
}

// raw makes one request from this machine.
func (r *rig) raw(method, target, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.RemoteAddr = "[::1]:4711"
	if strings.HasPrefix(target, ownPrefix) {
		req.Host = "[::1]:8081"
	}
	w := httptest.NewRecorder()
	r.s.ServeHTTP(w, req)
	return w
}

func (r *rig) do(method, target, body string) answer {
	r.t.Helper()
	w := r.raw(method, target, body)
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		r.t.Fatalf("%s %s: %d %q: %v", method, target, w.Code, w.Body, err)
	}
	return a
}

// post calls the API with a token; the body is JSON, or a value to encode.
func (r *rig) post(path, token string, body any) answer {
	r.t.Helper()
	text, isText := body.(string)
	if !isText {
		text = string(wire.Encode(body))
	}
	return r.do("POST", path+"?access_token="+url.QueryEscape(token), text)
}

// stable and classic give the answer of the token endpoints for app wx1.
func (r *rig) stable(force bool) answer {
	r.t.Helper()
	return r.do("POST", "/cgi-bin/stable_token",
		`{"grant_type":"client_credential","appid":"wx1","secret":"s1","force_refresh":`+strconv.FormatBool(force)+`}`)
}

func (r *rig) classic() answer {
	r.t.Helper()
	return r.do("GET", "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s1", "")
}

// token gives an access_token of an app.
func (r *rig) token(app string) string {
	r.t.Helper()
	return r.do("POST", "/cgi-bin/stable_token", `{"grant_type":"client_credential","appid":"`+app+`","secret":"s1"}`).text("access_token")
}

func (r *rig) ticket(app, kind string) string {
	r.t.Helper()
	return r.do("GET", "/cgi-bin/ticket/getticket?type="+kind+"&access_token="+r.token(app), "").text("ticket")
}

// check says what a token is worth: 0 or the errcode.
func (r *rig) check(token string) int {
	r.t.Helper()
	return r.post("/card/batchget", token, `{"offset":0,"count":1}`).code()
}

func (r *rig) wantCode(what string, a answer, want int) {
	r.t.Helper()
	if a.code() != want {
		r.t.Errorf("%s: got %v, want errcode %d", what, a, want)
	}
}

// card makes a card of app wx1; base and extra are fields of its base_info and its object.
func (r *rig) card(id, typ string, base, extra map[string]any) {
	r.t.Helper()
	info := map[string]any{"sku": map[string]any{"quantity": 100}}
	maps.Copy(info, base)
	body := map[string]any{"base_info": info}
	maps.Copy(body, extra)
	if err := r.s.PutCard("wx1", id, string(wire.Encode(map[string]any{"card_type": typ, strings.ToLower(typ): body}))); err != nil {
		r.t.Fatal(err)
	}
}

// ext is a cardExt whose fields are all signed but outer_str and fixed_begintimestamp.
func ext(ticket, cardID string, fields map[string]string) map[string]any {
	e := map[string]any{"timestamp": "1700000000"}
	values := []string{ticket, cardID}
	for name, v := range fields {
		e[name] = v
	}
	for name, v := range e {
		if name != "outer_str" && name != "fixed_begintimestamp" {
			values = append(values, v.(string))
		}
	}
	e["signature"] = phone.Signature(values...)
	return e
}

// addCard passes one card to wx.addCard.
func (r *rig) addCard(query, cardID string, cardExt any) answer {
	r.t.Helper()
	if e, isFields := cardExt.(map[string]any); isFields {
		cardExt = string(wire.Encode(e))
	}
	return r.phone("addCard"+query, map[string]any{"cardList": []any{map[string]any{"cardId": cardID, "cardExt": cardExt}}})
}

func (r *rig) phone(name string, body any) answer {
	r.t.Helper()
	return r.do("POST", "/_sandbox/phone/"+name, string(wire.Encode(body)))
}

// added gives the encrypted code of a successful addCard.
func (r *rig) added(a answer) string {
	r.t.Helper()
	list, _ := a["cardList"].([]any)
	if a.text("errMsg") != "addCard:ok" || len(list) == 0 {
		r.t.Fatalf("got %v", a)
	}
	return answer(list[0].(map[string]any)).text("code")
}

// plain decrypts a code as app wx1.
func (r *rig) plain(encrypted string) string {
	r.t.Helper()
	a := r.post("/card/code/decrypt", r.token("wx1"), map[string]any{"encrypt_code": encrypted})
	r.wantCode("decrypt", a, 0)
	return a.text("code")
}

func (r *rig) wantRefused(what string, a answer, text, reason string) {
	r.t.Helper()
	if !strings.HasSuffix(a.text("errMsg"), ":fail "+text) || a.text("reason") != reason || a.text("detail") == "" {
		r.t.Errorf("%s: got %v, want %s, reason %s", what, a, text, reason)
	}
}

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

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }
