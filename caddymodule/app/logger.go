package app

import (
	"context"
	"log/slog"
)

// accountLogger gives a logger for what concerns an account. What Logger.With gives has an encoder of its own, of some two
// kilobytes; here it is made for each line.
func accountLogger(logger *slog.Logger, name string) *slog.Logger {
	return slog.New(accountHandler{logger.Handler(), name})
}

type accountHandler struct {
	slog.Handler
	name string
}

func (h accountHandler) named() slog.Handler {
	return h.Handler.WithAttrs([]slog.Attr{slog.String("account", h.name)})
}

// Handle implements slog.Handler.
func (h accountHandler) Handle(ctx context.Context, r slog.Record) error {
	return h.named().Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h accountHandler) WithAttrs(attrs []slog.Attr) slog.Handler { return h.named().WithAttrs(attrs) }

// WithGroup implements slog.Handler.
func (h accountHandler) WithGroup(name string) slog.Handler { return h.named().WithGroup(name) }
