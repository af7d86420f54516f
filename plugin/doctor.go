package plugin

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Verdict says how a check came out; the worse, the greater.
type Verdict int

// The verdicts.
const (
	Fine    Verdict = iota
	Warning         // it works, but somebody should look at it
	Wrong           // it does not work
)

// Finding is what a check found, without any secret.
type Finding struct {
	Check   string // what was looked at: hosts, clock, address, …
	Card    string // the card's id, where it was a card
	Verdict Verdict
	Text    string // what was found
	Todo    string // what to do; empty: nothing
}

// Report is told of each finding as soon as there is one.
type Report func(Finding)

// The things that are looked at.
const (
	checkHosts   = "hosts"
	checkClock   = "clock"
	checkStore   = "store"
	checkAccount = "account" // app_id and app_secret
	checkAddress = "address" // that this machine calls from
	checkRights  = "rights"
	checkQuota   = "quota"
	checkCard    = "card" // of the id beside it
)

// clockTolerance is by how much clocks may differ before it is worth a word: the gateway makes up for any difference that
// it has measured.
const clockTolerance = 5 * time.Second

// CheckHosts asks each base URL of the API whether it is there, and compares clocks.
func (a *Account) CheckHosts(ctx context.Context, report Report) {
	states := a.cfg.Client.Probe(ctx)
	up := 0
	for _, s := range states {
		if s.Err == nil {
			up++
		}
	}
	for _, s := range states {
		f := Finding{Check: checkHosts, Text: fmt.Sprintf("%s answers, in %d ms", s.BaseURL, s.Took.Milliseconds())}
		if s.Err != nil {
			f.Text = fmt.Sprintf("%s does not answer: %s", s.BaseURL, strings.TrimPrefix(s.Err.Error(), "probe: "))
			f.Verdict, f.Todo = Wrong, "check this machine's network and name resolution, and api, proxy and ca in the configuration"
			if up > 0 {
				f.Verdict = Warning
			}
		}
		report(f)
	}
	if up == 0 {
		return
	}
	if !a.cfg.Client.Measured() {
		a.cfg.Client.LearnClock(ctx)
	}
	report(a.clockFinding())
}

func (a *Account) clockFinding() Finding {
	offset := a.cfg.Client.Offset()
	f := Finding{Check: checkClock, Text: "this machine's clock agrees with WeChat's"}
	switch {
	case !a.cfg.Client.Measured():
		f.Verdict, f.Text = Warning, "WeChat's answers do not tell the time: what answers may be something else"
		f.Todo = "check api and proxy in the configuration"
	case offset.Abs() > clockTolerance:
		way := "behind"
		if offset < 0 {
			way = "ahead of"
		}
		f.Verdict, f.Text = Warning, fmt.Sprintf("this machine's clock is %s %s WeChat's; the gateway makes up for it", offset.Abs(), way)
		f.Todo = "set the clock, by NTP for example: certificates, logs and other programs go by it too"
	}
	return f
}

// errProbe is that what was written did not come back.
var errProbe = errors.New("what was written did not come back")

// probePatience bounds each step of CheckStore.
const probePatience = 3 * time.Second

// CheckStore writes a key of its own into a store, reads it back and removes it. where says in words what the store is.
func CheckStore(ctx context.Context, store credential.Store, where string, report Report) {
	key := "wechat_card/doctor-" + rand.Text()
	value := []byte(rand.Text())
	step := func(what string, do func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, probePatience)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- do(ctx) }() // some stores do not heed their context
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			return nil
		case <-ctx.Done():
			return fmt.Errorf("%s: no answer within %s", what, probePatience)
		}
	}
	err := step("writing", func(ctx context.Context) error {
		if expiring, ok := store.(credential.Expiring); ok {
			return expiring.StoreFor(ctx, key, value, 10*time.Second)
		}
		return store.Store(ctx, key, value)
	})
	if err == nil {
		err = step("reading", func(ctx context.Context) error {
			got, err := store.Load(ctx, key)
			if err == nil && !bytes.Equal(got, value) {
				err = errProbe
			}
			return err
		})
	}
	if deleting, ok := store.(interface {
		Delete(ctx context.Context, key string) error
	}); ok && err == nil {
		err = step("removing", func(ctx context.Context) error { return deleting.Delete(ctx, key) })
	}
	if err != nil {
		report(Finding{
			Check: checkStore, Verdict: Wrong, Text: fmt.Sprintf("%s: %s", where, err),
			Todo: "run this as the user that Caddy runs as; if it is the store itself, each process fetches its own credentials until it works",
		})
		return
	}
	report(Finding{Check: checkStore, Text: where + " can be written and read"})
}

// failed is the finding for a call that failed.
func failed(check, what string, err error) Finding {
	f := Finding{Check: check, Verdict: Wrong}
	if u, ok := errors.AsType[*credential.Unavailable](err); ok && u.Err != nil {
		err = u.Err
	}
	f.Text = what + ": " + err.Error()
	e, ok := errors.AsType[*wechat.Error](err)
	if !ok {
		return f
	}
	if f.Todo = e.Hint(); f.Todo == "" && e.Code == 0 {
		f.Todo = "see what is said of the hosts"
	}
	if e.RefusesAddress() || e.RefusedIP() != "" {
		f.Check = checkAddress
	}
	return f
}

