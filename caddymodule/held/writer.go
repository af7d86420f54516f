// Package held holds back the answer of a handler until it is clear what becomes of it.
package held

import (
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Verdict says what becomes of an answer.
type Verdict uint8

// The verdicts.
const (
	Pass Verdict = iota // it goes through as it comes
	Hold                // its header is not sent, and its body is collected
	Head                // its header is sent, and its body dropped: it answers a HEAD request
)

// Judge decides what becomes of answers.
type Judge interface {
	// Judge tells what becomes of an answer with a status and header. It is final when the answer begins, and may edit the
	// header then. Before that it is asked, for status 200, when a handler flushes first: nothing may come of that.
	Judge(status int, h http.Header, final bool) Verdict
}

// Writer is a response writer that holds back the answers which a Judge wants to be held, as long as they are short. All others
// go through it.
type Writer struct {
	caddyhttp.ResponseWriterWrapper

	// What is held of the body. A Judge may give it memory.
	Body []byte

	judge  Judge
	limit  int64
	state  state
	status int // of an answer that is held
}

type state uint8

const (
	undecided state = iota // the final status is not known yet
	passing                // everything goes through
	holding                // the header is not sent, the body is collected
	dropping               // the header is sent, a body never is
)

// Begin makes a Writer ready for an answer of which limit bytes are held at the most.
func (w *Writer) Begin(to http.ResponseWriter, judge Judge, limit int64) {
	w.ResponseWriterWrapper = caddyhttp.ResponseWriterWrapper{ResponseWriter: to}
	w.judge, w.limit = judge, limit
}

// Holding tells whether an answer is held.
func (w *Writer) Holding() bool { return w.state == holding }

// WriteHeader implements http.ResponseWriter.
func (w *Writer) WriteHeader(status int) {
	switch {
	case w.state != undecided:
		return // it has been called before
	case status < http.StatusOK && status != http.StatusSwitchingProtocols:
		w.ResponseWriterWrapper.WriteHeader(status)
		return
	}
	switch w.judge.Judge(status, w.Header(), true) {
	case Hold:
		w.state, w.status = holding, status
		return
	case Head:
		w.state = dropping
	case Pass:
		w.state = passing
	}
	w.ResponseWriterWrapper.WriteHeader(status)
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	if w.state == undecided {
		w.WriteHeader(http.StatusOK)
	}
	switch w.state {
	case dropping:
		return len(p), nil
	case holding:
		if int64(len(w.Body)+len(p)) <= w.limit {
			w.Body = append(w.Body, p...)
			return len(p), nil
		}
		if err := w.release(); err != nil {
			return 0, err
		}
	case undecided, passing:
	}
	return w.ResponseWriterWrapper.Write(p)
}

// ReadFrom implements io.ReaderFrom, and keeps sendfile possible for what is not held back.
func (w *Writer) ReadFrom(r io.Reader) (int64, error) {
	if w.state == undecided {
		w.WriteHeader(http.StatusOK)
	}
	if w.state == dropping || w.state == holding {
		return io.Copy(writerOnly{w}, r)
	}
	return w.ResponseWriterWrapper.ReadFrom(r)
}

// writerOnly hides ReadFrom from io.Copy.
type writerOnly struct{ io.Writer }

// FlushError is what http.ResponseController calls. What is held back cannot be flushed, nor its header. A flush before anything
// else sends the header, but a recorder further out may ignore it, so that this decides nothing.
func (w *Writer) FlushError() error {
	if w.state == holding || w.state == undecided && w.judge.Judge(http.StatusOK, w.Header(), false) != Pass {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// release lets go what is held, for there is too much of it. The rest passes.
func (w *Writer) release() error {
	w.state = passing
	w.ResponseWriterWrapper.WriteHeader(w.status)
	_, err := w.ResponseWriterWrapper.Write(w.Body)
	return err
}

// Send ends an answer that is held: body goes out, which may be what was held or another.
func (w *Writer) Send(body []byte) {
	w.state = passing
	trailers := takeTrailers(w.Header())
	w.ResponseWriterWrapper.WriteHeader(w.status)
	_, _ = w.ResponseWriterWrapper.Write(body) // a client that is gone needs no answer
	trailers.giveBack(w.Header())
}

// Interface guards
var (
	_ http.ResponseWriter = (*Writer)(nil)
	_ http.Pusher         = (*Writer)(nil)
	_ io.ReaderFrom       = (*Writer)(nil)
	_ interface {
		Unwrap() http.ResponseWriter
		FlushError() error
	} = (*Writer)(nil)
)
