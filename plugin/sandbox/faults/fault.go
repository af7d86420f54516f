// Package faults makes calls go wrong.
package faults

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// Fault makes calls go wrong. The zero value of every field but Path changes nothing; a fault with a Delay alone makes
// WeChat slow.
type Fault struct {
	// Path of the calls, for example /cgi-bin/token; a * at its end stands for anything. /push/ and an InfoType, for example
	// /push/authorized, are the events that are pushed to a third-party platform: Delay has them come late, whatever is answered
	// otherwise loses them.
	Path string
	// Times is how many calls it hits. 0: all, until Reset.
	Times int
	// ErrCode and ErrMsg are answered, with Status or 200.
	ErrCode int
	ErrMsg  string
	// Status is the HTTP status; without ErrCode and Body, the body is an HTML page.
	Status int
	// Delay is waited first; it ends when the client goes away.
	Delay time.Duration
	// Drop closes the connection without an answer; with a body, one byte before the end of it is there.
	Drop bool
	// Body is answered as it is.
	Body *string
	// Execute carries the call out before it goes wrong: its answer is lost or late.
	Execute bool
	// Repeat is how many times more an event is pushed.
	Repeat int
}

// Pending is a Fault that waits for its calls.
type Pending struct {
	Fault

	ID   int64
	Left int // calls; 0: all
}

// Wait waits for Delay; false when the client has gone.
func (f *Pending) Wait(ctx context.Context) bool {
	if f.Delay <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(f.Delay)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Spoils says whether there is anything but a delay.
func (f *Pending) Spoils() bool { return f.ErrCode != 0 || f.Status != 0 || f.Drop || f.Body != nil }

// Answer writes what comes instead of the right answer, at that time.
func (f *Pending) Answer(w http.ResponseWriter, now time.Time) {
	var body []byte
	h := w.Header()
	h.Set("Content-Type", wire.ContentType)
	switch {
	case f.Body != nil:
		body = []byte(*f.Body)
	case f.ErrCode != 0:
		h.Set("X-Content-Type-Options", "nosniff")
		body = wire.Encode(wire.Refusal(&wire.Error{Code: f.ErrCode, Msg: f.ErrMsg}, now))
	case f.Status != 0:
		h.Set("Content-Type", "text/html")
		body = fmt.Appendf(nil, "<html><body><h1>%d %s</h1></body></html>\n", f.Status, http.StatusText(f.Status))
	default:
		hangUp(w)
		return
	}
	if f.Drop && len(body) > 0 {
		// Less than what was announced: the server then closes the connection.
		h.Set("Content-Length", strconv.Itoa(len(body)))
		body = body[:len(body)-1]
	}
	w.WriteHeader(max(f.Status, http.StatusOK))
	_, _ = w.Write(body) // the client may be gone
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: how a handler tells net/http to reset the stream
	}
	_ = conn.Close()
}
