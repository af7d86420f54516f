// Package state is the state machine of one credential in one process: which value it has, whether WeChat refused it,
// and until when a failure forbids to ask again. No I/O, no goroutines, no configuration.
//
// machine.go has the states and which one holds; then there is one file a change: land.go brings a value, adopt.go
// judges whether one out of the store is better than ours, dead.go takes a value away before its time, block.go lets a
// failure forbid attempts and what ends it allow them. ticket.go has what is learned of tickets and what
// lending changes, known.go tells values apart that somebody shows, history.go is what operators see.
package state

import (
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/address"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/pace"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/cenkalti/backoff/v5"
	"github.com/patrickmn/go-cache"
)

// State is what a credential is in, seen from one process. Beside it stands a block: until its end WeChat is not asked,
// whatever the state. These are all states and all that changes them; a test makes each row happen in each of its states,
// with and without a block:
//
//	what happens     in               then      block    file         which is
//	time             fresh            renewing  stays    machine.go   its renewal is due
//	time             fresh, renewing  expired   stays    machine.go   it has ended, or signs no more
//	land             any              fresh     ends     land.go      WeChat gave a value
//	adopt            none, expired    fresh     ends     adopt.go     the store has a value that may be served
//	adopt newer      fresh, renewing  fresh     ends     adopt.go     the store has a newer one
//	adopt older      any              same      stays    adopt.go     what the store has is older, or was replaced by one that died
//	refuse           any              none      stays    dead.go      WeChat refused the value in a call; without a value nothing happens
//	refuse another   any              same      stays    dead.go      WeChat refused what is no longer the current value
//	fail             any              same      begins   block.go     an attempt of this process has failed
//	bind             any              same      begins   block.go     another process has failed, or there is a quarrel
//	bar              any              same      begins   block.go     WeChat refuses this machine's address, for all of the account
//	take             any              same      stays    machine.go   WeChat takes calls from the address again: what bar began ends
//	inherit          any              same      begins   block.go     the credential that this one needs has failed
//	disinherit       any              same      stays    land.go      it is there again: what inherit began ends
//	configure        any              same      ends     machine.go   another secret
//	configure same   any              same      stays    machine.go   the same secret
//	time             any              same      ends     block.go     it is as late as the block says
//
// Land and Adopt are the only ways to a value, Refuse the only way to lose one before its time. A usable value is served
// through fresh, renewing and any block; in none and expired callers wait for the flight under way or, when blocked, are told
// at once when to come again. What ends or begins wakes the loop (Changed).
type State string

// The states.
const (
	None     State = "none"     // there is no value, or WeChat refused it
	Fresh    State = "fresh"    // served
	Renewing State = "renewing" // served; its renewal is due
	Expired  State = "expired"  // not served
)

// Machine knows all about one credential that this process knows.
type Machine struct {
	History History

	kind    value.Kind
	values  *cache.Cache     // of the account, by kind
	address *address.Address // of this process, as WeChat sees it; the account's Machines share it

	mu       sync.Mutex
	needed   []*Machine // those of the credentials that cannot be fetched without this one
	config   string     // fingerprint of the current configuration, or of the last one that was
	block    block
	backoff  *backoff.ExponentialBackOff // of failures that pass by themselves; nil: there was none since a success
	quarrel  pace.Quarrel                // about values that WeChat refuses
	refusal  error                       // what WeChat said when it last refused a value
	lookAt   time.Time                   // while blocked: when the store may be looked at again
	previous *value.Held                 // the value before the current one, which may have been lent
	learned  value.Learned               // of a ticket: how WeChat gives it
	lentAt   time.Time                   // when it was last lent
	changed  chan struct{}               // closed with the next change; nil: nobody waits for it
	onChange func() bool
}

// block keeps from trying until its end.
type block struct {
	until     time.Time
	err       error
	count     int  // failures in a row of the kind that waits by minutes
	inherited bool // from the credential that this one needs; it ends when that one is there
}

// New makes the Machine of a credential that is not there yet. values is the account's; needs is the Machine of the
// credential without which this one cannot be fetched, or nil.
func New(kind value.Kind, values *cache.Cache, at *address.Address, needs *Machine) *Machine {
	m := &Machine{
		kind: kind, values: values, address: at,
		onChange: func() bool { return false },
	}
	if needs != nil {
		needs.mu.Lock()
		needs.needed = append(needs.needed, m)
		needs.mu.Unlock()
	}
	at.OnTaken(m.Wake)
	return m
}

// Current is the value in memory, nil when there is none. It takes no lock that anybody holds while waiting.
func (m *Machine) Current() *value.Held {
	v, _ := m.values.Get(string(m.kind))
	h, _ := v.(*value.Held)
	return h
}

// State tells the state at now.
func (m *Machine) State(now time.Time) State {
	h := m.Current()
	switch {
	case h == nil || h.Refused.Load():
		return None
	case !h.Usable(now, m.kind):
		return Expired
	case h.Due(now):
		return Renewing
	}
	return Fresh
}

// Serve gives the value when it may be served at now, else nil.
func (m *Machine) Serve(now time.Time) *value.Held {
	if h := m.Current(); h.Usable(now, m.kind) {
		return h
	}
	return nil
}

// OnChange has f called with each change that may call for a renewal, or for waiting otherwise. It must not call back.
// What it returns does not count.
func (m *Machine) OnChange(f func() bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.onChange = f
}

// Changed gives what is closed with the next change that may call for a renewal, or for waiting otherwise.
func (m *Machine) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changed == nil {
		m.changed = make(chan struct{})
	}
	return m.changed
}

// Wake tells of a change.
func (m *Machine) Wake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wake()
}

// wake is Wake for who holds m.mu.
func (m *Machine) wake() {
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
	m.onChange()
}

// Configure tells the fingerprint of the configuration that is the current one now. Another one than before starts
// afresh: another secret may mend what failed.
func (m *Machine) Configure(fingerprint string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.config != fingerprint {
		m.config = fingerprint
		m.block = block{}
		m.backoff = nil
		m.address.Configure(fingerprint)
	}
	m.wake()
}
