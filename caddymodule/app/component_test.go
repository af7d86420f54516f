package app_test

import (
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

const (
	componentID = "wx00000000000000c0"
	aesKey      = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	sealKey     = "0123456789abcdef0123456789abcdef"
)

func TestComponent(t *testing.T) {
	sitetest.CheckPool(t)
	s := sitetest.NewWith(t, `
	component shop {
		app_id `+componentID+`
		app_secret {env.TEST_APP_SECRET}
		message_push t0ken `+aesKey+`
		seal_key `+sealKey+`
	}
	accounts platform shop`, `wechat_card /platform/* message_push {
		component shop
	}`)
	c := s.App.Component("shop")
	if c == nil || c.AppID() != componentID || s.App.Component("other") != nil || s.App.Platforms()["shop"] != c.Platform {
		t.Fatalf("got %v", c)
	}
	if err := c.Pushes.CheckMessagePush(); err != nil {
		t.Error(err)
	}
	if got := s.App.Directory().Sources(); len(got) != 1 || got[0] != "platform shop" {
		t.Errorf("got sources %v", got)
	}
}

func TestComponentsThatAreRefused(t *testing.T) {
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	t.Setenv("SHORT", "short")
	for name, tc := range map[string]struct{ app, want string }{
		"account":   {`"components":{"c":{"app_id":"` + sitetest.AppID + `","app_secret":"s"}}`, `component "c": its app_id, ` + sitetest.AppID + `, is that of account 'default'`},
		"mini":      {`"components":{"c":{"app_id":"wx00000000000000e1","app_secret":"s"}}`, "is that of a mini_program"},
		"component": {`"components":{"c":{"app_id":"` + componentID + `","app_secret":"s"},"d":{"app_id":"` + componentID + `","app_secret":"s"}}`, "is that of component 'c'"},
		"no id":     {`"components":{"c":{"app_secret":"s"}}`, `component "c": app_id is missing`},
		"no secret": {`"components":{"c":{"app_id":"` + componentID + `"}}`, `component "c": app_secret is missing`},
		"null":      {`"components":{"c":null}`, `component "c": app_id is missing`},
		"braces":    {`"components":{"{c}":{"app_id":"` + componentID + `","app_secret":"s"}}`, "a name is not empty and has no braces"},
		"seal key":  {`"components":{"c":{"app_id":"` + componentID + `","app_secret":"s","seal_key":["{env.SHORT}"]}}`, "seal_key: a key has at least 32 characters"},
		"push": {
			`"components":{"c":{"app_id":"` + componentID + `","app_secret":"s","message_push":{"token":"t"}}}`,
			"message_push: it needs a token and an encoding_aes_key",
		},
		"push key": {
			`"components":{"c":{"app_id":"` + componentID + `","app_secret":"s","message_push":{"token":"t","encoding_aes_key":"k"}}}`,
			"the encoding_aes_key must be 43 letters and digits",
		},
		"source":        {`"account_sources":[{"source":"folder"}]`, `a source of accounts is file or redis or http or platform, not "folder"`},
		"no folder":     {`"account_sources":[{"source":"file"}]`, "accounts file: folder is missing"},
		"not its field": {`"account_sources":[{"source":"file","folder":"/","url":"http://x"}]`, "accounts file takes no url"},
		"gone folder":   {`"account_sources":[{"source":"file","folder":"/nowhere/at/all"}]`, "accounts file: stat /nowhere/at/all"},
		"no component":  {`"account_sources":[{"source":"platform","component":"shop"}],"components":{"shops":{"app_id":"` + componentID + `","app_secret":"s"}}`, "component 'shop' is not configured: there is shops; did you mean shops?"},
		"short seal":    {`"seal_key":["{env.SHORT}"]`, "seal_key: a key has at least 32 characters"},
		"two of one":    {`"seal_key":["` + sealKey + `","` + sealKey + `"]`, "seal_key: both keys are one"},
		"three":         {`"seal_key":["` + sealKey + `1","` + sealKey + `2","` + sealKey + `3"]`, "seal_key takes a key and the one before, not 3 keys"},
	} {
		t.Run(name, func(t *testing.T) {
			sitetest.CheckPool(t)
			err := sitetest.Validate(`{"admin":{"disabled":true},"apps":{"wechat_card":{"store":{"module":"off"},` + tc.app + `,"accounts":{
				"default":{"app_id":"` + sitetest.AppID + `","app_secret":"s","mini_program":[{"app_id":"wx00000000000000e1","app_secret":"s"}]}}}}}`)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestLiteralSecretsOfComponent(t *testing.T) {
	c := app.ComponentSettings{
		AppSecret: "{env.S}", MessagePush: &app.ComponentPush{Token: "t", EncodingAESKey: "{file./k}", PreviousEncodingAESKey: "k"}, SealKey: []string{"a", "b"},
	}
	want := "token of message_push, previous_encoding_aes_key of message_push, seal_key"
	if got := strings.Join(c.LiteralSecrets(), ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
