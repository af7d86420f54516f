package renewal

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/record"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// read loads the record. A missing record is nil without an error, and so is garbage: there is nothing to share yet.
//
// A store writes over whatever is there. A write that hung in it and comes late puts an older value over a newer one; so
// each value is stored twice, one behind the other, and of the two the newer counts.
func (f *flight) read(ctx context.Context) (*record.Record, error) {
	if cur := f.State.Current(); cur != nil {
		cur.Looked(f.env.Now())
	}
	rec, err := f.load(ctx, f.Name)
	if err != nil || rec == nil {
		return nil, err
	}
	if rec.Tickets != nil {
		f.State.Taught(*rec.Tickets, f.env.wechatNow())
	}
	if rec.Value == nil || rec.Opens(f.env.sealer, f.Name) { // what is not ours did not come late
		copied, err := f.load(ctx, f.Copy)
		if err != nil {
			return nil, err
		}
		if copied != nil {
			rec.Newer(copied, f.env.Now())
		}
	}
	// Where nothing but our own clock tells when they end, nobody may have told us yet that it is wrong.
	if (rec.Value != nil || rec.Failure != nil) && !rec.Timed() && !f.env.timeKnown(ctx) {
		rec.Untimed()
	}
	return rec, nil
}

// load loads what is stored under a key. What is missing is nil without an error, and so is garbage.
func (f *flight) load(ctx context.Context, key string) (*record.Record, error) {
	// The age first: if the record is written again meanwhile, it seems older than it is, and not younger.
	age, aged := f.env.share.Age(ctx, key)
	var readAt time.Time
	if aged {
		readAt = f.env.Now()
	}
	raw, err := f.env.share.Load(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rec, err := record.Parse(raw)
	if err != nil {
		f.env.Logger.Warn("credential store holds something else than a record; it will be overwritten",
			slog.String("key", key), slog.Any("error", err))
		return nil, nil
	}
	if aged {
		rec.Aged(age, readAt)
	}
	return rec, nil
}

// write stores the record, even when the configuration is being stopped.
func (f *flight) write(rec *record.Record) error {
	stamped := f.env.Now()
	rec.Restamp(stamped)
	var was record.Sealed
	if rec.Value != nil {
		was = *rec.Value
	}
	err := f.put(f.Name, rec, func() { f.cameLate(was, stamped) })
	if errors.Is(err, context.DeadlineExceeded) {
		go f.cameLate(was, stamped) // it may be on its way still, and nobody will be told when it arrives
	}
	return err
}

// put stores a record under a key. late is called if that takes effect after all when it has been given up.
func (f *flight) put(key string, rec *record.Record, late func()) error {
	if learned := f.State.Learned(); learned.At > 0 {
		rec.Tickets = &learned
	}
	raw, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	life := rec.Life(f.env.Now(), f.env.wechatNow())
	return f.env.share.Save(f.env.storing, key, raw, life, late)
}

// cameLate writes the record once more whose writing, with the value that was in it at the time of stamped, came late: what
// else was stored meanwhile was overwritten, and to the store what it holds now is younger than it is.
func (f *flight) cameLate(was record.Sealed, stamped time.Time) {
	select {
	case <-time.After(storeguard.Pause + value.ClockSlack): // it is left alone for a while
	case <-f.env.ctx.Done():
		return
	}
	if !f.env.begin() {
		return
	}
	defer f.env.flights.Done()
	defer f.env.contain("storing", nil)
	rec, err := f.read(f.env.ctx)
	if err != nil || rec == nil {
		return
	}
	rec.NotYounger(was, stamped, f.env.Now())
	_ = f.write(rec) // which may come late, too
}
