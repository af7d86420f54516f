package record

import (
	"errors"
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// maxAhead is how far in the future a value may have been obtained: one further was stored by a wrong clock.
const maxAhead = 5 * time.Minute

// ErrUntimed says that nobody can tell when a stored value ends.
var ErrUntimed = errors.New("the stored value's age and the time are unknown")

func (s *Sealed) label(name string) string {
	return name + "|" + strconv.FormatInt(s.Obtained, 10) + "|" + strconv.FormatInt(s.Expires, 10)
}

// Pack seals h for the store. offset is how far WeChat's clock is ahead of ours.
func Pack(s *seal.Sealer, name string, h *value.Held, now time.Time, offset time.Duration) *Sealed {
	out := &Sealed{
		Obtained: h.Obtained.Add(offset).UnixMilli(),
		Expires:  h.Expires.Add(offset).UnixMilli(),
		Renew:    h.RenewFrom.Add(offset).UnixMilli(),
		Stored:   now.Add(offset).UnixMilli(),
		Watched:  h.Watched,
	}
	out.Sealed = s.Seal(h.Text, out.label(name))
	return out
}

// Opens tells whether the record's value is one that was sealed under this secret and name.
func (r *Record) Opens(sl *seal.Sealer, name string) bool {
	_, err := sl.Open(r.Value.Sealed, r.Value.label(name))
	return err == nil
}

// Unpack opens the stored value. Seen for the first time at now, it lives at most its whole lifetime from then on,
// however wrong our wall clock is. Where the store told the record's age, our clock may be as wrong as it likes: of the
// two the one counts that lets the value live shorter, for an age says nothing of a record that was put back from a
// backup. offset tells at any time how far WeChat's clock is ahead of ours; random is for value.NewHeld.
func (r *Record) Unpack(
	sl *seal.Sealer, name string, now time.Time, offset func() time.Duration, random float64,
) (*value.Held, error) {
	s := r.Value
	text, err := sl.Open(s.Sealed, s.label(name))
	if err != nil {
		return nil, err
	}
	aged := r.aged && s.Stored > 0
	if r.untimed && !aged {
		return nil, ErrUntimed
	}
	believed := offset()
	if aged {
		written := now.Add(-r.sinceWritten(now))
		believed = max(believed, time.UnixMilli(s.Stored).Sub(written))
	}
	local := func(ms int64) time.Time { return time.UnixMilli(ms).Add(-believed) }
	v := value.Value{Text: text, Obtained: local(s.Obtained), Expires: local(s.Expires)}
	if v.Obtained.Sub(now) > maxAhead {
		return nil, errors.New("stored value comes from the future")
	}
	ends := now.Add(min(v.Expires.Sub(now), v.Expires.Sub(v.Obtained)))
	from := local(s.Renew)
	if from.After(v.Expires) || from.Before(v.Obtained) {
		from = value.RenewalStart(v)
	}
	h := value.NewHeld(v, ends, from, random)
	h.Source = value.FromStore
	h.Watched = s.Watched
	h.Offset, h.Believed = offset, believed
	return h, nil
}
