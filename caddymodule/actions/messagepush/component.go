package messagepush

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// finder finds an account that authorised a component, by its app id.
type finder func(ctx context.Context, appID string) (*plugin.Account, error)

// WithoutAccount implements Accountless.
func (p *MessagePush) WithoutAccount() bool { return p.Component != "" }

// provisionComponent finds the component of a route that is one's.
func (p *MessagePush) provisionComponent(ctx caddy.Context) error {
	switch {
	case p.ReleaseTest != "" && p.ReleaseTest != "on" && p.ReleaseTest != "off":
		return fmt.Errorf("release_test is on or off, not %q", p.ReleaseTest)
	case p.Component == "" && p.ReleaseTest == "on":
		return errors.New("release_test is for a route with a component")
	case p.Component == "":
		return nil
	case p.ComponentAppID != "":
		return errors.New("component and component_app_id exclude each other: the component knows its app_id")
	}
	loaded, err := ctx.AppIfConfigured(app.Name)
	if err != nil {
		return err
	}
	a := loaded.(*app.App)
	component := a.Component(p.Component)
	if component == nil {
		return fmt.Errorf("component %q is not configured in the global option wechat_card", p.Component)
	}
	p.take(component.Component, func(ctx context.Context, appID string) (*plugin.Account, error) {
		account, _, err := a.Find(ctx, appID, "")
		return account, err
	})
	return p.checkComponent()
}

// take has the action serve a component.
func (p *MessagePush) take(component *thirdparty.Component, find finder) {
	p.component, p.find, p.strangers = component, find, new(quiet)
}

func (p *MessagePush) checkComponent() error {
	if err := p.component.Pushes.CheckMessagePush(); err != nil {
		return fmt.Errorf("component %q: %w", p.Component, err)
	}
	p.component.Pushes.WillKeep(p.Keep)
	return nil
}

// serveComponent serves a request of WeChat's to a platform. What has an InfoType is the platform's own, wherever it came.
func (p *MessagePush) serveComponent(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	body, err := read(r)
	if err != nil {
		return err
	}
	if r.Method == http.MethodPost && len(bytes.TrimSpace(body)) == 0 { // WeChat has been seen to push nothing at all
		p.logger.Debug("what was pushed to the platform is empty")
		answerText(w, pushSuccess)
		return nil
	}
	m, err := open(w, r, p.component.Pushes, body, "")
	if m == nil {
		return err
	}
	if e, ok := m.Platform(); ok {
		p.component.Take(r.Context(), e)
		answerText(w, pushSuccess)
		return nil
	}
	appID := lastSegment(r.URL.Path)
	if !field.IsAppID(appID) {
		return problem.Invalid("the last segment of the path is no app_id, which WeChat puts there for $APPID$ in the URL of messages")
	}
	to, content := m.Text()
	if p.ReleaseTest == "on" && thirdparty.IsTester(appID, to) {
		p.answerTest(w, m, appID, content)
		return nil
	}
	authorised, err := p.component.Authorisation(r.Context(), appID)
	switch {
	case errors.Is(err, platform.ErrNotAuthorised):
		p.strangers.log(func(n int) {
			p.logger.Warn("message of an account that has not authorised the component is not passed on",
				zap.String("component", p.Component), zap.String("app_id", appID), zap.Int("count", n))
		})
		answerText(w, pushSuccess)
		return nil
	case err != nil:
		p.logger.Warn("message is passed on without looking whether its account has authorised the component", // it is WeChat's
			zap.String("component", p.Component), zap.String("app_id", appID), zap.Error(err))
	case to != "" && authorised.UserName != "" && to != authorised.UserName:
		return problem.Newf(http.StatusForbidden, problem.ReasonSignatureInvalid, "the message is not for the account that the path names")
	}
	return p.pass(w, r, next, receiver{inbox: p.component.Pushes, appID: appID, enrich: p.enricher(appID)}, m)
}

// enricher is receiver.enrich for an account that authorised the component: one that the configuration knows no source of is asked nothing.
func (p *MessagePush) enricher(appID string) func(context.Context, *push.Message) []byte {
	return func(ctx context.Context, m *push.Message) []byte {
		account, err := p.find(ctx, appID)
		if err != nil {
			p.logger.Warn("message goes on without what the member filled in", zap.String("app_id", appID), zap.Error(err))
			return m.Plain
		}
		return p.component.Pushes.PushWithUserInfoOf(ctx, m, account.MemberUserInfo)
	}
}

func lastSegment(path string) string {
	path = strings.TrimRight(path, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}

// quiet has something logged once a minute.
type quiet struct {
	mu    sync.Mutex
	last  time.Time
	count int
}

// log calls write with how often it was called since write was.
func (q *quiet) log(write func(n int)) {
	q.mu.Lock()
	q.count++
	n := q.count
	now := time.Now()
	silent := !q.last.IsZero() && now.Sub(q.last) < time.Minute
	if !silent {
		q.last, q.count = now, 0
	}
	q.mu.Unlock()
	if !silent {
		write(n)
	}
}
