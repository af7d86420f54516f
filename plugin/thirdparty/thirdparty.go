// Package thirdparty is a third-party platform (第三方平台) as a gateway serves it: the platform itself, what WeChat pushes to it and to
// the accounts that authorised it, and those who are told of what changes.
//
// thirdparty.go puts it together, events.go takes what WeChat tells the platform, notices.go tells others, tester.go answers the test
// before 全网发布.
package thirdparty

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/clock"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/messages"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/notify"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// Config is what a Component needs to know.
type Config struct {
	platform.Config             // its Changed is told, too
	Push            push.Config // the settings of messages: Token, EncodingAESKey, PreviousKey; without Token: none is taken
	OpenURL         string      // where WeChat's pages are that merchants authorise at; "": WeChat's own

	Pushed func(*push.Message) // told of each message of an account that was delivered; it must not block; nil: nobody is
}

// State is what outlives a configuration of a Component.
type State struct {
	platform *platform.State
	clock    clock.State
	messages *messages.State

	mu      sync.Mutex
	notices map[string]*kept.Memory // by where they are sent
}

// NewState makes the State of a configuration.
func NewState(cfg Config) *State {
	return &State{
		platform: platform.NewState(cfg.Config), messages: messages.NewState(),
		notices: make(map[string]*kept.Memory),
	}
}

// SharedKey names the State that configurations share. It holds no secret.
func SharedKey(cfg Config) string { return platform.SharedKey(cfg.Config) }

// Component is one third-party platform under one configuration. Any number of goroutines may use it.
type Component struct {
	*platform.Platform                 // what is held of those who authorised, and what follows from it
	Pushes             *messages.Inbox // what WeChat pushes to it, and to the accounts that authorised it

	cfg   Config
	clock *clock.Clock
	dir   string // of the store's keys
	state *State

	sealers []*seal.Sealer // of attempts

	mu        sync.Mutex
	notifiers []*notify.Notifier
	addresses map[string]string // what the notifiers' keys are, by address
}

var errNoKey = errors.New("what is pushed to a component is always encrypted: message_push needs an encoding_aes_key")

// New makes a Component upon a State. It calls nobody and starts nothing.
func New(cfg Config, state *State) (*Component, error) {
	if cfg.Push.Token != "" && cfg.Push.EncodingAESKey == "" {
		return nil, errNoKey
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Component{
		cfg: cfg, state: state, clock: clock.New(cfg.Client, cfg.Now, &state.clock),
		dir: "wechat_card/platform/" + seal.Hash(SharedKey(cfg), cfg.AppID), addresses: make(map[string]string),
	}
	changed := cfg.Config.Changed
	cfg.Config.Changed = func(change platform.Change) {
		c.changed(change)
		if changed != nil {
			changed(change)
		}
	}
	var err error
	if c.Platform, err = platform.New(cfg.Config, state.platform); err != nil {
		return nil, err
	}
	if c.sealers, err = c.attemptSealers(); err != nil {
		return nil, err
	}
	secret, older := c.secrets()
	if c.Pushes, err = messages.New(messages.Config{
		Push: cfg.Push, AppID: cfg.AppID, Clock: c.clock, Store: cfg.Store, Prefix: c.dir, Secret: secret, Older: older,
		Logger: cfg.Logger, Now: cfg.Now, Pushed: cfg.Pushed,
	}, state.messages); err != nil {
		return nil, err
	}
	return c, nil
}

// secrets gives what is sealed with what lies in the store, and what it may have been sealed with before.
func (c *Component) secrets() (secret string, older []string) {
	if len(c.cfg.SealKeys) == 0 {
		return c.cfg.AppSecret, nil
	}
	return c.cfg.SealKeys[0], c.cfg.SealKeys[1:]
}

// shelf is where things lie until they are done.
func (c *Component) shelf(name string, memory *kept.Memory) (*kept.Shelf, error) {
	secret, older := c.secrets()
	return kept.New(kept.Config{
		Memory: memory, Store: c.cfg.Store, Dir: c.dir + "/" + name, Secret: secret, Older: older, Logger: c.cfg.Logger, Now: c.cfg.Now,
	})
}

// OpenURL is where WeChat's pages are that merchants authorise at, when that is not WeChat; else it is empty.
func (c *Component) OpenURL() string { return c.cfg.OpenURL }

// WeChatTime is the present second by WeChat's clock.
func (c *Component) WeChatTime() time.Time { return c.clock.Now() }

// Notify has a backend told of each change of an authorisation that this process makes, at least once. It is for the time before Start.
func (c *Component) Notify(address, key string, client *http.Client) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.addresses[address]; ok {
		if known != key {
			return errors.New("one address is notified with two keys")
		}
		return nil
	}
	c.state.mu.Lock()
	name := seal.Hash(address)
	memory := c.state.notices[name]
	if memory == nil {
		memory = kept.NewMemory()
		c.state.notices[name] = memory
	}
	c.state.mu.Unlock()
	shelf, err := c.shelf("notices/"+name, memory)
	if err != nil {
		return err
	}
	n, err := notify.New(notify.Config{URL: address, Key: key, Shelf: shelf, Client: client, Logger: c.cfg.Logger})
	if err != nil {
		return err
	}
	c.notifiers = append(c.notifiers, n)
	c.addresses[address] = key
	return nil
}

// Start makes this configuration the current one, and begins what it does in the background.
func (c *Component) Start() {
	c.Platform.Start()
	c.Pushes.Start()
	for _, n := range c.notified() {
		n.Start()
	}
}

// Stop ends what Start began, and waits for it, two seconds at the most.
func (c *Component) Stop() {
	var wg sync.WaitGroup
	wg.Go(c.Platform.Stop)
	wg.Go(c.Pushes.Stop)
	for _, n := range c.notified() {
		wg.Go(n.Stop)
	}
	wg.Wait()
}

func (c *Component) notified() []*notify.Notifier {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.notifiers
}

// Waiting is how many notifications this process knows of that are not sent yet.
func (c *Component) Waiting() (n int) {
	for _, to := range c.notified() {
		n += to.Len()
	}
	return n
}

// label is what a component is called in logs.
func (c *Component) label() slog.Attr {
	return slog.String("component", cmp.Or(c.cfg.Name, c.cfg.AppID))
}
