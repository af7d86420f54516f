package record

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"version":1,"value":{"sealed":"AAAA","obtained":946684800000,"expires":946692000000,"renew":946691500000},"calls":{"day":"20261121","normal":3}}`))
	f.Add([]byte(`{"version":1,"failure":{"errcode":45009,"api":"getticket","time":1,"until":2,"count":3,"config":"x"},"calls":{}}`))
	f.Add([]byte(`{"version":1,"value":null}`))
	sl, err := seal.New("s3cr3t")
	if err != nil {
		f.Fatal(err)
	}
	now := time.Now()
	f.Fuzz(func(t *testing.T, raw []byte) {
		rec, err := Parse(raw)
		if err != nil {
			return
		}
		rec.Generation()
		rec.Calls.Take(value.APITicket, false, now)
		if rec.Value != nil {
			if h, err := rec.Unpack(sl, "name", now, ahead(0), 0.5); err == nil {
				t.Errorf("opened %q without the secret", h.Text)
			}
		}
		if _, err := json.Marshal(rec); err != nil {
			t.Errorf("cannot be written back: %v", err)
		}
	})
}

func ahead(offset time.Duration) func() time.Duration {
	return func() time.Duration { return offset }
}

func TestPackAndUnpack(t *testing.T) {
	sl, err := seal.New("s3cr3t")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	v := value.Value{Text: "T", Obtained: now, Expires: now.Add(2 * time.Hour)}
	h := value.NewHeld(v, v.Expires, value.RenewalStart(v), 0.5)
	s := &Record{Value: Pack(sl, "a", h, now, 3*time.Second)}
	got, err := s.Unpack(sl, "a", now, ahead(3*time.Second), 0.5)
	if err != nil || got.Text != "T" || got.Expires.Sub(v.Expires).Abs() > time.Millisecond {
		t.Errorf("unpack = %+v, %v", got, err)
	}
	if left := got.Remaining(now.Add(2 * time.Hour)); left > 0 {
		t.Errorf("lives %v too long", left)
	}
	// A node whose clock is far behind has not measured it yet: the value lives its lifetime from now on, no longer.
	got, err = s.Unpack(sl, "a", now.Add(3*time.Second), ahead(0), 0.5)
	if err != nil || got.Ends.Sub(now) > 2*time.Hour+3*time.Second {
		t.Errorf("unpack = %+v, %v", got, err)
	}
	if _, err := s.Unpack(sl, "b", now, ahead(0), 0.5); err == nil {
		t.Error("opened under another name")
	}
	other, _ := seal.New("another")
	if _, err := s.Unpack(other, "a", now, ahead(0), 0.5); err == nil {
		t.Error("opened with another secret")
	}
	if other.Fingerprint == sl.Fingerprint {
		t.Error("two secrets have one fingerprint")
	}
}

// Where the store tells a record's age, no clock of ours lets a value live too long, known or not, nor does a rewrite.
// One that is ahead ends it early: the store may be a backup, and tell the age of that.
func TestAgedRecordLivesWhatItHasLeft(t *testing.T) {
	sl, err := seal.New("s3cr3t")
	if err != nil {
		t.Fatal(err)
	}
	written := time.Now()
	v := value.Value{Text: "T", Obtained: written, Expires: written.Add(2 * time.Hour)}
	rec := &Record{Version: version, Value: Pack(sl, "a", value.NewHeld(v, v.Expires, value.RenewalStart(v), 0), written, 0)}
	if life := rec.Life(written, written); (life - 2*time.Hour).Abs() > time.Second {
		t.Errorf("a fresh record is of use for %v", life)
	}
	for _, skew := range []time.Duration{-10 * time.Minute, 0, 10 * time.Minute} {
		node := written.Add(skew) // its clock, in the moment of writing
		read := *rec
		read.Aged(time.Hour, node.Add(time.Hour))
		for rewrite := range 2 {
			h, err := read.Unpack(sl, "a", read.readAt, ahead(0), 0.5)
			if err != nil {
				t.Fatal(err)
			}
			if left, want := h.Remaining(read.readAt), time.Hour-max(0, skew); (left - want).Abs() > time.Second {
				t.Errorf("skew %v, rewrite %d: lives for %v, want %v", skew, rewrite, left, want)
			}
			if life := read.Life(read.readAt, read.readAt); (life - time.Hour).Abs() > time.Second {
				t.Errorf("skew %v, rewrite %d: of use for %v, want an hour", skew, rewrite, life)
			}
			value := *read.Value
			read.Value = &value
			read.Restamp(read.readAt)
		}
	}
}

// A writing that came late makes a value seem younger, also to whoever writes it again. Who wrote it first knows how old it is.
func TestRecordIsNotYoungerThanItsWriterKnows(t *testing.T) {
	sl, err := seal.New("s3cr3t")
	if err != nil {
		t.Fatal(err)
	}
	wrote := time.Now()
	v := value.Value{Text: "T", Obtained: wrote, Expires: wrote.Add(2 * time.Hour)}
	packed := Pack(sl, "a", value.NewHeld(v, v.Expires, value.RenewalStart(v), 0), wrote, 0)
	for _, tc := range []struct {
		rewrites int           // by others, each right upon reading
		late     time.Duration // how long after it was written each arrived
		want     time.Duration // how old the value is, two minutes after it was written
	}{
		{rewrites: 0, late: 20 * time.Second, want: 2 * time.Minute},
		{rewrites: 1, late: 20 * time.Second, want: 2 * time.Minute},
		{rewrites: 2, late: 10 * time.Second, want: 2 * time.Minute},
		{rewrites: 1, late: -time.Minute, want: 4 * time.Minute}, // a store that says it is older is believed
	} {
		sealed := *packed
		rec := &Record{Version: version, Value: &sealed}
		now := wrote
		for range tc.rewrites {
			now = now.Add(30 * time.Second)
			rec.Aged(30*time.Second-tc.late, now)
			rec.Restamp(now)
		}
		now = wrote.Add(2 * time.Minute)
		rec.Aged(2*time.Minute-time.Duration(tc.rewrites)*30*time.Second-tc.late, now)
		rec.NotYounger(*packed, wrote, now)
		h, err := rec.Unpack(sl, "a", now, ahead(0), 0.5)
		if err != nil {
			t.Fatal(err)
		}
		age := 2*time.Hour - h.Remaining(now)
		if (age - tc.want).Abs() > time.Second { // its times are whole seconds
			t.Errorf("%+v: it seems %v old", tc, age)
		}
	}
}
