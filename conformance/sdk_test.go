package conformance

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	cachego "github.com/faabiosr/cachego/redis"
	"github.com/fastwego/offiaccount"
	silenceper "github.com/silenceper/wechat/v2"
	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/util"
	redisv4 "gopkg.in/redis.v4"
)

const menu = `{"button":[{"type":"view","name":"card","url":"https://shop.example.com/"}]}`

// sdk is what the tests do with one SDK, which keeps its credentials in a Redis.
type sdk struct {
	token func() (string, error)
	call  func() error
	sign  func() (nonce, timestamp, signature string, err error) // nil: it signs no pages
}

// The SDKs have one setting a process for where they connect to, so they are used one after the other.
var sdks = map[string]func(t *testing.T, g *gateway, redis string) sdk{
	"silenceper classic": func(t *testing.T, g *gateway, redis string) sdk { return openSilenceper(t, g, redis, false) },
	"silenceper stable":  func(t *testing.T, g *gateway, redis string) sdk { return openSilenceper(t, g, redis, true) },
	"fastwego":           openFastwego,
}

func openSilenceper(t *testing.T, g *gateway, redis string, stable bool) sdk {
	util.SetURIModifier(func(uri string) string { return strings.Replace(uri, "https://api.weixin.qq.com", g.URL, 1) })
	t.Cleanup(func() { util.SetURIModifier(nil) })
	account := silenceper.NewWechat().GetOfficialAccount(&config.Config{
		AppID: sitetest.AppID, AppSecret: sitetest.Secret, UseStableAK: stable,
		Cache: cache.NewRedis(context.Background(), &cache.RedisOpts{Host: redis}),
	})
	return sdk{
		token: account.GetAccessToken,
		call: func() error {
			if err := account.GetMenu().SetMenuByJSON(menu); err != nil {
				return err
			}
			_, err := account.GetMenu().GetMenu()
			return err
		},
		sign: func() (nonce, timestamp, signature string, err error) {
			signed, err := account.GetJs().GetConfig(page)
			if err != nil {
				return "", "", "", err
			}
			return signed.NonceStr, strconv.FormatInt(signed.Timestamp, 10), signed.Signature, nil
		},
	}
}

func openFastwego(t *testing.T, g *gateway, redis string) sdk {
	before := offiaccount.WXServerUrl
	offiaccount.WXServerUrl = g.URL
	t.Cleanup(func() { offiaccount.WXServerUrl = before })
	account := offiaccount.New(offiaccount.Config{Appid: sitetest.AppID, Secret: sitetest.Secret})
	account.Logger = log.New(io.Discard, "", 0)
	client := redisv4.NewClient(&redisv4.Options{Addr: redis})
	t.Cleanup(func() { _ = client.Close() })
	account.AccessToken.Cache = cachego.New(client)
	return sdk{
		token: func() (string, error) { return account.AccessToken.GetAccessTokenHandler(account) },
		call: func() error {
			_, err := account.Client.HTTPPost("/cgi-bin/menu/create", strings.NewReader(menu), "application/json")
			if err != nil {
				return err
			}
			_, err = account.Client.HTTPGet("/cgi-bin/menu/get")
			return err
		},
	}
}

