package plugin

import (
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

func TestMessagePushSettings(t *testing.T) {
	if err := newWorld(t, nil).CheckMessagePush(); err == nil {
		t.Error("an account without settings is taken")
	}
	if err := newWorld(t, func(c *AccountConfig) { c.MessagePush.Token = "t0ken" }).CheckMessagePush(); err != nil {
		t.Error(err)
	}
	cfg := AccountConfig{Client: wechat.New(wechat.Config{}), MessagePush: push.Config{Token: "t", EncodingAESKey: "short"}}
	if _, err := NewAccount(cfg, NewState(cfg)); err == nil || !strings.Contains(err.Error(), "message_push") {
		t.Errorf("got error %v", err)
	}
}
