// Package record is what a fleet shares about one credential, as it lies in the store. No I/O.
//
// record.go has the form of it and what is believed of it, sealed.go the value in it.
package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/pace"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

const (
	version     = 1
	maxRecord   = 64 << 10
	maxLifetime = 7 * 24 * time.Hour
	recordLife  = 25 * time.Hour // of counts
)

// Record is what the fleet shares about one credential. Its times are WeChat's, in milliseconds since 1970, so that
// nodes with different clocks agree on them. Only the value itself is secret; it is sealed.
type Record struct {
	Version int        `json:"version"`
	Value   *Sealed    `json:"value,omitempty"`
	Failure *Failure   `json:"failure,omitempty"`
	Calls   pace.Calls `json:"calls"`

	// Tickets is what the fleet knows of how WeChat gives tickets. Older processes drop it; then it is learned again.
	Tickets *value.Learned `json:"tickets,omitempty"`

	aged    bool // the store told how long ago the record was written,
	age     time.Duration
	readAt  time.Time // when it did so
	untimed bool      // neither did it, nor has WeChat told us the time
}

// Sealed is a sealed value.
type Sealed struct {
	Sealed   string `json:"sealed"`
	Obtained int64  `json:"obtained"`
	Expires  int64  `json:"expires"`
	Renew    int64  `json:"renew"`  // when renewal is due, without jitter
	Stored   int64  `json:"stored"` // when the record was written: for stores that tell its age; 0: nobody knows
	Watched  bool   `json:"watched,omitempty"`

	fresh bool // it was not read from the store
}

// Failure is a failure that binds the whole fleet until Until.
type Failure struct {
	Code   int    `json:"errcode"`
	Msg    string `json:"errmsg,omitempty"`
	RID    string `json:"rid,omitempty"`
	API    string `json:"api"`
	Time   int64  `json:"time"`
	Until  int64  `json:"until"`
	Count  int    `json:"count"`  // how often in a row
	Config string `json:"config"` // fingerprint of the configuration that failed: another one starts afresh
	Stored int64  `json:"stored"` // as that of a value

	fresh bool // it was not read from the store
}

// New makes a Record that says nothing yet.
func New() *Record { return &Record{Version: version} }

// Parse reads what lies in the store. Anything else than a record of ours is an error.
func Parse(raw []byte) (*Record, error) {
	if len(raw) > maxRecord {
		return nil, errors.New("record too large")
	}
	rec := new(Record)
	if err := json.Unmarshal(raw, rec); err != nil {
		return nil, fmt.Errorf("decoding record: %w", err)
	}
	if rec.Version != version {
		return nil, fmt.Errorf("record has version %d", rec.Version)
	}
	if v := rec.Value; v != nil {
		life := v.Expires - v.Obtained
		if v.Sealed == "" || v.Obtained <= 0 || life <= 0 || life > maxLifetime.Milliseconds() {
			return nil, errors.New("record has an impossible value")
		}
	}
	if rec.Calls.Normal < 0 || rec.Calls.Forced < 0 {
		return nil, errors.New("record has impossible counts")
	}
	return rec, nil
}

// Aged notes the age that the store told of the record at now.
func (r *Record) Aged(age time.Duration, now time.Time) { r.aged, r.age, r.readAt = true, age, now }

// Timed tells whether what the store tells of the record's age says when its value and its failure end. It does not where
// somebody wrote the record again without knowing how old they were.
func (r *Record) Timed() bool {
	return r.aged && (r.Value == nil || r.Value.Stored > 0) && (r.Failure == nil || r.Failure.Stored > 0)
}

// Untimed notes that nothing tells when the value ends but our own clock, which may be wrong: it may have ended long ago.
func (r *Record) Untimed() { r.untimed = true }

// Unknown tells whether Untimed was called.
func (r *Record) Unknown() bool { return r.untimed }

