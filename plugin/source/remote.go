package source

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source/stored"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// The fields of an answer unless the configuration says otherwise: those of WeChat's own answers.
const (
	DefaultTokenField   = "access_token"
	DefaultTicketField  = "ticket"
	DefaultExpiresField = "expires_in"
)

// trueExpiresField is what a gateway adds that says more in the other than is true, to please SDKs.
const trueExpiresField = "true_expires_in"

// The query parameters that are added to a URL.
const (
	paramType     = "type"           // of a ticket: wx_card or jsapi, as in WeChat's getticket
	paramRejected = "rejected_token" // the access_token that WeChat refuses
)

// RemoteConfig says where somebody hands out credentials over HTTP, and how.
type RemoteConfig struct {
	URL          string              // http or https; user, password and query may be secrets
	Header       map[string]string   // sent along; values may be secrets
	Tickets      bool                // tickets are to be had there; else the access_token is
	Field        string              // of the answer that holds the credential, a.b for b in a; default DefaultTokenField or DefaultTicketField
	ExpiresField string              // of the answer that holds how many seconds are left, or the moment of the end; default DefaultExpiresField
	Timeout      time.Duration       // of one call; 0: wechat.DefaultTimeout
	RootCAs      *x509.CertPool      // to trust; nil: the system's
	Connections  *wechat.Connections // made with the two; nil: its own
	Observe      Observe             // nil: nobody is told
	Now          func() time.Time    // nil: time.Now
}

// Remote is a Source over HTTP: GET of a URL, answered with JSON, or with the credential itself. Redirects are not followed, for the request may hold
// secrets; the proxy is that of the environment.
type Remote struct {
	cfg     RemoteConfig
	api     string
	path    string // with the query
	header  http.Header
	secrets []string
	client  *wechat.Client
}

// NewRemote makes a Remote. It calls nobody. Its errors hold nothing of the URL, nor of a header's value.
func NewRemote(cfg RemoteConfig) (*Remote, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Fragment != "" {
		return nil, errors.New("the url is no http or https URL")
	}
	if cfg.Tickets && u.Query().Has(paramType) {
		return nil, fmt.Errorf("the url has a parameter %s, which is added: wx_card or jsapi, as the ticket is for", paramType)
	}
	r := &Remote{cfg: cfg, api: RemoteToken, path: u.EscapedPath(), header: make(http.Header)}
	name := DefaultTokenField
	if cfg.Tickets {
		r.api, name = RemoteTicket, DefaultTicketField
	}
	if r.cfg.Field, err = fieldName(cfg.Field, name); err != nil {
		return nil, fmt.Errorf("field: %w", err)
	}
	if r.cfg.ExpiresField, err = fieldName(cfg.ExpiresField, DefaultExpiresField); err != nil {
		return nil, fmt.Errorf("expires_field: %w", err)
	}

	if u.RawQuery != "" {
		r.path += "?" + u.RawQuery
		for _, values := range u.Query() {
			r.secrets = append(r.secrets, values...)
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		auth := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
		r.header.Set("Authorization", "Basic "+auth)
		r.secrets = append(r.secrets, auth, password)
	}
	for name, value := range cfg.Header {
		if err := checkField(name, value); err != nil {
			return nil, err
		}
		r.header.Set(name, value)
		r.secrets = append(append(r.secrets, value), strings.Fields(value)...)
	}
	slices.SortFunc(r.secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // a whole before its parts

	r.client = wechat.New(wechat.Config{
		BaseURLs: []string{u.Scheme + "://" + u.Host}, Timeout: cfg.Timeout, RootCAs: cfg.RootCAs,
		Connections: cfg.Connections, Now: cfg.Now,
	})
	if r.cfg.Now == nil {
		r.cfg.Now = time.Now
	}
	if r.cfg.Observe == nil {
		r.cfg.Observe = func(string, error, time.Duration) {}
	}
	return r, nil
}

// fieldName checks the name of an answer's field.
func fieldName(name, otherwise string) (string, error) {
	if name == "" {
		return otherwise, nil
	}
	if slices.Contains(strings.Split(name, "."), "") {
		return "", fmt.Errorf("%q is no name of a field, nor names with dots between", name)
	}
	return name, nil
}

// checkField says what is wrong with a header field.
func checkField(name, value string) error {
	switch {
	case !field.IsToken(name):
		return fmt.Errorf("header %q is no valid field name", name)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }):
		return fmt.Errorf("header %s: the value holds control characters", name)
	}
	return nil
}