// CheckCredentials finds out whether WeChat takes the account's app_id and secret, and calls from this machine; whether there
// is an access_token; and whether there are the tickets of kinds. It is for a Guest. It reports whether calls can be made.
func (a *Account) CheckCredentials(ctx context.Context, kinds []credential.Kind, report Report) bool {
	if a.cfg.core().Source() == Stable {
		// Not by the Keeper: a token out of the store would prove nothing. WeChat gives the same one again.
		if _, err := a.cfg.Client.StableToken(ctx, a.cfg.AppID, a.cfg.AppSecret, false); err != nil {
			report(failed(checkAccount, "WeChat gives no access_token", err))
			return false
		}
		report(Finding{Check: checkAccount, Text: "WeChat takes app_id and app_secret"})
		report(Finding{Check: checkAddress, Text: "WeChat takes calls from this machine's address"})
	}
	for _, kind := range credential.Kinds {
		if kind != credential.AccessToken && !slices.Contains(kinds, kind) {
			continue
		}
		if kind == credential.AccessToken && a.cfg.core().Source() == None {
			report(Finding{Check: string(kind), Text: "none needed"})
			continue
		}
		if _, err := a.Credential(ctx, kind); err != nil {
			f := failed(string(kind), "there is none", err)
			if errors.Is(err, account.ErrNotOurs) {
				f.Todo = "start Caddy with this configuration, and run this with the same store as it does"
			}
			report(f)
			if kind == credential.AccessToken {
				return false
			}
			continue
		}
		report(Finding{Check: string(kind), Text: a.describe(kind)})
	}
	return true
}

// describe tells where a credential came from and how long it is good.
func (a *Account) describe(kind credential.Kind) string {
	s := a.Status(kind)
	from := "from WeChat: there was none in the store yet"
	switch {
	case s.Source == credential.FromStore:
		from = "from the store: a Caddy shares it there"
	case s.Source != credential.FromWeChat:
		from = "from token_source " + string(s.Source)
		if kind != credential.AccessToken {
			from = "from ticket_source " + string(s.Source)
		}
	case a.cfg.Store == nil:
		from = "from WeChat"
	}
	return fmt.Sprintf("good for %d min, %s", int(s.Expires.Sub(a.cfg.Now()).Minutes()), from)
}

// codeNoRight is WeChat's errcode for a call that the account may not make, as for the token of a mini program on the calls
// of an official account.
const codeNoRight = 48001

// CheckRights finds out whether the account may use cards at all. It reports whether calls about cards can be made.
func (a *Account) CheckRights(ctx context.Context, report Report) bool {
	var n int
	err := a.Call(ctx, func(token string) (err error) {
		n, err = a.cfg.Client.CountCards(ctx, token)
		return err
	})
	if wechat.Errcode(err) == codeNoRight {
		report(Finding{
			Check: checkRights, Verdict: Wrong, Text: "the account has no cards of its own: " + err.Error(),
			Todo: "app_id has to be that of the official account (公众号) that made the cards, not the mini program's (小程序); and that account needs the card function (卡券功能) in its console",
		})
		return false
	}
	if err != nil {
		report(failed(checkRights, "WeChat does not list the account's cards", err))
		return false
	}
	f := Finding{Check: checkRights, Text: fmt.Sprintf("the account may use cards, and has %d", n)}
	if n == 1 {
		f.Text = "the account may use cards, and has one"
	}
	report(f)
	return true
}

// counted is a call whose quota is looked at.
type counted struct{ path, name string }

// counted lists the calls whose quota is looked at: those that the gateway makes by itself, and those that clients can
// cause.
func (a *Account) counted() []counted {
	calls := []counted{{"/card/code/decrypt", "decrypt"}, {"/card/membercard/activate/geturl", "geturl"}}
	if a.cfg.Tickets == nil {
		calls = append([]counted{{"/cgi-bin/ticket/getticket", "getticket"}}, calls...)
	}
	if source := a.cfg.core().Source(); source == Stable {
		calls = append([]counted{{"/cgi-bin/stable_token", "stable_token"}}, calls...)
	} else if source == Classic {
		calls = append([]counted{{"/cgi-bin/token", "token"}}, calls...)
	}
	return calls
}

// Errcodes of quota/get: the path is unknown, or not one of this kind of account.
const (
	codeUnknownPath  = 76021
	codeWrongAccount = 76022
)

// CheckQuota finds out how many calls are left of the day's. What WeChat keeps no count of is left out.
func (a *Account) CheckQuota(ctx context.Context, report Report) {
	for _, q := range a.counted() {
		var left wechat.Allowance
		err := a.Call(ctx, func(token string) (err error) {
			left, err = a.cfg.Client.Quota(ctx, token, q.path)
			return err
		})
		switch code := wechat.Errcode(err); {
		case code == codeUnknownPath || code == codeWrongAccount:
			continue
		case err != nil:
			f := failed(checkQuota, "WeChat does not tell the quota of "+q.name, err)
			f.Verdict = Warning
			report(f)
			return
		}
		f := Finding{Check: checkQuota, Text: fmt.Sprintf("%s: %d of %d calls are left today", q.name, left.Remain, left.Daily)}
		switch {
		case left.Daily <= 0:
			continue
		case left.Remain <= 0:
			f.Verdict, f.Todo = Wrong, "it starts afresh at midnight +08:00; clear_quota does so at once, ten times a month. Find out who makes the calls"
		case left.Remain < left.Daily/10:
			f.Verdict, f.Todo = Warning, "find out who makes the calls: the gateway makes few of getticket, and limits the others"
		}
		report(f)
	}
}