// Newer takes the value of copied, the record's copy, if that is the newer one: somebody's older value came late to the store.
// Where both are the same, the older of their two ages counts: the record is written again and again, and each writing that
// came late made it seem younger; the copy is written once.
func (r *Record) Newer(copied *Record, now time.Time) {
	v := copied.Value
	if v == nil || r.Value != nil && r.Value.Obtained > v.Obtained {
		return
	}
	if r.Value != nil && r.Value.Obtained == v.Obtained {
		if r.aged && copied.aged && r.Value.Stored > 0 && v.Stored > 0 {
			r.Value.Stored = max(r.Value.Stored, v.Stored+(copied.sinceWritten(now)-r.sinceWritten(now)).Milliseconds())
		}
		return
	}
	r.Value = v
	if !r.aged || !copied.aged || v.Stored <= 0 {
		v.Stored = 0
		return
	}
	// The two were written at different times; from here on it counts as written with the record.
	v.Stored += (copied.sinceWritten(now) - r.sinceWritten(now)).Milliseconds()
}

// Put makes sealed the value of the record, as it is to be stored. Then no failure binds any more.
func (r *Record) Put(sealed *Sealed) {
	sealed.fresh = true
	r.Value, r.Failure = sealed, nil
}

// Fail makes f the failure of the record, as it is to be stored.
func (r *Record) Fail(f *Failure) {
	f.fresh = true
	r.Failure = f
}

// Generation names the stored value that a renewal replaces. A lock carries it in its name, so that a lock left by a
// killed holder hinders nobody once its generation is over.
func (r *Record) Generation() string {
	if r == nil || r.Value == nil {
		return "none"
	}
	return seal.Hash(r.Value.Sealed)[:16]
}

// Restamp keeps the record's age true when it is written again at now: the store's own begins anew with that. What was read
// without its age is marked as such, for its readers would take it for as young as the record.
func (r *Record) Restamp(now time.Time) {
	if r.Value != nil && !r.Value.fresh {
		r.Value.Stored = r.restamped(r.Value.Stored, now)
	}
	if r.Failure != nil && !r.Failure.fresh {
		r.Failure.Stored = r.restamped(r.Failure.Stored, now)
	}
	r.age, r.readAt = 0, now
}

func (r *Record) restamped(stored int64, now time.Time) int64 {
	if !r.aged || stored <= 0 {
		return 0
	}
	return stored + r.sinceWritten(now).Milliseconds()
}

// NotYounger has the record's value seem no younger than who wrote it knows: at stamped it was written as was, whoever has written it
// again since and whenever that reached the store. Both times are of one clock.
func (r *Record) NotYounger(was Sealed, stamped, now time.Time) {
	v := r.Value
	if v == nil || v.Sealed != was.Sealed || !r.aged || v.Stored <= 0 || was.Stored <= 0 {
		return
	}
	v.Stored = max(v.Stored, was.Stored+(now.Sub(stamped)-r.sinceWritten(now)).Milliseconds())
}

// sinceWritten is how long ago the record was written. The store must have told its age.
func (r *Record) sinceWritten(now time.Time) time.Duration { return r.age + now.Sub(r.readAt) }

// Left is how long the failure of the record binds still: by the store's own clock where it tells ages, else by ours.
func (r *Record) Left(now, wechatNow time.Time) time.Duration {
	f := r.Failure
	if r.aged && f.Stored > 0 {
		return time.Duration(f.Until-f.Stored)*time.Millisecond - r.sinceWritten(now)
	}
	return time.UnixMilli(f.Until).Sub(wechatNow)
}

// Life is for how long the record is of use: as long as its value, or a failure that binds. Counts alone are kept for a
// day.
func (r *Record) Life(now, wechatNow time.Time) time.Duration {
	var life time.Duration
	if v := r.Value; v != nil {
		life = time.UnixMilli(v.Expires).Sub(wechatNow)
		if r.aged && !v.fresh && v.Stored > 0 {
			life = time.Duration(v.Expires-v.Stored)*time.Millisecond - r.sinceWritten(now)
		}
	}
	if r.Failure != nil {
		life = max(life, time.UnixMilli(r.Failure.Until).Sub(wechatNow))
	}
	if life <= 0 {
		return recordLife
	}
	return life
}
