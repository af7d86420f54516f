package record_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recording"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// TestRecord records the sandbox, looks for what is anybody's in the file, and has the sandbox give it out again.
func TestRecord(t *testing.T) {
	wechat, api := sitetest.NewAPI(t)
	const card = `{"card_type":"MEMBER_CARD","member_card":{"base_info":{"title":"张三的卡13800138000","brand_name":"上海市浦东新区"},"prerogative":"x","wx_activate":true}}`
	if err := wechat.PutCard(sitetest.AppID, "pMember13800138000", card); err != nil {
		t.Fatal(err)
	}
	config := commandtest.Config(t, "api "+api+"\nstore off\n"+sitetest.AccountOption("", sitetest.AppID), "")
	file := filepath.Join(t.TempDir(), "wechat.json")
	commandtest.Want(t, commandtest.Run(t, "", "record", file, "--config", config, "--card", "pMember13800138000"), true, "exchanges are in")
	if r := commandtest.Run(t, "", "record", file, "--config", config); !r.Usage {
		t.Errorf("overwrites: %v", r.Err)
	}
	if r := commandtest.Run(t, "", "record", file, "--config", config, "--card", "no card"); !r.Usage {
		t.Errorf("a card that is none: %v", r.Err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{"13800138000", "张三", "上海", "pMember", sitetest.AppID, sitetest.Secret, "127.0.0.1", "http", "MEMBER_CARD"} {
		if strings.Contains(string(raw), hidden) {
			t.Errorf("%s is in\n%s", hidden, raw)
		}
	}
	rec, err := recording.Read(raw)
	if err != nil || len(rec.Exchanges) < 12 {
		t.Fatalf("%v: %d exchanges", err, len(rec.Exchanges))
	}
	found := make(map[string]recording.Exchange)
	for _, x := range rec.Exchanges {
		found[x.Name] = x
	}
	if !strings.Contains(string(found["api_ticket"].Answer), `"errcode": 0`) || !strings.Contains(string(found["card_that_is_not_ours"].Answer), `"errcode"`) ||
		strings.Contains(string(found["escape_in_json"].Answer), `"errcode": 0,`) {
		t.Errorf("got\n%s", raw)
	}

	// A second sandbox with the same card answers in the same shape, by itself and when it replays.
	for _, cfg := range []sandbox.Config{{}, {Replay: rec}} {
		other := sandbox.New(cfg)
		if err := other.PutCard(sitetest.AppID, "pMember13800138000", card); err != nil {
			t.Fatal(err)
		}
		again := recordSandbox(t, other, "pMember13800138000")
		for i, x := range rec.Exchanges {
			if diff := recording.Compare(x.Answer, again.Exchanges[i].Answer); len(diff) > 0 {
				t.Errorf("%s: %q", x.Name, diff)
			}
		}
	}
}

// TestSandboxAnswersAsRecorded holds the sandbox against what real accounts have answered: the files that users have sent.
func TestSandboxAnswersAsRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("nobody with a real account has sent a recording yet: see docs/tried.md")
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rec, err := recording.Read(raw)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		own := recordSandbox(t, sandbox.New(sandbox.Config{}), "pMember")
		byName := make(map[string]json.RawMessage)
		for _, x := range own.Exchanges {
			byName[x.Name] = x.Answer
		}
		for _, x := range rec.Exchanges {
			if answer := byName[x.Name]; answer != nil {
				for _, diff := range recording.Compare(x.Answer, answer) {
					t.Errorf("%s: %s: %s", file, x.Name, diff)
				}
			}
		}
	}
}
