package messagepush

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// pushQuery is the query of a push.
type pushQuery struct {
	push.Query
	echo string
}

// readPushQuery reads a query. A parameter that stands twice is none.
func readPushQuery(raw string) pushQuery {
	var q pushQuery
	targets := map[string]*string{
		"signature": &q.Signature, "timestamp": &q.Timestamp, "nonce": &q.Nonce, "msg_signature": &q.MsgSignature, "echostr": &q.echo,
	}
	seen := make(map[string]bool, len(targets))
	for name, value := range queries.Pairs(raw) {
		target := targets[name]
		if target == nil {
			continue
		}
		value, ok := queries.Unescape(value)
		if !ok || seen[name] {
			value = ""
		}
		*target, seen[name] = value, true
	}
	return q
}
