// Package observe makes metrics and events of what happens to accounts, and says of failures what is likely to mend them.
package observe

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// The events, beside which the README says what data they hold.
const (
	EventRenewed = "wechat_card_credential_renewed"
	EventFailed  = "wechat_card_credential_failed"
)

// Bounds of what is remembered of refused addresses.
const (
	refusedIPLife = time.Hour
	maxRefusedIPs = 16
)

// Account is told what happens to one account, and makes metrics and events of it.
type Account struct {
	name    string // in events and the audit
	label   string // of the metrics
	emitter *Emitter
	audit   *Audit

	refused    atomic.Bool // refusedIPs may hold some
	mu         sync.Mutex
	refusedIPs map[string]refusal // by the address
}

// refusal is that WeChat refused calls from an address of this machine.
type refusal struct {
	at  time.Time
	api string // the call that it last refused
}

// NewAccount makes the observer of an account. owners give its credentials in WeChat's place.
func NewAccount(account string, emitter *Emitter, audit *Audit, owners ...credential.Source) *Account {
	return newAccount(account, account, emitter, audit, owners)
}

// NewDataAccount makes the observer of an account that is data. All of them have one label in the metrics: there may be ten thousand.
func NewDataAccount(appID string, emitter *Emitter, audit *Audit, owners ...credential.Source) *Account {
	return newAccount(appID, LabelData, emitter, audit, owners)
}

func newAccount(account, label string, emitter *Emitter, audit *Audit, owners []credential.Source) *Account {
	results := append([]credential.Source{credential.FromWeChat, credential.FromStore, resultFailed}, owners...)
	for _, kind := range credential.Kinds { // from 0 on: Prometheus sees no increase in a series that begins at 1
		for _, result := range results {
			Metrics().renewals.at(label, string(kind), string(result))
		}
	}
	return &Account{name: account, label: label, emitter: emitter, audit: audit}
}

// Called is wechat.Config.Observe.
func (o *Account) Called(api string, err error, took time.Duration) {
	Metrics().Called(o.label, api, err, took)
	o.learnAddress(api, err)
}

// learnAddress notes what a call tells of this machine's address. A success takes back what WeChat said before: that of a call for a
// token, which it looks at most strictly, everything; that of a call with a token what it said of other such calls. Others say
// nothing of the address.
func (o *Account) learnAddress(api string, err error) {
	e, isError := errors.AsType[*wechat.Error](err)
	if err != nil && (!isError || e.RefusedIP() == "") {
		return // says nothing of it
	}
	if err == nil && !o.refused.Load() {
		return // as ever
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil {
		maps.DeleteFunc(o.refusedIPs, func(_ string, r refusal) bool {
			return isForToken(api) || r.api == api || !isForToken(r.api) && !slices.Contains(withoutToken, api)
		})
		o.refused.Store(len(o.refusedIPs) > 0)
		return
	}
	now := time.Now()
	o.forgetOld(now)
	ip := e.RefusedIP()
	if _, known := o.refusedIPs[ip]; known || len(o.refusedIPs) < maxRefusedIPs {
		if o.refusedIPs == nil {
			o.refusedIPs = make(map[string]refusal)
		}
		o.refusedIPs[ip] = refusal{now, api}
		o.refused.Store(true)
	}
}

// withoutToken are calls without an access_token: of a mini program, or of whoever keeps the account's credentials.
var withoutToken = []string{"jscode2session", "remote_token", "remote_ticket"}

func isForToken(api string) bool { return api == "token" || api == "stable_token" }

// forgetOld drops what is too old to be told; mu is held.
func (o *Account) forgetOld(now time.Time) {
	maps.DeleteFunc(o.refusedIPs, func(_ string, r refusal) bool { return now.Sub(r.at) > refusedIPLife })
}

// RefusedLately tells which addresses of this machine WeChat has refused within the last hour, and when last, without those
// that it has taken since. Behind some networks there are several.
func (o *Account) RefusedLately(now time.Time) map[string]time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.forgetOld(now)
	refused := make(map[string]time.Time, len(o.refusedIPs))
	for ip, r := range o.refusedIPs {
		refused[ip] = r.at
	}
	return refused
}

// Happened is plugin.AccountConfig.Observe.
func (o *Account) Happened(e credential.Event) {
	result, name := string(e.Source), EventRenewed
	if e.Err != nil {
		result, name = resultFailed, EventFailed
	}
	Metrics().renewals.at(o.label, string(e.Kind), result).Add(1)
	if e.Forced {
		outcome := ReasonOK
		if e.Err != nil {
			outcome = problem.ReasonCredentialUnavailable
		}
		o.audit.Write(nil, "forced refresh of "+string(e.Kind), o.name, "", outcome)
	}
	o.emitter.Emit(name, func() map[string]any { return eventData(o.name, e) })
}

// eventData is what an event tells.
func eventData(account string, e credential.Event) map[string]any {
	data := map[string]any{"account": account, "credential": string(e.Kind)}
	if e.Err == nil {
		data["source"] = string(e.Source)
		data["expires"] = e.Expires.UTC().Format(time.RFC3339)
		return data
	}
	f := FailureOf(e.Err)
	data["errcode"] = f.ErrCode
	data["errmsg"] = f.ErrMsg
	data["hint"] = f.Hint
	data["next_attempt"] = e.NextAttempt.UTC().Format(time.RFC3339)
	return data
}
