package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault makes calls go wrong. The zero value of every field but Path changes nothing; a fault with a Delay alone makes
// WeChat slow.
type Fault struct {
	// Path of the calls, for example /cgi-bin/token; a * at its end stands for anything.
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
}

// fault is a Fault that waits for its calls.
type fault struct {
	Fault
	id   int64
	left int
	s    *Sandbox
}

// Fail adds faults. Of several that fit a call, the oldest that has calls left is used, and only it.
func (s *Sandbox) Fail(faults ...Fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range faults {
		switch {
		case !strings.HasPrefix(f.Path, "/") && f.Path != "*":
			return fmt.Errorf("fault %d: path must begin with / or be *", i)
		case f.Times < 0 || f.Delay < 0:
			return fmt.Errorf("fault %d: times and delay must not be negative", i)
		case f.Status != 0 && (f.Status < 200 || f.Status > 599):
			return fmt.Errorf("fault %d: status must be 200 to 599", i)
		case len(s.faults)+len(faults) > maxFaults:
			return errors.New("too many faults")
		}
	}
	for _, f := range faults {
		s.faultID++
		s.faults = append(s.faults, &fault{Fault: f, id: s.faultID, left: f.Times, s: s})
	}
	return nil
}

// arrive counts a call and gives the fault that befalls it, if any.
func (s *Sandbox) arrive(path string) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.calls[path]; known || len(s.calls) < maxPaths && len(path) <= maxText {
		s.calls[path]++
	}
	for i, f := range s.faults {
		if prefix, isPrefix := strings.CutSuffix(f.Path, "*"); path != f.Path && !(isPrefix && strings.HasPrefix(path, prefix)) {
			continue
		}
		if f.Times > 0 {
			if f.left--; f.left == 0 {
				s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			}
		}
		return f
	}
	return nil
}

// wait waits for Delay; false when the client has gone.
func (f *fault) wait(ctx context.Context) bool {
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

// spoils says whether there is anything but a delay.
func (f *fault) spoils() bool { return f.ErrCode != 0 || f.Status != 0 || f.Drop || f.Body != nil }

// answer writes what comes instead of the right answer.
func (f *fault) answer(w http.ResponseWriter) {
	var body []byte
	h := w.Header()
	h.Set("Content-Type", contentType)
	switch {
	case f.Body != nil:
		body = []byte(*f.Body)
	case f.ErrCode != 0:
		body = encode(f.s.refusal(&wxError{f.ErrCode, f.ErrMsg}))
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
