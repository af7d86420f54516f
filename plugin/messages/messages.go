// Package messages takes what WeChat pushes to an account: verified, once, and with what a member filled in.
package messages

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/dedupe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// userInfoTimeout is what fetching a member's information may take of the five seconds that WeChat waits for an answer.
const userInfoTimeout = 2 * time.Second

var errNoMessagePush = errors.New("it has no message_push settings")

// State is what an account knows of the messages that WeChat has pushed. It outlives configurations.
type State struct {
	used  sync.Once // where there are no settings for messages, what follows takes no memory
	done  *dedupe.Memory
	pairs *push.Pairs
	kept  *kept.Memory
}

// NewState makes a State that knows nothing.
func NewState() *State { return new(State) }

func (s *State) use() {
	s.used.Do(func() { s.done, s.pairs, s.kept = dedupe.NewMemory(), push.NewPairs(), kept.NewMemory() })
}

// Clock is WeChat's clock.
type Clock interface {
	Now() time.Time
	Known() bool                // whether WeChat has told the time
	Learn(context.Context) bool // asks it, and tells whether it is known then
}

// Member asks WeChat what a member filled in.
type Member func(ctx context.Context, cardID, code string) (wechat.Member, error)

// Config is what an Inbox needs to know.
type Config struct {
	Push   push.Config // without Token: there are no settings; its Pairs do not count
	AppID  string      // whom messages are encrypted for, unless a platform is
	Clock  Clock       // required
	Member Member      // required for PushWithUserInfo

	Store  credential.Store    // where a fleet shares which messages were delivered, and which were not; nil: nowhere
	Prefix string              // of the Store's keys, without a slash at its end
	Secret string              // what messages are sealed with that nobody accepts; "": the EncodingAESKey, or the Token
	Older  []string            // what they may have been sealed with before
	Logger *slog.Logger        // nil: silent
	Now    func() time.Time    // our clock
	Pushed func(*push.Message) // told of each message that was delivered; it must not block; nil: nobody is
}

// Inbox is one configuration's side of message push.
type Inbox struct {
	cfg      *Config        // nil, too, without settings
	receiver *push.Receiver // nil: there are no settings for it, and no once either
	once     *dedupe.Group
	shelf    *kept.Shelf
	keep     atomic.Int64 // how many messages that nobody accepts are kept
	sweeper  sweeper
}

// New makes an Inbox with what is remembered. It fails when the settings cannot be used.
func New(cfg Config, state *State) (*Inbox, error) {
	if cfg.Push.Token == "" {
		return new(Inbox), nil
	}
	state.use()
	settings := cfg.Push
	settings.Pairs = state.pairs
	r, err := push.New(settings)
	if err != nil {
		return nil, err
	}
	shelf, err := kept.New(kept.Config{
		Memory: state.kept,
		Store:  cfg.Store,
		Dir:    cfg.Prefix + "/kept",
		Secret: cmp.Or(cfg.Secret, cfg.Push.EncodingAESKey, cfg.Push.Token),
		Older:  cfg.Older,
		Logger: cfg.Logger,
		Now:    cfg.Now,
	})
	if err != nil {
		return nil, err
	}
	once := dedupe.New(dedupe.Config{
		Memory: state.done,
		Store:  cfg.Store,
		Prefix: cfg.Prefix + "/pushes",
		Logger: cfg.Logger,
		Now:    cfg.Now,
	})
	return &Inbox{cfg: &cfg, receiver: r, once: once, shelf: shelf}, nil
}

// Start reads which messages were delivered before a restart.
func (in *Inbox) Start() {
	if in.once != nil {
		in.once.Start()
	}
	if in.keep.Load() > 0 {
		in.sweeper.start(func() { _ = in.shelf.Sweep(context.Background(), int(in.keep.Load())) }) // the store's guard warns of errors
	}
}

// Stop writes down which messages were delivered. It returns within two seconds.
func (in *Inbox) Stop() {
	in.sweeper.stop()
	if in.once != nil {
		in.once.Stop()
	}
}

