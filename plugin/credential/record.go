package credential

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

const (
	recordVersion = 1
	maxRecord     = 64 << 10
	maxLifetime   = 7 * 24 * time.Hour
	recordLife    = 25 * time.Hour  // of counts
	maxAhead      = 5 * time.Minute // a record further in the future was written by a wrong clock
)

// record is what the fleet shares about one credential. Its times are WeChat's, in milliseconds since 1970, so that
// nodes with different clocks agree on them. Only the value itself is secret; it is sealed.
type record struct {
	Version int      `json:"version"`
	Value   *stored  `json:"value,omitempty"`
	Failure *failure `json:"failure,omitempty"`
	Calls   calls    `json:"calls"`

	aged   bool // the store told how long ago the record was written,
	age    time.Duration
	readAt time.Time // when it did so
}

// stored is a sealed value.
type stored struct {
	Sealed   string `json:"sealed"`
	Obtained int64  `json:"obtained"`
	Expires  int64  `json:"expires"`
	Renew    int64  `json:"renew"`  // when renewal is due, without jitter
	Stored   int64  `json:"stored"` // when the record was written: for stores that tell its age
}

// failure is a failure that binds the whole fleet until Until.
type failure struct {
	Code   int    `json:"errcode"`
	Msg    string `json:"errmsg,omitempty"`
	RID    string `json:"rid,omitempty"`
	API    string `json:"api"`
	Time   int64  `json:"time"`
	Until  int64  `json:"until"`
	Count  int    `json:"count"`  // how often in a row
	Config string `json:"config"` // fingerprint of the configuration that failed: another one starts afresh
}

// parseRecord reads what lies in the store. Anything else than a record of ours is an error.
func parseRecord(raw []byte) (*record, error) {
	if len(raw) > maxRecord {
		return nil, errors.New("record too large")
	}
	rec := new(record)
	dec := json.NewDecoder(bytes.NewReader(raw))
	if err := dec.Decode(rec); err != nil {
		return nil, fmt.Errorf("decoding record: %w", err)
	}
	if rec.Version != recordVersion {
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

// generation names the stored value that a renewal replaces. A lock carries it in its name, so that a lock left by a
// killed holder hinders nobody once its generation is over.
func (r *record) generation() string {
	if r == nil || r.Value == nil {
		return "none"
	}
	return hash(r.Value.Sealed)[:16]
}

func (s *stored) label(name string) string {
	return name + "|" + strconv.FormatInt(s.Obtained, 10) + "|" + strconv.FormatInt(s.Expires, 10)
}

// pack seals h for the store. offset is how far WeChat's clock is ahead of ours.
func pack(s *sealer, name string, h *held, now time.Time, offset time.Duration) *stored {
	out := &stored{
		Obtained: h.Obtained.Add(offset).UnixMilli(),
		Expires:  h.Expires.Add(offset).UnixMilli(),
		Renew:    h.renewFrom.Add(offset).UnixMilli(),
		Stored:   now.Add(offset).UnixMilli(),
	}
	out.Sealed = s.seal(h.Text, out.label(name))
	return out
}

// unpack opens the stored value. Seen for the first time at now, it lives at most its whole lifetime from then on,
// however wrong our wall clock is. Where the store told the record's age, our clock may be as wrong as it likes: of the
// two the one counts that lets the value live shorter, for an age says nothing of a record that was put back from a
// backup. offset tells at any time how far WeChat's clock is ahead of ours.
func (r *record) unpack(sl *sealer, name string, now time.Time, offset func() time.Duration) (*held, error) {
	s := r.Value
	text, err := sl.open(s.Sealed, s.label(name))
	if err != nil {
		return nil, err
	}
	believed := offset()
	if r.aged {
		written := now.Add(-r.age - now.Sub(r.readAt))
		believed = max(believed, time.UnixMilli(s.Stored).Sub(written))
	}
	local := func(ms int64) time.Time { return time.UnixMilli(ms).Add(-believed) }
	v := Value{Text: text, Obtained: local(s.Obtained), Expires: local(s.Expires)}
	if v.Obtained.Sub(now) > maxAhead {
		return nil, errors.New("stored value comes from the future")
	}
	ends := now.Add(min(v.Expires.Sub(now), v.Expires.Sub(v.Obtained)))
	from := local(s.Renew)
	if from.After(v.Expires) || from.Before(v.Obtained) {
		from = renewalStart(v)
	}
	h := newHeld(v, ends, from, random())
	h.source = FromStore
	h.offset, h.believed = offset, believed
	return h, nil
}

// restamp keeps the record's age true when it is written again at now.
func (r *record) restamp(now time.Time) {
	if r.Value != nil && r.aged {
		r.Value.Stored += (r.age + now.Sub(r.readAt)).Milliseconds()
		r.age, r.readAt = 0, now
	}
}

// life is for how long the record is of use: as long as its value, or a failure that binds. Counts alone are kept for a
// day.
func (r *record) life(now, wechatNow time.Time) time.Duration {
	var life time.Duration
	if v := r.Value; v != nil {
		life = time.UnixMilli(v.Expires).Sub(wechatNow)
		if r.aged {
			life = time.Duration(v.Expires-v.Stored)*time.Millisecond - r.age - now.Sub(r.readAt)
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
