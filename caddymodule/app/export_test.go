package app

import (
	"context"
	"time"
)

// SweepData looks after the accounts that are data, as if so much time had passed.
func (a *App) SweepData(ctx context.Context, later time.Duration) {
	a.data.sweep(ctx, time.Now().Add(later))
}