// Fetch implements Source.
func (r *Remote) Fetch(ctx context.Context, kind credential.Kind, rejected string) (wechat.Grant, error) {
	began := time.Now()
	g, err := r.fetch(ctx, kind, rejected)
	r.cfg.Observe(r.api, err, time.Since(began))
	return g, err
}

func (r *Remote) fetch(ctx context.Context, kind credential.Kind, rejected string) (wechat.Grant, error) {
	query := make(url.Values)
	secrets := r.secrets
	switch {
	case kind == credential.APITicket:
		query.Set(paramType, string(wechat.CardTicket))
	case kind == credential.JSAPITicket:
		query.Set(paramType, string(wechat.JSAPITicket))
	case rejected != "":
		query.Set(paramRejected, rejected)
		secrets = append([]string{rejected}, secrets...)
	}
	requested := r.cfg.Now()
	var answer json.RawMessage
	err := r.client.Do(ctx, wechat.Call{
		API: r.api, Path: r.path, Query: query, Header: r.header, Repeatable: true, Secrets: secrets, Rewrite: r.rewrite,
	}, &answer)
	if e, ok := errors.AsType[*wechat.Error](err); ok && e.Code != 0 {
		// What a code says of WeChat's reasons may concern another machine, or another account.
		return wechat.Grant{}, r.failed(fmt.Errorf("the owner answers errcode %d: %s", e.Code, e.Msg))
	}
	if err != nil {
		return wechat.Grant{}, err
	}
	value, err := credentialOf(answer, r.cfg.Field)
	if err != nil {
		return wechat.Grant{}, r.failed(err)
	}
	life, err := lifeOf(answer, r.cfg.ExpiresField, requested)
	if r.cfg.ExpiresField == DefaultExpiresField {
		life, err = trueLife(answer, life, err, requested)
	}
	if err != nil {
		return wechat.Grant{}, r.failed(err)
	}
	g, err := wechat.NewGrant(value, life, requested)
	if err != nil {
		return wechat.Grant{}, r.failed(err)
	}
	return g, nil
}

// bareToken is how long a text at least is that is taken for a credential whatever its Content-Type says.
const bareToken = 64

// rewrite reads what is no JSON of WeChat's kind: it takes away a byte order mark, and makes the answer of a credential that
// comes by itself, as plain text or as a JSON string. PHP calls all that it prints text/html; there a credential is known by
// its looks.
func (r *Remote) rewrite(contentType string, body []byte) []byte {
	text := stored.TrimText(body)
	var value string
	if json.Unmarshal(text, &value) != nil {
		kind, _, _ := mime.ParseMediaType(contentType)
		if !stored.IsToken(text) || kind != "text/plain" && (len(text) < bareToken || bytes.ContainsFunc(text, notOfToken)) {
			return text
		}
		value = string(text)
	}
	raw, _ := json.Marshal(value) // a string always can be written
	names := strings.Split(r.cfg.Field, ".")
	for _, name := range slices.Backward(names) {
		raw, _ = json.Marshal(map[string]json.RawMessage{name: raw})
	}
	return raw
}

// notOfToken tells whether none of WeChat's tokens and tickets has a character.
func notOfToken(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && r != '-'
}

func (r *Remote) failed(err error) error { return &wechat.Error{API: r.api, Err: err} }

// ID implements Source.
func (r *Remote) ID() string {
	return id(string(NameRemote), r.api, r.cfg.URL, r.cfg.Field)
}

// Name implements Source.
func (r *Remote) Name() credential.Source { return NameRemote }

// Close implements Source.
func (r *Remote) Close() { r.client.Close() }

// Interface guards
var _ Source = (*Remote)(nil)
