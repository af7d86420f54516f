package observe

import (
	"net"
	"net/http"

	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Audit is the logger `http.handlers.wechat_card.audit`: a line for each credential lent or injected, card signed for a user to
// whom it is bound, forced refresh, message pushed again, and account that was written or removed by hand. None holds a secret. nil
// writes nothing.
type Audit struct {
	logger *zap.Logger
	action string
}

// NewAudit makes the Audit of an action, or of whatever else acts, in the configuration of ctx.
func NewAudit(ctx caddy.Context, action string) *Audit {
	return &Audit{ctx.Logger(audit{}), action}
}

// The outcomes that are no reason of a problem.
const (
	OutcomeNone        = "none"         // there was nothing to be had, and the request went on
	OutcomeNotAccepted = "not_accepted" // by the backend
	OutcomeNotDone     = "not_done"
)

// As gives the Audit of another action.
func (a *Audit) As(action string) *Audit {
	if a == nil {
		return nil
	}
	return &Audit{a.logger, action}
}

// Write writes a line: what was done, for which account, with which card ("": none), how it ended, and which client asked;
// r is nil where nobody did.
func (a *Audit) Write(r *http.Request, what, account, cardID, outcome string) {
	if a == nil {
		return
	}
	if c := a.logger.Check(zap.InfoLevel, what); c != nil {
		c.Write(zap.String("account", account), zap.String("action", a.action), zap.String("client", client(r)),
			zap.String("card_id", cardID), zap.String("outcome", outcome))
	}
}

// client is who asks: as Caddy's trusted_proxies say, and at the admin API the peer itself.
func client(r *http.Request) string {
	if r == nil {
		return ""
	}
	if vars, ok := r.Context().Value(caddyhttp.VarsCtxKey).(map[string]any); ok {
		if ip, ok := vars[caddyhttp.ClientIPVarKey].(string); ok && ip != "" {
			return ip
		}
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// audit names the logger.
type audit struct{}

// CaddyModule returns the Caddy module information.
func (audit) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.wechat_card.audit", New: func() caddy.Module { return new(audit) }}
}