// TestSDKs uses SDKs as they come, with their caches in a Redis, across rotations: nothing is ever refused to them.
func TestSDKs(t *testing.T) {
	for name, open := range sdks {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t)
			g := startGateway(t, sandbox.New(sandbox.Config{}), "", "")
			s := open(t, g, server.Addr)
			round := func(what string) (token string) {
				t.Helper()
				for range 3 {
					if err := s.call(); err != nil {
						t.Fatalf("%s: %v", what, err)
					}
				}
				if s.sign != nil {
					nonce, timestamp, signature, err := s.sign()
					if err != nil {
						t.Fatalf("%s: %v", what, err)
					}
					g.checkSignature(t, page, nonce, timestamp, signature)
				}
				token, err := s.token()
				if err != nil || token == "" {
					t.Fatalf("%s: token %q, %v", what, token, err)
				}
				return token
			}
			// forget ends what the SDK keeps, as its keys' TTL does, and wants each to have had one.
			forget := func() {
				t.Helper()
				keys, _ := server.Do("keys", "*").([]any)
				if len(keys) == 0 {
					t.Error("the SDK keeps nothing in Redis")
				}
				for _, key := range keys {
					if ttl, _ := server.Do("pttl", key).(int64); ttl <= 0 || ttl > 7200_000 {
						t.Errorf("%v is kept for %d ms", key, ttl)
					}
				}
				server.Do("flushall")
			}

			first := round("at first")
			if again := round("again"); again != first {
				t.Error("another token without a rotation")
			}
			if err := g.WeChat.Revoke(sandbox.Revocation{}); err != nil {
				t.Fatal(err)
			}
			if kept := round("with a token that WeChat refuses"); kept != first { // 40001, which relay answers with another token
				t.Error("the SDK has another token before its cache has ended")
			}
			forget()
			if second := round("after the token's rotation"); second == first {
				t.Error("the SDK has the dead token still")
			}
			g.renewTicket(t)
			forget()
			round("after the ticket's renewal")
			if calls := g.WeChat.Calls(); calls["/cgi-bin/stable_token"] != 2 || calls["/cgi-bin/token"] != 0 || calls["/cgi-bin/ticket/getticket"] > 3 {
				t.Errorf("WeChat was called for credentials: %v", calls)
			}
		})
	}
}

// TestReadsWhatSDKsKeep has SDKs keep WeChat's token in a Redis, and a gateway take it from there: through a rotation, and while the
// SDK is away.
func TestReadsWhatSDKsKeep(t *testing.T) {
	for name, key := range map[string]string{
		"silenceper classic": "gowechat_officialaccount__access_token_" + sitetest.AppID,
		"silenceper stable":  "gowechat_officialaccount__stable_access_token_" + sitetest.AppID,
		"fastwego":           sitetest.AppID,
	} {
		t.Run(name, func(t *testing.T) {
			standIn := sandbox.New(sandbox.Config{})
			api := httptest.NewServer(standIn)
			t.Cleanup(api.Close)
			server := redistest.Start(t)
			s := sdks[name](t, &gateway{URL: api.URL}, server.Addr) // it calls WeChat by itself
			first, err := s.token()
			if err != nil {
				t.Fatal(err)
			}
			g := startGateway(t, standIn, "token_source redis "+server.Addr+" "+key, "")
			want := func(token string) {
				t.Helper()
				if answer, err := postMenu(g); err != nil {
					t.Fatalf("a call with the SDK's token: %s", answer)
				}
				lent, left := lend(t, g, "/cgi-bin/token?grant_type=client_credential&appid="+sitetest.AppID+"&secret="+sitetest.Secret)
				if lent != token || left > 7200 {
					t.Errorf("the gateway has another token than the SDK, or lends it for %v s", left)
				}
			}
			want(first)
			if err := standIn.Revoke(sandbox.Revocation{}); err != nil {
				t.Fatal(err)
			}
			server.Do("flushall")
			second, err := s.token()
			if err != nil || second == first {
				t.Fatalf("the SDK has no other token: %v", err)
			}
			want(second)
			server.Do("flushall") // the SDK is away
			want(second)
		})
	}
}

// TestLateStableToken lends a stable token that has less left than an SDK's margin: what is said of it has a floor then, and relay
// makes that safe.
func TestLateStableToken(t *testing.T) {
	var behind atomic.Int64
	standIn := sandbox.New(sandbox.Config{Now: func() time.Time { return time.Now().Add(-time.Duration(behind.Load())) }})
	behind.Store(int64(100 * time.Minute)) // another program has fetched it long ago
	if _, err := fetchStable(standIn); err != nil {
		t.Fatal(err)
	}
	behind.Store(0)
	server := redistest.Start(t)
	g := startGateway(t, standIn, "", "min_expires_in 1800")
	for _, name := range []string{"silenceper classic", "fastwego"} {
		s := sdks[name](t, g, server.Addr)
		if err := s.call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		server.Do("flushall")
	}
}

var errNoToken = errors.New("the sandbox gives no token")
