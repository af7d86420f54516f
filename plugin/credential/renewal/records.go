package renewal

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/record"
)

// read loads the record. A missing record is nil without an error, and so is garbage: there is nothing to share yet.
func (f *flight) read(ctx context.Context) (*record.Record, error) {
	// The age first: if the record is written again meanwhile, it seems older than it is, and not younger.
	age, aged := f.env.share.Age(ctx, f.Name)
	var readAt time.Time
	if aged {
		readAt = f.env.Now()
	}
	raw, err := f.env.share.Load(ctx, f.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rec, err := record.Parse(raw)
	if err != nil {
		f.env.Logger.Warn("credential store holds something else than a record; it will be overwritten",
			slog.String("key", f.Name), slog.Any("error", err))
		return nil, nil
	}
	if aged {
		rec.Aged(age, readAt)
	} else if rec.Value != nil || rec.Failure != nil {
		// Nothing but our own clock tells when they end, and nobody may have told us yet that it is wrong.
		f.env.LearnClock(ctx)
	}
	return rec, nil
}

// write stores the record, even when the configuration is being stopped.
func (f *flight) write(rec *record.Record) error {
	rec.Restamp(f.env.Now())
	raw, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	return f.env.share.Save(context.WithoutCancel(f.env.ctx), f.Name, raw, rec.Life(f.env.Now(), f.env.wechatNow()))
}
