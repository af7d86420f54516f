package messagepush

import (
	"mime"
	"net/http"
	"strings"
	"unicode"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/headers"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// maxPushField bounds a header's value: servers refuse requests with long ones.
const maxPushField = 2048

// pushFields are the header fields that are set.
var pushFields = []headers.Field{
	{Name: "X-Wechat-Event"},
	{Name: "X-Wechat-Openid"},
	{Name: "X-Wechat-Unionid"},
	{Name: "X-Wechat-Card-Id"},
	{Name: "X-Wechat-Outer-Str"},
	{Name: "X-Wechat-App-Id"},
}

// setPush makes r the request that the backend gets; appID is the account's, where the route is a component's. It changes r itself, not a copy: Caddy's placeholders read that.
func setPush(r *http.Request, m *push.Message, plain []byte, appID string) {
	bodies.Set(r, plain)
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType != string(m.Format) { // the parameters of one that fits stay
		r.Header["Content-Type"] = []string{string(m.Format)}
	}
	delete(r.Header, "Content-Encoding")
	delete(r.Header, "Accept-Encoding") // a reply must be read
	queries.Edit(r, func(raw string) string {
		return queries.Cut(raw, func(name string) bool { return name == "encrypt_type" || name == "msg_signature" })
	})
	for i, value := range [...]string{m.Event, m.OpenID, m.UnionID, m.CardID, m.OuterStr, appID} {
		value = strings.TrimSpace(strings.Map(withoutControl, value))
		if value != "" && len(value) <= maxPushField {
			r.Header[pushFields[i].Name] = []string{value}
		}
	}
}

// withoutControl is for strings.Map: control characters would end a header, or be refused in it.
func withoutControl(c rune) rune {
	if unicode.IsControl(c) {
		return -1
	}
	return c
}
