package secure

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure/securetest"
)

// sides gives a mini program and its WeChat, and WeChat with the certificate of before, at that second of each.
func sides(t *testing.T, suite securetest.Suite, change func(*Config), at, theirs int64) (own, wechat, older *Channel) {
	t.Helper()
	cfg := Config{
		SymmetricKey: suite.Symmetric, SymmetricNumber: "sym1", PrivateKey: suite.Own.Private, AsymmetricNumber: "own1",
		Certificates: map[string]string{"plat1": suite.WeChat.Public},
	}
	other := cfg
	other.PrivateKey, other.AsymmetricNumber, other.Certificates = suite.WeChat.Private, "plat1", map[string]string{"own1": suite.Own.Public}
	before := other
	before.PrivateKey, before.AsymmetricNumber = suite.Older.Private, "plat0"
	if change != nil {
		change(&cfg)
	}
	return channel(t, cfg, at), channel(t, other, theirs), channel(t, before, theirs)
}

// TestOtherSide has WeChat's side open what ours sealed, and the other way round, while certificates change too.
func TestOtherSide(t *testing.T) {
	for _, suite := range securetest.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			own, wechat, older := sides(t, suite, nil, callTime, callTime)
			call, err := own.Seal(ownPath, url.Values{"openid": {"o"}}, []byte(`{"code":"1"}`))
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := wechat.OpenCall(ownPath, call.Header, call.Body); err != nil || string(plain) != `{"openid":"o","code":"1"}` {
				t.Errorf("got %s, %v", plain, err)
			}
			onlyOlder, _, _ := sides(t, suite, func(c *Config) { c.Certificates = map[string]string{"plat0": suite.Older.Public} }, callTime, callTime)
			for name, tc := range map[string]struct {
				ours       *Channel
				deprecated *Channel
				opened     bool
			}{
				"one certificate":       {own, nil, true},
				"two, ours is the new":  {own, older, true},
				"two, ours is the old":  {onlyOlder, older, true},
				"one, ours is too old":  {onlyOlder, nil, false},
				"the old one, too soon": {own, own, true}, // whatever stands in the fields that we do not need
			} {
				answer, err := wechat.SealAnswer(ownPath, []byte(`{"errcode":0}`), tc.deprecated)
				if err != nil {
					t.Fatal(err)
				}
				got, plain, err := tc.ours.Open(ownPath, answer.Header, answer.Body)
				if opened := err == nil && !plain && string(got) == `{"errcode":0}`; opened != tc.opened {
					t.Errorf("%s: got %s, %v", name, got, err)
				}
			}
		})
	}
}

// TestOpenCallRefuses looks for WeChat's errcodes.
func TestOpenCallRefuses(t *testing.T) {
	suites := securetest.Suites()
	set := func(name, value string) func(h http.Header) { return func(h http.Header) { h.Set(name, value) } }
	for name, tc := range map[string]struct {
		keys   func(*Config)
		header func(h http.Header)
		path   string
		late   int64
		body   func([]byte) []byte
		want   int
	}{
		"well":           {},
		"late, in time":  {late: 300},
		"too late":       {late: 301, want: 40240},
		"too early":      {late: -301, want: 40240},
		"no time":        {header: func(h http.Header) { h.Del("Wechatmp-TimeStamp") }, want: 40231},
		"no number":      {header: set("Wechatmp-TimeStamp", "soon"), want: 40240},
		"no signature":   {header: func(h http.Header) { h.Del("Wechatmp-Signature") }, want: 40232},
		"no appid":       {header: func(h http.Header) { h.Del("Wechatmp-Appid") }, want: 40233},
		"another appid":  {header: set("Wechatmp-Appid", "wx0000000000000000"), want: 40237},
		"another time":   {header: set("Wechatmp-TimeStamp", strconv.Itoa(callTime+1)), want: 40234},
		"another path":   {path: "/wxa/getuserriskrank", want: 40234},
		"changed body":   {body: func(b []byte) []byte { return append(b, ' ') }, want: 40234},
		"another sym_sn": {keys: func(c *Config) { c.SymmetricNumber = "sym2" }, want: 40235},
		"another key":    {keys: func(c *Config) { c.SymmetricKey = suites[1].Symmetric }, want: 40235},
		"another pair":   {keys: func(c *Config) { c.PrivateKey = suites[0].Older.Private }, want: 40234},
		"unknown serial": {keys: func(c *Config) { c.SendNumber, c.AsymmetricNumber = true, "own2" }, want: 40234},
	} {
		t.Run(name, func(t *testing.T) {
			own, wechat, _ := sides(t, suites[0], tc.keys, callTime, callTime+tc.late)
			call, err := own.Seal(ownPath, nil, []byte(`{"code":"1"}`))
			if err != nil {
				t.Fatal(err)
			}
			if !IsSealed(call.Header) {
				t.Error("it is not to be seen that it is sealed")
			}
			if tc.header != nil {
				tc.header(call.Header)
			}
			if tc.body != nil {
				call.Body = tc.body(call.Body)
			}
			path := ownPath
			if tc.path != "" {
				path = tc.path
			}
			plain, err := wechat.OpenCall(path, call.Header, call.Body)
			if tc.want == 0 {
				if err != nil || !strings.Contains(string(plain), `"code":"1"`) {
					t.Errorf("got %s, %v", plain, err)
				}
				return
			}
			if refused, ok := errors.AsType[*Refused](err); !ok || refused.Code != tc.want || plain != nil {
				t.Errorf("got %s, %+v", plain, err)
			}
		})
	}
	own, wechat, _ := sides(t, suites[0], nil, callTime, callTime)
	wechat.cfg.SendNumber = true
	call, err := own.Seal(ownPath, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wechat.OpenCall(ownPath, call.Header, call.Body); err == nil || err.(*Refused).Code != 40230 { //nolint:errorlint // it is never wrapped
		t.Errorf("got %v", err)
	}
	later := &Channel{own.Keys, own.appID, func() time.Time { return time.Unix(callTime, 0).Add(time.Minute) }}
	again, err := later.Seal(ownPath, nil, nil)
	if err != nil || string(again.Body) == string(call.Body) || again.Header.Get(headerTime) == call.Header.Get(headerTime) {
		t.Errorf("the same was sealed again: %v", err)
	}
}
