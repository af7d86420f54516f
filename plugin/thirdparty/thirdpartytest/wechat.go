// Package thirdpartytest has as much of WeChat as tests of a third-party platform need: the calls of one component, and what WeChat
// pushes to it.
package thirdpartytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// The component of the tests, and an account of a merchant's.
const (
	Component = "wx00000000000c0001"
	Secret    = "c0mponent0123456789abcdef0123456" //nolint:gosec // WeChat is ours
	Token     = "c0mponentT0ken"
	Key       = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	SealKey   = "a seal key of more than 32 characters"

	Account  = "wx00000000000a0001"
	UserName = "gh_000000000001"
)

// Text is a text that was sent by the customer-service call.
type Text struct{ Token, To, Content string }

// WeChat is a WeChat with one component. Its fields may be set before it is asked.
type WeChat struct {
	URL   string
	Codes map[string]string // authorization codes, and whose they are; each is good once
	Sets  map[string][]int  // permission sets, by app id; none: 4 and 8
	Fail  map[string]int    // errcodes, by the last segment of a call's path

	mu    sync.Mutex
	calls map[string]int
	texts []Text
}

// New starts a WeChat.
func New(t testing.TB) *WeChat {
	t.Helper()
	w := &WeChat{Codes: make(map[string]string), Sets: make(map[string][]int), Fail: make(map[string]int), calls: make(map[string]int)}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	w.URL = server.URL
	return w
}

// Calls is how often a call was made, by the last segment of its path.
func (w *WeChat) Calls(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[name]
}

// Texts are those that were sent.
func (w *WeChat) Texts() []Text {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Text(nil), w.texts...)
}

// Set changes fields while somebody may ask.
func (w *WeChat) Set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// ServeHTTP implements http.Handler.
func (w *WeChat) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	w.calls[name]++
	var q struct {
		Code    string                   `json:"authorization_code"`
		Account string                   `json:"authorizer_appid"`
		Ticket  string                   `json:"component_verify_ticket"`
		To      string                   `json:"touser"`
		Text    struct{ Content string } `json:"text"`
	}
	_ = json.NewDecoder(r.Body).Decode(&q)
	answer := map[string]any{"errcode": 0, "errmsg": "ok"}
	switch code := w.Fail[name]; {
	case code != 0:
		answer["errcode"], answer["errmsg"] = code, "failed"
	case name == "api_component_token":
		if answer = map[string]any{"component_access_token": "component-token", "expires_in": 7200}; q.Ticket != "ticket@@@1" {
			answer = map[string]any{"errcode": 61006, "errmsg": "component ticket is invalid"}
		}
	case name == "api_create_preauthcode":
		answer = map[string]any{"pre_auth_code": fmt.Sprint("preauthcode@@@", w.calls[name]), "expires_in": 1800}
	case name == "api_query_auth":
		appID := w.Codes[q.Code]
		if delete(w.Codes, q.Code); appID == "" {
			answer = map[string]any{"errcode": 61009, "errmsg": "code is invalid"}
			break
		}
		answer = map[string]any{"authorization_info": w.info(appID)}
	case name == "api_get_authorizer_info":
		answer = map[string]any{
			"authorizer_info":    map[string]any{"nick_name": "Noodle <Shop>", "user_name": UserName, "verify_type_info": map[string]int{"id": 0}},
			"authorization_info": w.info(q.Account),
		}
	case name == "api_authorizer_token":
		answer = map[string]any{"authorizer_access_token": "token-of-" + q.Account, "expires_in": 7200, "authorizer_refresh_token": "refresh@@@" + q.Account}
	case name == "api_get_authorizer_list":
		answer = map[string]any{"total_count": 0, "list": []any{}}
	case r.URL.Path == "/cgi-bin/message/custom/send":
		w.texts = append(w.texts, Text{r.URL.Query().Get("access_token"), q.To, q.Text.Content})
	}
	_ = json.NewEncoder(rw).Encode(answer)
}

func (w *WeChat) info(appID string) map[string]any {
	sets := w.Sets[appID]
	if sets == nil {
		sets = []int{1, 4, 8}
	}
	functions := make([]any, 0, len(sets))
	for _, id := range sets {
		functions = append(functions, map[string]any{"funcscope_category": map[string]int{"id": id}})
	}
	return map[string]any{
		"authorizer_appid": appID, "authorizer_access_token": "token-of-" + appID, "expires_in": 7200,
		"authorizer_refresh_token": "refresh@@@" + appID, "func_info": functions,
	}
}

// Sealed is what WeChat pushes to the component, of what stands in <xml>: the query and the body.
func Sealed(t testing.TB, inner string) (query url.Values, body []byte) {
	t.Helper()
	r, err := push.New(push.Config{Token: Token, EncodingAESKey: Key})
	if err != nil {
		t.Fatal(err)
	}
	return r.Again([]byte("<xml>"+inner+"</xml>"), push.XML, Component, time.Now())
}

// Opened opens an encrypted reply.
func Opened(t testing.TB, body []byte) string {
	t.Helper()
	_, rest, _ := strings.Cut(string(body), "<Encrypt><![CDATA[")
	text, _, _ := strings.Cut(rest, "]]>")
	c, err := push.NewCipher(Key)
	if err != nil {
		t.Fatal(err)
	}
	plain, whose, err := c.Decrypt(text)
	if err != nil || whose != Component {
		t.Fatalf("reply is for %q: %v: %s", whose, err, body)
	}
	return string(plain)
}

// Event is an event of the platform, as it stands in <xml>.
func Event(infoType string, at time.Time, more string) string {
	return fmt.Sprintf("<AppId>%s</AppId><CreateTime>%d</CreateTime><InfoType>%s</InfoType>%s", Component, at.Unix(), infoType, more)
}

// Ticket is the event of the ticket that this WeChat takes.
func Ticket() string {
	return Event("component_verify_ticket", time.Now(), "<ComponentVerifyTicket>ticket@@@1</ComponentVerifyTicket>")
}
