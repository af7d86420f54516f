package plugin

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// How long it is remembered what an activate_ticket stands for, and that a card was activated: App.onShow of a mini
// program brings the same ticket again and again. WeChat at times calls a good ticket expired, so that is soon asked anew.
const (
	activationTTL = 5 * time.Minute
	expiredTTL    = 10 * time.Second
)

// Bounds of what is remembered of activations: some 8 MiB an account at the most.
const (
	maxTempInfos    = 1024
	maxTempInfoSize = 8 << 10 // bytes; a longer one is fetched each time
	maxActivated    = 8192
)

// codeExpiredTicket is WeChat's errcode for an activate_ticket that has expired. Field reports say that the next try, or
// the one after it, often finds the ticket good.
const codeExpiredTicket = 72012

// expiredPauses lie between the tries with an expired activate_ticket.
var expiredPauses = [...]time.Duration{200 * time.Millisecond, 500 * time.Millisecond}

// activations is the part of State that belongs to member cards being activated.
type activations struct {
	infos   *lru.Cache[string, tempInfo]              // by activate_ticket
	done    *lru.Cache[[sha256.Size]byte, doneForNow] // by what was asked for
	fetches singleflight.Group                        // for infos
	calls   singleflight.Group                        // for done
	limit   limit.Bucket                              // for infos: clients choose the tickets
}

// tempInfo is what WeChat said of an activate_ticket.
type tempInfo struct {
	info  wechat.UserInfo
	err   error
	until time.Time
}

// doneForNow says until when a call need not be made again.
type doneForNow struct{ until time.Time }

func newActivations() activations {
	return activations{
		infos: newLRU[string, tempInfo](maxTempInfos),
		done:  newLRU[[sha256.Size]byte, doneForNow](maxActivated),
	}
}

// TempInfo gives what a user filled in to get a member card of the jump type, by the activate_ticket that came back from
// the member-card component or with the redirect, percent-decoded (POST /card/membercard/activatetempinfo/get). Clients
// choose the tickets, so the calls are bounded: past the limit it fails with *limit.Busy.
func (a *Account) TempInfo(ctx context.Context, ticket string) (wechat.UserInfo, error) {
	s := &a.state.activations
	if t, ok := s.infos.Get(ticket); ok && a.cfg.Now().Before(t.until) {
		return t.info, t.err
	}
	return shared.Do(ctx, &s.fetches, ticket, func(ctx context.Context) (wechat.UserInfo, error) {
		info, err := a.askTempInfo(ctx, ticket)
		for _, pause := range expiredPauses {
			if wechat.Errcode(err) != codeExpiredTicket {
				break
			}
			time.Sleep(pause)
			info, err = a.askTempInfo(ctx, ticket)
		}
		ttl := activationTTL
		if wechat.Errcode(err) == codeExpiredTicket {
			ttl = expiredTTL
		}
		if err == nil && len(info.Common)+len(info.Custom) <= maxTempInfoSize || wechat.Is(err, wechat.Refused) {
			s.infos.Add(ticket, tempInfo{info, err, a.cfg.Now().Add(ttl)})
		}
		return info, err
	})
}

func (a *Account) askTempInfo(ctx context.Context, ticket string) (info wechat.UserInfo, err error) {
	err = a.CallWithin(ctx, &a.state.activations.limit, func(token string) (err error) {
		info, err = a.cfg.Client.TempInfo(ctx, token, ticket)
		return err
	})
	return info, err
}

// Activation is a member card that is to be activated.
type Activation struct {
	CardID           string
	Code             string // plain
	MembershipNumber string

	// More holds init_bonus and whatever else the call takes, in the order given. Values are JSON without \u escapes.
	More []ActivationField
}

// ActivationField is a field of an Activation.
type ActivationField struct {
	Name  string
	Value json.RawMessage
}

func (m *Activation) appendJSON(b []byte) []byte {
	b = append(b, `{"card_id":`...)
	b = card.AppendString(b, m.CardID)
	b = append(b, `,"code":`...)
	b = card.AppendString(b, m.Code)
	b = append(b, `,"membership_number":`...)
	b = card.AppendString(b, m.MembershipNumber)
	for _, f := range m.More {
		b = append(b, ',')
		b = card.AppendString(b, f.Name)
		b = append(b, ':')
		b = append(b, f.Value...)
	}
	return append(b, '}')
}

// ActivateMember activates a user's member card (POST /card/membercard/activate). The same again within a few minutes
// costs no call, and a card that WeChat refuses to activate because it is active is no failure: whoever could not be
// answered the first time comes again.
func (a *Account) ActivateMember(ctx context.Context, m Activation) error {
	s := &a.state.activations
	body := m.appendJSON(nil)
	key := sha256.Sum256(body)
	if d, ok := s.done.Get(key); ok && a.cfg.Now().Before(d.until) {
		return nil
	}
	_, err := shared.Do(ctx, &s.calls, string(key[:]), func(ctx context.Context) (struct{}, error) {
		err := a.Call(ctx, func(token string) error {
			return a.cfg.Client.ActivateMember(ctx, token, body, m.Code, m.MembershipNumber)
		})
		// for what it asks, or for a reason that WeChat does not document
		if wechat.Is(err, wechat.Refused, wechat.Setup) && a.isActive(ctx, &m) {
			err = nil
		}
		if err == nil {
			s.done.Add(key, doneForNow{a.cfg.Now().Add(activationTTL)})
		}
		return struct{}{}, err
	})
	return err
}

// isActive asks WeChat whether a card is active already. Which errcode says so when it is activated again is nowhere
// documented.
func (a *Account) isActive(ctx context.Context, m *Activation) bool {
	member, err := a.MemberUserInfo(ctx, m.CardID, m.Code)
	if err != nil || !member.Active {
		return false
	}
	if member.MembershipNumber != m.MembershipNumber && a.cfg.Logger != nil {
		a.cfg.Logger.Warn("a member card was to be activated that is active with another membership_number; it stays as it is",
			"card_id", m.CardID)
	}
	return true
}

// MemberUserInfo gives a user's member card by its plain code, with what the user filled in
// (POST /card/membercard/userinfo/get).
func (a *Account) MemberUserInfo(ctx context.Context, cardID, code string) (m wechat.Member, err error) {
	err = a.Call(ctx, func(token string) (err error) {
		m, err = a.cfg.Client.MemberUserInfo(ctx, token, cardID, code)
		return err
	})
	return m, err
}
