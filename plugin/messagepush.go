package plugin

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/dedupe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// userInfoTimeout is what fetching a member's information may take of the five seconds that WeChat waits for an answer.
const userInfoTimeout = 2 * time.Second

var errNoMessagePush = errors.New("it has no message_push settings")

// pushes is what an account knows of the messages that WeChat has pushed.
type pushes struct {
	done  *dedupe.Memory
	pairs *push.Pairs
}

func newPushes() pushes { return pushes{done: dedupe.NewMemory(), pairs: push.NewPairs()} }

// receiver is one configuration's side of message push.
type receiver struct {
	*push.Receiver
	once *dedupe.Group
}

// newReceiver gives nil when the account has no settings for message push.
func newReceiver(cfg AccountConfig, state *State) (*receiver, error) {
	if cfg.MessagePush.Token == "" {
		return nil, nil
	}
	settings := cfg.MessagePush
	settings.Pairs = state.pushes.pairs
	r, err := push.New(settings)
	if err != nil {
		return nil, err
	}
	return &receiver{r, dedupe.New(dedupe.Config{
		Memory: state.pushes.done,
		Store:  cfg.Store,
		Prefix: "wechat_card/" + SharedKey(cfg) + "/pushes",
		Logger: cfg.Logger,
		Now:    cfg.Now,
	})}, nil
}

// CheckMessagePush tells whether the account's message_push settings are there, without which no other method that
// concerns messages may be called.
func (a *Account) CheckMessagePush() error {
	if a.receiver == nil {
		return errNoMessagePush
	}
	return nil
}

// CheckPush checks the request by which WeChat finds out whether a URL is the account's. The error is *push.Refused.
func (a *Account) CheckPush(ctx context.Context, q push.Query) error {
	return a.inTime(ctx, func(now time.Time) error { return a.receiver.Handshake(q, now) })
}

// OpenPush verifies and reads a message that WeChat pushed. platform is the app_id of the third-party platform (第三方平台)
// that messages are encrypted for; "": they are encrypted for the account. The error is *push.Refused or *push.Malformed.
func (a *Account) OpenPush(ctx context.Context, q push.Query, body []byte, platform string) (m *push.Message, err error) {
	err = a.inTime(ctx, func(now time.Time) (err error) {
		m, err = a.receiver.Open(q, body, cmp.Or(platform, a.cfg.AppID), now)
		return err
	})
	return m, err
}

// inTime runs check with the time by WeChat's clock. When it is the time that check refuses, and WeChat has not told us
// any yet, for there was no call to make, we ask.
func (a *Account) inTime(ctx context.Context, check func(now time.Time) error) error {
	err := check(a.clock.Now())
	if e, ok := errors.AsType[*push.Refused](err); !ok || !e.Age || a.clock.Known() {
		return err
	}
	a.clock.Learn(ctx)
	return check(a.clock.Now())
}

// DeliverPush delivers a message, unless it was delivered before; then known is true. Whoever brings the same message
// while that goes on waits for the same value and error, as long as its own ctx lasts. A message whose delivery fails may
// be delivered again. The error is deliver's, that of ctx, or dedupe.ErrElsewhere.
func (a *Account) DeliverPush(ctx context.Context, m *push.Message, deliver func() (any, error)) (value any, known bool, err error) {
	return a.receiver.once.Do(ctx, dedupe.Name(m.Name[:16]), func() (any, error) {
		value, err := deliver()
		if err == nil && a.cfg.Pushed != nil {
			a.cfg.Pushed(m)
		}
		return value, err
	})
}

// SealPush encrypts and signs the reply to a message that was encrypted.
func (a *Account) SealPush(m *push.Message, reply []byte) (sealed []byte, format push.Format) {
	return a.receiver.Seal(m, reply, a.clock.Now())
}

// PushWithUserInfo gives a message's text. If a member has activated a card, what the member filled in stands in it, provided
// that WeChat tells it within two seconds.
func (a *Account) PushWithUserInfo(ctx context.Context, m *push.Message) []byte {
	if m.Event != push.EventSubmitMembercardUserInfo || m.CardID == "" || m.UserCardCode == "" {
		return m.Plain
	}
	ctx, cancel := context.WithTimeout(ctx, userInfoTimeout)
	defer cancel()
	member, err := a.MemberUserInfo(ctx, m.CardID, m.UserCardCode)
	if err != nil {
		if a.cfg.Logger != nil {
			a.cfg.Logger.Warn("message goes on without what the member filled in", slog.String("card_id", m.CardID), slog.Any("error", err))
		}
		return m.Plain
	}
	return m.WithUserInfo(member.UserInfo.AppendJSON(nil))
}

// start reads which messages were delivered before a restart.
func (r *receiver) start() {
	if r != nil {
		r.once.Start()
	}
}

// stop writes down which messages were delivered, beside what else is to be stopped.
func (r *receiver) stop(beside func()) {
	var wg sync.WaitGroup
	if r != nil {
		wg.Go(r.once.Stop)
	}
	beside()
	wg.Wait()
}
