// Package notify tells somebody's backend by HTTP what happened, at least once: each notification lies in a store until the backend
// has answered with a 2xx status, and is sent again for seven days.
//
// What is sent is signed as Standard Webhooks has it (standardwebhooks.com), so that there are libraries which check it: the HMAC-SHA256
// of id, timestamp and body, with dots between them.
package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/outbox"
)

// The header fields of a notification.
const (
	HeaderID        = "Webhook-Id"        // another one for each thing that happened; the same when it is told again
	HeaderTimestamp = "Webhook-Timestamp" // of this try, in seconds since 1970
	HeaderSignature = "Webhook-Signature" // v1, and the signature in base64
)

// MinKey is how many characters a key has at least.
const MinKey = 24

// timeout is how long a backend may take.
const timeout = 10 * time.Second

// Config is what a Notifier needs to know.
type Config struct {
	URL    string       // http or https
	Key    string       // what notifications are signed with: its bytes are the key
	Shelf  *kept.Shelf  // where they lie, and nothing else does
	Client *http.Client // nil: http.DefaultClient's Transport
	Logger *slog.Logger // nil: silent
}

// Notifier tells one backend. Any number of goroutines may use it.
type Notifier struct {
	*outbox.Outbox // Start, Stop, Len

	url    string
	key    string
	client http.Client
}

// New makes a Notifier. It calls nobody.
func New(cfg Config) (*Notifier, error) {
	if err := CheckURL(cfg.URL); err != nil {
		return nil, err
	}
	if err := CheckKey(cfg.Key); err != nil {
		return nil, err
	}
	n := &Notifier{url: cfg.URL, key: cfg.Key}
	if cfg.Client != nil {
		n.client = *cfg.Client
	}
	n.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	n.Outbox = outbox.New(outbox.Config{Shelf: cfg.Shelf, Send: n.send, Timeout: timeout, Logger: cfg.Logger})
	return n, nil
}

// CheckURL accepts an address that notifications can be sent to.
func CheckURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("the address to notify is no http or https URL")
	}
	return nil
}

// CheckKey accepts a key that cannot be guessed.
func CheckKey(key string) error {
	if len(key) < MinKey {
		return fmt.Errorf("the key of notifications has fewer than %d characters", MinKey)
	}
	return nil
}

// Tell has a notification sent in the background. It returns when that lies in the store, or after a second or so when the store does
// not take it. id is 32 hex digits.
func (n *Notifier) Tell(id, event string, body []byte) { n.Put(id, event, body) }

// send sends one notification.
func (n *Notifier) send(ctx context.Context, m kept.Message) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url, bytes.NewReader(m.Plain))
	if err != nil {
		return errors.New("the address to notify cannot be used")
	}
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(HeaderID, m.ID)
	r.Header.Set(HeaderTimestamp, timestamp)
	r.Header.Set(HeaderSignature, "v1,"+Sign(n.key, m.ID, timestamp, m.Plain))
	resp, err := n.client.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok { // without the address, which may hold a secret
			err = e.Err
		}
		return err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	if resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("the backend answered with status %d", resp.StatusCode)
	}
	return nil
}

// Sign gives the signature of a notification in base64.
func Sign(key, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
