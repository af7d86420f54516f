package activation

import (
	"context"
	"crypto/sha256"
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Activation is a member card that is to be activated.
type Activation struct {
	CardID           string
	Code             string // plain
	MembershipNumber string

	// More holds init_bonus and whatever else the call takes, in the order given. Values are JSON without \u escapes.
	More []Field
}

// Field is a field of an Activation.
type Field struct {
	Name  string
	Value json.RawMessage
}

func (a *Activation) appendJSON(b []byte) []byte {
	b = append(b, `{"card_id":`...)
	b = card.AppendString(b, a.CardID)
	b = append(b, `,"code":`...)
	b = card.AppendString(b, a.Code)
	b = append(b, `,"membership_number":`...)
	b = card.AppendString(b, a.MembershipNumber)
	for _, f := range a.More {
		b = append(b, ',')
		b = card.AppendString(b, f.Name)
		b = append(b, ':')
		b = append(b, f.Value...)
	}
	return append(b, '}')
}

// ActivateMember activates a user's member card (POST /card/membercard/activate). The same again within a few minutes
// costs no call, and a card that WeChat refuses to activate because it is active is no failure: whoever could not be
// answered the first time comes again. Clients cause the calls, so they are bounded: past the limit it fails with *limit.Busy.
func (m *Members) ActivateMember(ctx context.Context, a Activation) error {
	s := m.state
	body := a.appendJSON(nil)
	key := sha256.Sum256(body)
	if m.isDone(key) {
		return nil
	}
	_, err := shared.Do(ctx, &s.calls, string(key[:]), func(ctx context.Context) (struct{}, error) {
		if m.isDone(key) { // another's call ended just now
			return struct{}{}, nil
		}
		err := m.caller.CallWithin(ctx, &s.activateLimit, func(token string) error {
			return m.client.ActivateMember(ctx, token, body, a.Code, a.MembershipNumber)
		})
		// for what it asks, or for a reason that WeChat does not document
		if wechat.Is(err, wechat.Refused, wechat.Setup) && m.isActive(ctx, &a) {
			err = nil
		}
		if err == nil {
			s.done.Add(key, doneForNow{m.now().Add(activationTTL)})
		}
		return struct{}{}, err
	})
	return err
}

// isDone reports whether what was asked for was done a few minutes ago.
func (m *Members) isDone(key [sha256.Size]byte) bool {
	d, ok := m.state.done.Get(key)
	return ok && m.now().Before(d.until)
}

// isActive asks WeChat whether a card is active already. Which errcode says so when it is activated again is nowhere
// documented.
func (m *Members) isActive(ctx context.Context, a *Activation) bool {
	var member wechat.Member
	err := m.caller.CallWithin(ctx, &m.state.activateLimit, func(token string) (err error) {
		member, err = m.client.MemberUserInfo(ctx, token, a.CardID, a.Code)
		return err
	})
	if err != nil || !member.Active {
		return false
	}
	if member.MembershipNumber != a.MembershipNumber && m.logger != nil {
		m.logger.Warn("a member card was to be activated that is active with another membership_number; it stays as it is",
			"card_id", a.CardID)
	}
	return true
}

// MemberUserInfo gives a user's member card by its plain code, with what the user filled in
// (POST /card/membercard/userinfo/get).
func (m *Members) MemberUserInfo(ctx context.Context, cardID, code string) (member wechat.Member, err error) {
	err = m.caller.Call(ctx, func(token string) (err error) {
		member, err = m.client.MemberUserInfo(ctx, token, cardID, code)
		return err
	})
	return member, err
}
