package redisstore

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	type want struct {
		addrs                    []string
		user, password           string
		sentinelUser, sentinelPW string
		db                       int
		tls                      bool
	}
	ours := &tls.Config{MinVersion: tls.VersionTLS13}
	for name, tc := range map[string]struct {
		cfg  Config
		want want
	}{
		"host and port":  {Config{URLs: []string{"cache.lan:6380"}}, want{addrs: []string{"cache.lan:6380"}}},
		"IPv6":           {Config{URLs: []string{"[::1]:6380"}}, want{addrs: []string{"[::1]:6380"}}},
		"URL":            {Config{URLs: []string{"redis://u:p@h:1/2"}}, want{addrs: []string{"h:1"}, user: "u", password: "p", db: 2}},
		"default port":   {Config{URLs: []string{"redis://h"}}, want{addrs: []string{"h:6379"}}},
		"IPv6 URL":       {Config{URLs: []string{"redis://[::1]"}}, want{addrs: []string{"[::1]:6379"}}},
		"escapes":        {Config{URLs: []string{"redis://:%40%2F%25@h:1"}}, want{addrs: []string{"h:1"}, password: "@/%"}},
		"TLS URL":        {Config{URLs: []string{"rediss://h:1"}}, want{addrs: []string{"h:1"}, tls: true}},
		"TLS setting":    {Config{URLs: []string{"redis://h:1"}, TLS: ours}, want{addrs: []string{"h:1"}, tls: true}},
		"socket":         {Config{URLs: []string{"unix:///run/r.sock?db=3"}}, want{addrs: []string{"/run/r.sock"}, db: 3}},
		"socket user":    {Config{URLs: []string{"unix://u:p@/run/r.sock"}}, want{addrs: []string{"/run/r.sock"}, user: "u", password: "p"}},
		"settings first": {Config{URLs: []string{"redis://u:p@h:1"}, Username: "v", Password: "q"}, want{addrs: []string{"h:1"}, user: "v", password: "q"}},
		"password apart": {Config{URLs: []string{"redis://u@h:1"}, Password: "q"}, want{addrs: []string{"h:1"}, user: "u", password: "q"}},
		"cluster": {
			Config{URLs: []string{"redis://u:p@a:1", "b:2", "redis://c:3"}},
			want{addrs: []string{"a:1", "b:2", "c:3"}, user: "u", password: "p"},
		},
		"cluster with TLS":   {Config{URLs: []string{"rediss://a:1", "rediss://b:2"}}, want{addrs: []string{"a:1", "b:2"}, tls: true}},
		"cluster TLS by all": {Config{URLs: []string{"rediss://a:1", "b:2"}, TLS: ours}, want{addrs: []string{"a:1", "b:2"}, tls: true}},
		"sentinels": {
			Config{URLs: []string{"redis://a", "b:2"}, SentinelMaster: "m", Username: "u", Password: "p"},
			want{addrs: []string{"a:26379", "b:2"}, user: "u", password: "p"},
		},
		"sentinels with passwords": {
			Config{URLs: []string{"redis://s:t@a/4"}, SentinelMaster: "m", Password: "p"},
			want{addrs: []string{"a:26379"}, password: "p", sentinelUser: "s", sentinelPW: "t", db: 4},
		},
		"one password for all": {
			Config{URLs: []string{"redis://:t@a:1"}, SentinelMaster: "m"},
			want{addrs: []string{"a:1"}, password: "t", sentinelPW: "t"},
		},
	} {
		o, err := tc.cfg.options()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := want{o.Addrs, o.Username, o.Password, o.SentinelUsername, o.SentinelPassword, o.DB, o.TLSConfig != nil}
		w := tc.want
		if !slices.Equal(got.addrs, w.addrs) || got.user != w.user || got.password != w.password || got.db != w.db || got.tls != w.tls ||
			got.sentinelUser != w.sentinelUser || got.sentinelPW != w.sentinelPW || o.MasterName != tc.cfg.SentinelMaster {
			t.Errorf("%s: got %+v, want %+v", name, got, w)
		}
		if tc.cfg.TLS != nil && o.TLSConfig != tc.cfg.TLS {
			t.Errorf("%s: another TLS configuration", name)
		}
		if o.TLSConfig != nil && (o.TLSConfig.InsecureSkipVerify || o.TLSConfig.MinVersion < tls.VersionTLS12) {
			t.Errorf("%s: TLS is too lax", name)
		}
	}
	if o, err := (Config{URLs: []string{"rediss://h?skip_verify=true"}}).options(); err != nil || !o.TLSConfig.InsecureSkipVerify {
		t.Errorf("skip_verify: error %v", err)
	}
}

func TestOptionsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg  Config
		want string
	}{
		"nothing":              {Config{}, "no URL"},
		"empty":                {Config{URLs: []string{"a:1", ""}}, "URL 2: neither"},
		"host alone":           {Config{URLs: []string{"localhost"}}, "neither host:port"},
		"port alone":           {Config{URLs: []string{":6379"}}, "neither host:port"},
		"scheme":               {Config{URLs: []string{"http://h:1"}}, "not like redis://"},
		"database":             {Config{URLs: []string{"redis://h:1/x"}}, "not like redis://"},
		"no path":              {Config{URLs: []string{"unix://"}}, "not like redis://"},
		"parameter":            {Config{URLs: []string{"redis://h:1?pool_size=5"}}, "only parameters"},
		"db parameter of TCP":  {Config{URLs: []string{"redis://h:1?db=5"}}, "only parameters"},
		"user alone":           {Config{URLs: []string{"redis://u@h:1"}}, "without a password"},
		"user setting alone":   {Config{URLs: []string{"h:1"}, Username: "u"}, "without a password"},
		"Sentinel user alone":  {Config{URLs: []string{"redis://u@h:1"}, SentinelMaster: "m", Password: "p"}, "without a password"},
		"two users":            {Config{URLs: []string{"redis://u:p@a:1", "redis://v:p@b:1"}}, "disagree"},
		"two passwords":        {Config{URLs: []string{"redis://:p@a:1", "redis://:q@b:1"}}, "disagree"},
		"half TLS":             {Config{URLs: []string{"rediss://a:1", "redis://b:1"}}, "rediss://"},
		"database of Cluster":  {Config{URLs: []string{"redis://a:1/2", "b:1"}}, "no numbered databases"},
		"socket and server":    {Config{URLs: []string{"unix:///s", "b:1"}}, "one server"},
		"socket of a Sentinel": {Config{URLs: []string{"unix:///s"}, SentinelMaster: "m"}, "one server"},
		"socket with TLS":      {Config{URLs: []string{"unix:///s"}, TLS: new(tls.Config)}, "no TLS"},
	} {
		err := tc.cfg.Check()
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got error %v, want %q", name, err, tc.want)
		}
		if s, err := New(tc.cfg); err == nil {
			_ = s.Close()
			t.Errorf("%s: New takes it", name)
		}
	}
}
