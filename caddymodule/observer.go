package caddymodule

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// The events, beside which the README says what data they hold.
const (
	eventRenewed = "wechat_card_credential_renewed"
	eventFailed  = "wechat_card_credential_failed"
)

// Bounds of what is remembered of refused addresses.
const (
	refusedIPLife = time.Hour
	maxRefusedIPs = 16
)

// accountObserver is told what happens to one account, and makes metrics and events of it.
type accountObserver struct {
	account string
	emitter *emitter

	mu         sync.Mutex
	refusedIPs map[string]time.Time // when WeChat last refused calls from the address
}

// newAccountObserver makes the observer of an account. owners give its credentials in WeChat's place.
func newAccountObserver(account string, emitter *emitter, owners ...credential.Source) *accountObserver {
	results := append([]credential.Source{credential.FromWeChat, credential.FromStore, resultFailed}, owners...)
	for _, kind := range credential.Kinds { // from 0 on: Prometheus sees no increase in a series that begins at 1
		for _, result := range results {
			metrics().renewals.WithLabelValues(account, string(kind), string(result))
		}
	}
	return &accountObserver{account: account, emitter: emitter, refusedIPs: make(map[string]time.Time)}
}

// called is wechat.Config.Observe.
func (o *accountObserver) called(api string, err error, took time.Duration) {
	metrics().called(o.account, api, err, took)
	if e, ok := errors.AsType[*wechat.Error](err); ok {
		if ip := e.RefusedIP(); ip != "" {
			o.refused(ip, time.Now())
		}
	}
}

func (o *accountObserver) refused(ip string, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	maps.DeleteFunc(o.refusedIPs, func(_ string, at time.Time) bool { return now.Sub(at) > refusedIPLife })
	if _, known := o.refusedIPs[ip]; known || len(o.refusedIPs) < maxRefusedIPs {
		o.refusedIPs[ip] = now
	}
}

// refusedLately lists the addresses of this machine that WeChat has refused within the last hour. Behind some
// networks there are several.
func (o *accountObserver) refusedLately(now time.Time) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	maps.DeleteFunc(o.refusedIPs, func(_ string, at time.Time) bool { return now.Sub(at) > refusedIPLife })
	return slices.Sorted(maps.Keys(o.refusedIPs))
}

// happened is plugin.AccountConfig.Observe.
func (o *accountObserver) happened(e credential.Event) {
	result, name := string(e.Source), eventRenewed
	if e.Err != nil {
		result, name = resultFailed, eventFailed
	}
	metrics().renewals.WithLabelValues(o.account, string(e.Kind), result).Inc()
	o.emitter.emit(name, func() map[string]any { return eventData(o.account, e) })
}

// eventData is what an event tells.
func eventData(account string, e credential.Event) map[string]any {
	data := map[string]any{"account": account, "credential": string(e.Kind)}
	if e.Err == nil {
		data["source"] = string(e.Source)
		data["expires"] = e.Expires.UTC().Format(time.RFC3339)
		return data
	}
	f := failureOf(e.Err)
	data["errcode"] = f.ErrCode
	data["errmsg"] = f.ErrMsg
	data["hint"] = f.Hint
	data["next_attempt"] = e.NextAttempt.UTC().Format(time.RFC3339)
	return data
}
