package accounttest

import (
	"encoding/json"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/clock"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// World is the core of an account in front of a sandbox.
type World struct {
	*account.Core
	*WeChat
	Clock  *clock.Clock
	Config account.Config // that the Core was made of
}

// New makes a World of a configuration as the sandbox wants it, and as change makes it. It lasts as long as the test.
func New(t testing.TB, change func(*account.Config)) *World {
	t.Helper()
	w := &World{WeChat: NewWeChat(t)}
	cfg := account.Config{
		AppID: AppID, AppSecret: AppSecret, ForceRefresh: true, APIURL: w.URL, Client: w.Client, Now: w.Now,
	}
	if change != nil {
		change(&cfg)
	}
	w.Core, w.Clock, w.Config = Core(t, cfg)
	return w
}

// Core makes a Core of a configuration, in a process of its own. It lasts as long as the test.
func Core(t testing.TB, cfg account.Config) (*account.Core, *clock.Clock, account.Config) {
	t.Helper()
	theirs := clock.New(cfg.Client, cfg.Now, new(clock.State))
	cfg.Offset, cfg.LearnClock = theirs.Offset, theirs.Learn
	core, err := account.New(cfg, credential.NewKeepers(cfg.ID()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(core.Stop)
	return core, theirs, cfg
}

// ActivateTicket has a user fill in the form of a member card.
func (w *World) ActivateTicket(t testing.TB) (ticket, code string) {
	t.Helper()
	var url string
	err := w.Call(t.Context(), func(token string) (err error) {
		url, err = w.Client.ActivateURL(t.Context(), token, CardID, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := card.ParseActivateURL(url)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"appId": "wxeb490c6f9b154ef9", "extraData": map[string]string{
		"encrypt_card_id": data.EncryptCardID, "outer_str": data.OuterStr, "biz": data.Biz,
	}})
	if err != nil {
		t.Fatal(err)
	}
	answer := w.Phone(t, "openComponent", body)
	referrer, _ := answer["referrerInfo"].(map[string]any)
	extra, _ := referrer["extraData"].(map[string]any)
	ticket, _ = extra["activate_ticket"].(string)
	code, _ = extra["code"].(string)
	if ticket == "" || code == "" {
		t.Fatalf("got %v", answer)
	}
	return ticket, code
}
