package activation

import (
	"context"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// codeExpiredTicket is WeChat's errcode for an activate_ticket that has expired. Field reports say that the next try, or
// the one after it, often finds the ticket good.
const codeExpiredTicket = 72012

// expiredPauses lie between the tries with an expired activate_ticket.
var expiredPauses = [...]time.Duration{200 * time.Millisecond, 500 * time.Millisecond}

// TempInfo gives what a user filled in to get a member card of the jump type, by the activate_ticket that came back from
// the member-card component or with the redirect, percent-decoded (POST /card/membercard/activatetempinfo/get). Clients
// choose the tickets, so the calls are bounded: past the limit it fails with *limit.Busy.
func (m *Members) TempInfo(ctx context.Context, ticket string) (wechat.UserInfo, error) {
	s := m.state
	if t, ok := m.rememberedInfo(ticket); ok {
		return t.info, t.err
	}
	return shared.Do(ctx, &s.fetches, ticket, func(ctx context.Context) (wechat.UserInfo, error) {
		if t, ok := m.rememberedInfo(ticket); ok { // another's call ended just now
			return t.info, t.err
		}
		info, err := m.askTempInfo(ctx, ticket)
		for _, pause := range expiredPauses {
			if wechat.Errcode(err) != codeExpiredTicket {
				break
			}
			time.Sleep(pause)
			info, err = m.askTempInfo(ctx, ticket)
		}
		ttl := activationTTL
		if wechat.Errcode(err) == codeExpiredTicket {
			ttl = expiredTTL
		}
		if err == nil && len(info.Common)+len(info.Custom) <= maxTempInfoSize || wechat.Is(err, wechat.Refused) {
			s.infos.Add(ticket, tempInfo{info, err, m.now().Add(ttl)})
		}
		return info, err
	})
}

func (m *Members) rememberedInfo(ticket string) (tempInfo, bool) {
	t, ok := m.state.infos.Get(ticket)
	return t, ok && m.now().Before(t.until)
}

func (m *Members) askTempInfo(ctx context.Context, ticket string) (info wechat.UserInfo, err error) {
	err = m.caller.CallWithin(ctx, &m.state.ticketLimit, func(token string) (err error) {
		info, err = m.client.TempInfo(ctx, token, ticket)
		return err
	})
	return info, err
}
