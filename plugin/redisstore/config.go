package redisstore

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Config says where Redis is. What a field sets goes before what the URLs say.
type Config struct {
	// URLs are redis:// and rediss:// (TLS) URLs with user, password and database number, unix:// URLs of a socket, or
	// plain host:port. One is a server, several are nodes of one Cluster; with SentinelMaster they are its Sentinels. What
	// one URL says of user, password and database holds for all.
	URLs []string

	// Username and Password are those of the Redis servers. With SentinelMaster, what the URLs say is for the Sentinels,
	// and for the servers too where these fields are empty.
	Username, Password string

	// Prefix stands before every key. Default: DefaultPrefix.
	Prefix string

	// TLS is how servers and Sentinels are called; nil: as the URLs say.
	TLS *tls.Config

	// SentinelMaster is the name that the Sentinels know the master by.
	SentinelMaster string

	// Logger gets a warning about keys that somebody else wrote. Default: none is logged.
	Logger *slog.Logger
}

// DefaultPrefix is what keys begin with unless the configuration says otherwise.
const DefaultPrefix = "caddy-wechat-card:"

const (
	callTimeout = time.Second // to connect, to send, to get the answer, each
	poolSize    = 10          // connections of one process to one server
	idleConns   = 2           // of these that stay open: a fleet has thousands of processes and a server 10,000 connections
	idleTime    = 5 * time.Minute
	bufferSize  = 4 << 10 // a record has less than 1 KiB
)

// Check reports what New would refuse. It calls nobody.
func (c Config) Check() error {
	_, err := c.options()
	return err
}

// server is what one URL says.
type server struct {
	addr               string
	unix               bool
	tls                bool
	insecure           bool // skip_verify=true
	username, password string
	db                 int
}

func (c Config) options() (*redis.UniversalOptions, error) {
	if len(c.URLs) == 0 {
		return nil, errors.New("there is no URL")
	}
	var all server // what the URLs say together
	addrs := make([]string, 0, len(c.URLs))
	secured := 0
	for i, text := range c.URLs {
		s, err := parseURL(text, c.SentinelMaster != "")
		if err != nil {
			return nil, fmt.Errorf("URL %d: %w", i+1, err) // not its text, which may hold a password
		}
		if s.unix && (len(c.URLs) > 1 || c.SentinelMaster != "") {
			return nil, errors.New("a unix:// URL stands for one server, neither for a Cluster nor for a Sentinel")
		}
		if s.unix && c.TLS != nil {
			return nil, errors.New("there is no TLS to a unix:// URL")
		}
		if s.tls {
			secured++
		}
		all.insecure = all.insecure || s.insecure
		if !agree(&all.username, s.username) || !agree(&all.password, s.password) || !agree(&all.db, s.db) {
			return nil, errors.New("URLs disagree on user, password or database")
		}
		addrs = append(addrs, s.addr)
	}
	if secured > 0 && secured < len(c.URLs) && c.TLS == nil {
		return nil, errors.New("either all URLs are rediss:// or none is")
	}
	if all.db != 0 && len(c.URLs) > 1 && c.SentinelMaster == "" {
		return nil, errors.New("several URLs are a Cluster, and a Cluster has no numbered databases")
	}

	opts := &redis.UniversalOptions{
		Addrs:      addrs,
		MasterName: c.SentinelMaster,
		DB:         all.db,
		Username:   all.username,
		Password:   all.password,
		TLSConfig:  c.TLS, // without a server's name each one is checked against its own address

		// RESP2 and no word about ourselves: what old servers, proxies and users with few rights understand.
		Protocol:                 2,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},

		// The Keeper gives up on a call after a second and does without.
		ContextTimeoutEnabled: true,
		DialTimeout:           callTimeout,
		DialerRetries:         1,
		ReadTimeout:           callTimeout,
		WriteTimeout:          callTimeout,
		PoolTimeout:           callTimeout,
		MaxRetries:            1, // a connection that a server closed while it was idle
		MaxRetryBackoff:       100 * time.Millisecond,

		PoolSize:         poolSize,
		MaxIdleConns:     idleConns,
		ConnMaxIdleTime:  idleTime,
		ReadBufferSize:   bufferSize,
		WriteBufferSize:  bufferSize,
		PipelinePoolSize: -1,
	}
	if c.SentinelMaster == "" {
		opts.Username, opts.Password = cmp.Or(c.Username, all.username), cmp.Or(c.Password, all.password)
	} else {
		opts.SentinelUsername, opts.SentinelPassword = all.username, all.password
		if c.Username != "" || c.Password != "" {
			opts.Username, opts.Password = c.Username, c.Password
		}
	}
	if opts.Username != "" && opts.Password == "" || opts.SentinelUsername != "" && opts.SentinelPassword == "" {
		return nil, errors.New("there is a user without a password")
	}
	if opts.TLSConfig == nil && secured > 0 {
		opts.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: all.insecure} //nolint:gosec // on demand
	}
	return opts, nil
}

// agree takes over what is said and not known yet; it is false when something else is known.
func agree[T comparable](known *T, said T) bool {
	var nothing T
	if said == nothing || said == *known {
		return true
	}
	if *known != nothing {
		return false
	}
	*known = said
	return true
}

// parseURL reads one URL, or host:port. Its errors hold nothing of the text.
func parseURL(text string, sentinel bool) (server, error) {
	if !strings.Contains(text, "://") {
		host, port, err := net.SplitHostPort(text)
		if err != nil || host == "" || port == "" || strings.ContainsAny(text, "@/?#") {
			return server{}, errors.New("neither host:port nor a URL like redis://host:port, rediss://host:port or unix:///path")
		}
		return server{addr: text}, nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return server{}, errors.New("not a URL; special characters of a password must be percent-encoded there")
	}
	for name := range u.Query() {
		if name != "skip_verify" && (name != "db" || u.Scheme != "unix") {
			return server{}, errors.New("the only parameters are db of unix:// and skip_verify of rediss://")
		}
	}
	o, err := redis.ParseURL(text)
	if err != nil {
		return server{}, errors.New("not like redis://[user:password@]host[:port][/database], rediss://… or unix:///path[?db=n]")
	}
	s := server{
		addr: o.Addr, unix: o.Network == "unix", tls: o.TLSConfig != nil,
		username: o.Username, password: o.Password, db: o.DB,
	}
	s.insecure = s.tls && o.TLSConfig.InsecureSkipVerify
	if sentinel && !s.unix && u.Port() == "" {
		s.addr = net.JoinHostPort(u.Hostname(), "26379")
	}
	return s, nil
}
