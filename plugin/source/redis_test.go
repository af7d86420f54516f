//go:build !nowechatredis

package source

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

func TestRedis(t *testing.T) {
	redis.SetLogger(&logging.VoidLogger{})
	server := redistest.StartAuth(t, redis.Options{Password: "hidden"}, "--requirepass", "hidden")
	r, err := NewRedis(RedisConfig{
		Server: redisstore.Config{URLs: []string{"redis://:hidden@" + server.Addr + "/3"}},
		Key:    "old system:token",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	db := redis.NewClient(&redis.Options{Addr: server.Addr, Password: "hidden", DB: 3})
	defer db.Close()
	fails := func(what, mention string) {
		t.Helper()
		g, err := r.Fetch(t.Context(), credential.AccessToken, "")
		e, ok := errors.AsType[*wechat.Error](err)
		if !ok || e.API != RedisToken || e.Reaction() != wechat.Transient || !strings.Contains(err.Error(), mention) {
			t.Errorf("%s: got %+v, %v", what, g, err)
		}
		if ok && (strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "TOKEN-0")) {
			t.Errorf("%s: %q holds a secret", what, err)
		}
	}

	fails("nothing", "nothing at this key")
	for _, tc := range []struct {
		name, value string
		ttl         time.Duration // of the key; 0: none
		look        time.Duration
	}{
		{"text", "TOKEN-0", 90 * time.Minute, 90 * time.Minute},
		{"line", "TOKEN-0\r\n", 10 * time.Second, 10 * time.Second},
		{"JSON", `{"access_token":"TOKEN-0","expires_in":7200}`, 30 * time.Second, 30 * time.Second},
		{"JSON text", `"TOKEN-0"`, time.Minute, time.Minute},
		{"PHP text", `s:7:"TOKEN-0";`, time.Minute, time.Minute},
		{"PHP array", `a:2:{s:12:"access_token";s:7:"TOKEN-0";s:10:"expires_in";i:7200;}`, time.Minute, time.Minute},
		{"igbinary", "\x00\x00\x00\x02\x11\x07TOKEN-0", time.Minute, time.Minute},
		{"no end", "TOKEN-0", 0, time.Minute},
		{"end far away", "TOKEN-0", 24 * 30 * time.Hour, 2 * time.Hour},
		{"about to end", "TOKEN-0", 700 * time.Millisecond, time.Second},
	} {
		if err := db.Set(t.Context(), "old system:token", tc.value, tc.ttl).Err(); err != nil {
			t.Fatal(err)
		}
		g, err := r.Fetch(t.Context(), credential.AccessToken, "refused")
		if err != nil || g.Value != "TOKEN-0" || g.Lifetime != 2*time.Hour || g.Look > tc.look || g.Look < tc.look-5*time.Second {
			t.Errorf("%s: got %+v, %v", tc.name, g, err)
		}
	}
	for value, mention := range map[string]string{
		"": "empty", "a b": "neither", `{"token":"TOKEN-0"}`: "no access_token", `"TOKEN-0`: "JSON", `["TOKEN-0"]`: "JSON",
		`{"access_token":`: "JSON", `s:8:"TOKEN-0";`: "PHP", `i:12345;`: "no token", `{"access_token":["TOKEN-0"]}`: "not a string",
		"\xac\xed\x00\x05t\x00\x07TOKEN-0": "Java", "\x00\x00\x00\x01\x11\x07TOKEN-0": "igbinary",
	} {
		if err := db.Set(t.Context(), "old system:token", value, time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		fails(value, mention)
	}
	db.Del(t.Context(), "old system:token")
	db.HSet(t.Context(), "old system:token", "a", "b")
	fails("hash", "no string")
	db.HSet(t.Context(), "old system:token", "access_token", "TOKEN-0")
	if g, err := r.Fetch(t.Context(), credential.AccessToken, ""); err != nil || g.Value != "TOKEN-0" || g.Look != time.Minute {
		t.Errorf("hash: got %+v, %v", g, err)
	}
	db.Del(t.Context(), "old system:token")
	db.RPush(t.Context(), "old system:token", "TOKEN-0")
	fails("list", "no string")
	server.Kill()
	fails("no server", "")
	if _, err := r.Fetch(t.Context(), credential.AccessToken, ""); wechat.Outcome(err) != "network" {
		t.Errorf("got %v: %s", err, wechat.Outcome(err))
	}
}

// TestRedisFields reads what lies in objects, arrays and hashes beside other things.
func TestRedisFields(t *testing.T) {
	redis.SetLogger(&logging.VoidLogger{})
	server := redistest.Start(t)
	db := server.Client()
	defer db.Close()
	now := time.Now()
	moment := func(after time.Duration) string { return strconv.FormatInt(now.Add(after).Unix(), 10) }
	millis := func(after time.Duration) string { return strconv.FormatInt(now.Add(after).UnixMilli(), 10) }
	type hash = map[string]string
	for name, tc := range map[string]struct {
		field, expires string
		stored         any           // a string or a hash
		look           time.Duration // 0: an error
		mention        string
	}{
		"nested JSON":              {"data.token", "", `{"data":{"token":"TOKEN-0"}}`, time.Hour, ""},
		"JSON within JSON":         {"data.token", "", `{"data":"{\"token\":\"TOKEN-0\"}"}`, time.Hour, ""},
		"JSON written twice":       {"", "", `"{\"access_token\":\"TOKEN-0\"}"`, time.Hour, ""},
		"a list":                   {"1.token", "", `[{"token":"x"},{"token":"TOKEN-0"}]`, time.Hour, ""},
		"Jackson with classes":     {"data.token", "data.at", `["java.util.HashMap",{"data":["java.util.HashMap",{"token":"TOKEN-0","at":["java.lang.Long",` + millis(10*time.Minute) + `]}]}]`, 10 * time.Minute, ""},
		"PHP, by its place":        {"0", "", `a:1:{i:0;s:7:"TOKEN-0";}`, time.Hour, ""},
		"PHP, nested":              {"data.token", "data.at", `a:1:{s:4:"data";a:2:{s:5:"token";s:7:"TOKEN-0";s:2:"at";i:` + moment(5*time.Minute) + `;}}`, 5 * time.Minute, ""},
		"ThinkPHP":                 {"", "", `think_serialize:a:1:{s:12:"access_token";s:7:"TOKEN-0";}`, time.Hour, ""},
		"PHP with JSON in it":      {"", "", `s:26:"{"access_token":"TOKEN-0"}";`, time.Hour, ""},
		"seconds left":             {"", "expires_in", `{"access_token":"TOKEN-0","expires_in":120}`, 2 * time.Minute, ""},
		"seconds as text":          {"", "expires_in", `{"access_token":"TOKEN-0","expires_in":"120"}`, 2 * time.Minute, ""},
		"a moment":                 {"", "at", `{"access_token":"TOKEN-0","at":` + moment(20*time.Minute) + `}`, 20 * time.Minute, ""},
		"a moment in milliseconds": {"", "at", `{"access_token":"TOKEN-0","at":` + millis(20*time.Minute) + `}`, 20 * time.Minute, ""},
		"a moment as text":         {"", "at", `{"access_token":"TOKEN-0","at":"` + now.Add(20*time.Minute).Format(time.RFC3339) + `"}`, 20 * time.Minute, ""},
		"a moment far away":        {"", "at", `{"access_token":"TOKEN-0","at":` + moment(1000*time.Hour) + `}`, time.Hour, ""},
		"no moment":                {"", "at", `{"access_token":"TOKEN-0"}`, time.Hour, ""},
		"a moment that is null":    {"", "at", `{"access_token":"TOKEN-0","at":null}`, time.Hour, ""},
		"text beside no moment":    {"token", "at", "TOKEN-0", time.Hour, ""},
		"hash":                     {"token", "at", hash{"token": "TOKEN-0", "at": millis(3 * time.Minute)}, 3 * time.Minute, ""},
		"hash of JSON texts":       {"token", "at", hash{"token": `"TOKEN-0"`, "at": `"` + moment(3*time.Minute) + `"`}, 3 * time.Minute, ""},
		"hash with RFC 3339":       {"token", "at", hash{"token": "TOKEN-0", "at": now.Add(3 * time.Minute).UTC().Format(time.RFC3339Nano)}, 3 * time.Minute, ""},
		"hash of objects":          {"wx1.a.token", "wx1.a.at", hash{"wx1": `{"a":{"token":"TOKEN-0","at":60}}`}, time.Minute, ""},
		"hash with dots":           {"wx.1", "", hash{"wx.1": `s:7:"TOKEN-0";`}, time.Hour, ""},
		"hash without a moment":    {"token", "at", hash{"token": "TOKEN-0"}, time.Hour, ""},

		"ended":              {"", "at", `{"access_token":"TOKEN-0","at":` + moment(-time.Second) + `}`, 0, "ended"},
		"ended in a hash":    {"", "at", hash{"access_token": "TOKEN-0", "at": millis(-time.Hour)}, 0, "ended"},
		"no moment at all":   {"", "at", `{"access_token":"TOKEN-0","at":"soon-0"}`, 0, "no number"},
		"an object":          {"data", "", `{"data":{"token":"TOKEN-0"}}`, 0, "not a string"},
		"nothing there":      {"data.token", "", `{"data":null}`, 0, "no data.token"},
		"hash, another name": {"token", "at", hash{"at": millis(time.Hour), "Token": "TOKEN-0"}, 0, "no field token"},
		"hash of Java":       {"token", "", hash{"token": "\xac\xed\x00\x05t\x00\x07TOKEN-0"}, 0, "Java"},
	} {
		t.Run(name, func(t *testing.T) {
			key := "key:" + name
			r, err := NewRedis(RedisConfig{
				Server: redisstore.Config{URLs: []string{server.Addr}}, Key: key, Field: tc.field, ExpiresField: tc.expires,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if members, ok := tc.stored.(hash); ok {
				err = db.HSet(t.Context(), key, members).Err()
			} else {
				err = db.Set(t.Context(), key, tc.stored, 0).Err()
			}
			if err == nil {
				err = db.Expire(t.Context(), key, time.Hour).Err()
			}
			if err != nil {
				t.Fatal(err)
			}
			g, err := r.Fetch(t.Context(), credential.AccessToken, "")
			if tc.look > 0 {
				if err != nil || g.Value != "TOKEN-0" || g.Lifetime != 2*time.Hour || g.Look > tc.look || g.Look < tc.look-10*time.Second {
					t.Errorf("got %+v, %v", g, err)
				}
				return
			}
			e, ok := errors.AsType[*wechat.Error](err)
			if !ok || e.Reaction() != wechat.Transient || !strings.Contains(err.Error(), tc.mention) || strings.Contains(err.Error(), "TOKEN") || strings.Contains(err.Error(), "soon") {
				t.Errorf("got %+v, %v", g, err)
			}
		})
	}
}

// TestRedisRights reads with as few rights as the documents say.
func TestRedisRights(t *testing.T) {
	server := redistest.Start(t)
	server.Do("acl", "setuser", "text", "on", ">p", "~k", "+get", "+pttl")
	server.Do("acl", "setuser", "hash", "on", ">p", "~k", "+get", "+pttl", "+hget")
	fetch := func(user string) (wechat.Grant, error) {
		t.Helper()
		r, err := NewRedis(RedisConfig{Server: redisstore.Config{URLs: []string{"redis://" + user + ":p@" + server.Addr}}, Key: "k", ExpiresField: "at"})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		return r.Fetch(t.Context(), credential.AccessToken, "")
	}
	server.Do("set", "k", "TOKEN-0")
	if g, err := fetch("text"); err != nil || g.Value != "TOKEN-0" {
		t.Errorf("got %+v, %v", g, err)
	}
	server.Do("del", "k")
	server.Do("hset", "k", "access_token", "TOKEN-0")
	if g, err := fetch("text"); err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("got %+v, %v", g, err)
	}
	if g, err := fetch("hash"); err != nil || g.Value != "TOKEN-0" {
		t.Errorf("got %+v, %v", g, err)
	}
}

func TestRedisConfig(t *testing.T) {
	for _, cfg := range []RedisConfig{
		{Server: redisstore.Config{URLs: []string{"redis://secret@h:1"}}, Key: "k"},
		{Server: redisstore.Config{URLs: []string{"http://secret"}}, Key: "k"},
		{Server: redisstore.Config{URLs: []string{"redis://h:1"}}},
		{Server: redisstore.Config{URLs: []string{"redis://h:1"}}, Key: "k", Field: "a..b"},
		{Server: redisstore.Config{URLs: []string{"redis://h:1"}}, Key: "k", ExpiresField: "."},
	} {
		if r, err := NewRedis(cfg); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: got %v, %v", cfg, r, err)
		}
	}
}