// CheckMessagePush tells whether the account's message_push settings are there, without which no other method that
// concerns messages may be called.
func (in *Inbox) CheckMessagePush() error {
	if in.receiver == nil {
		return errNoMessagePush
	}
	return nil
}

// CheckPush checks the request by which WeChat finds out whether a URL is the account's. The error is *push.Refused.
func (in *Inbox) CheckPush(ctx context.Context, q push.Query) error {
	return in.inTime(ctx, func(now time.Time) error { return in.receiver.Handshake(q, now) })
}

// OpenPush verifies and reads a message that WeChat pushed. platform is the app_id of the third-party platform (第三方平台)
// that messages are encrypted for; "": they are encrypted for the account. The error is *push.Refused or *push.Malformed.
func (in *Inbox) OpenPush(ctx context.Context, q push.Query, body []byte, platform string) (m *push.Message, err error) {
	err = in.inTime(ctx, func(now time.Time) (err error) {
		m, err = in.receiver.Open(q, body, cmp.Or(platform, in.cfg.AppID), now)
		return err
	})
	return m, err
}

// inTime runs check with the time by WeChat's clock. When it is the time that check refuses, and WeChat has not told us
// any yet, for there was no call to make, we ask.
func (in *Inbox) inTime(ctx context.Context, check func(now time.Time) error) error {
	err := check(in.cfg.Clock.Now())
	if e, ok := errors.AsType[*push.Refused](err); !ok || !e.Age || in.cfg.Clock.Known() {
		return err
	}
	in.cfg.Clock.Learn(ctx)
	return check(in.cfg.Clock.Now())
}

// DeliverPush delivers a message, unless it was delivered before; then known is true. Whoever brings the same message
// while that goes on waits for the same value and error, as long as its own ctx lasts. A message whose delivery fails may
// be delivered again. The error is deliver's, that of ctx, or dedupe.ErrElsewhere.
func (in *Inbox) DeliverPush(ctx context.Context, m *push.Message, deliver func() (any, error)) (value any, known bool, err error) {
	value, known, err = in.once.Do(ctx, dedupe.Name(m.Name[:16]), func() (any, error) {
		value, err := deliver()
		if err == nil && in.cfg.Pushed != nil {
			in.cfg.Pushed(m)
		}
		return value, err
	})
	if o, ok := ctx.Value(outcomeKey{}).(*Outcome); ok {
		o.Delivered, o.Err = true, err
		if err == nil { // it was kept, though that may not be asked for any longer
			_ = in.shelf.Accepted(context.WithoutCancel(ctx), kept.ID(m.Name[:])) // else it is known as accepted when it comes again
		}
	}
	return value, known, err
}

// SealPush encrypts and signs the reply to a message that was encrypted.
func (in *Inbox) SealPush(m *push.Message, reply []byte) (sealed []byte, format push.Format) {
	return in.receiver.Seal(m, reply, in.cfg.Clock.Now())
}

// PushWithUserInfo gives a message's text. If a member has activated a card, what the member filled in stands in it, provided
// that WeChat tells it within two seconds.
func (in *Inbox) PushWithUserInfo(ctx context.Context, m *push.Message) []byte {
	return in.PushWithUserInfoOf(ctx, m, in.cfg.Member)
}

// PushWithUserInfoOf is PushWithUserInfo for a message of an account of a third-party platform (第三方平台): ask asks WeChat for that
// account.
func (in *Inbox) PushWithUserInfoOf(ctx context.Context, m *push.Message, ask Member) []byte {
	if m.Event != push.EventSubmitMembercardUserInfo || m.CardID == "" || m.UserCardCode == "" {
		return m.Plain
	}
	ctx, cancel := context.WithTimeout(ctx, userInfoTimeout)
	defer cancel()
	member, err := ask(ctx, m.CardID, m.UserCardCode)
	if err != nil {
		if in.cfg.Logger != nil {
			in.cfg.Logger.Warn("message goes on without what the member filled in", slog.String("card_id", m.CardID), slog.Any("error", err))
		}
		return m.Plain
	}
	return m.WithUserInfo(member.UserInfo.AppendJSON(nil))
}
