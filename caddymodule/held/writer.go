// Package held holds back the answer of a handler until it is clear what becomes of it.
package held

import (
	"io"
	"net/http"
	"sync"

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

// Watcher is a Judge that looks at what is held as it comes.
type Watcher interface {
	Judge
	// Watch tells whether an answer is to be held any longer, before p joins its Body. It is asked with nil when a handler
	// flushes.
	Watch(p []byte) bool
}

// Writer is a response writer that holds back the answers which a Judge wants to be held, as long as they are short. All others
// go through it.
type Writer struct {
	caddyhttp.ResponseWriterWrapper

	// What is held of the body, in memory that Free takes back.
	Body []byte

	judge   Judge
	watcher Watcher // the judge, if it is one; or nil
	limit   int64
	state   state
	status  int      // of an answer that is held
	before  trailers // what its header had of announced trailers when it began
	memory  *[]byte  // what is lent to Body
}

var memories = sync.Pool{New: func() any { return new([]byte) }}

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
	w.watcher, _ = judge.(Watcher)
}

// Free takes the memory of Body back, for other answers. It need not be called.
func (w *Writer) Free() {
	const tooLarge = 256 << 10
	if w.memory != nil && cap(w.Body) <= tooLarge { // larger ones are rare, and would stay as large for good
		*w.memory = w.Body[:0]
		memories.Put(w.memory)
	}
	w.memory, w.Body = nil, nil
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
		w.before = announced(w.Header())
		w.memory = memories.Get().(*[]byte)
		w.Body = *w.memory
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
		if (w.watcher == nil || w.watcher.Watch(p)) && int64(len(w.Body)+len(p)) <= w.limit {
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

// FlushError is what http.ResponseController calls. What is held back cannot be flushed, nor its header, unless a Watcher lets it
// go now. A flush before anything else sends the header, but a recorder further out may ignore it, so that this decides nothing.
func (w *Writer) FlushError() error {
	switch w.state {
	case undecided:
		if w.judge.Judge(http.StatusOK, w.Header(), false) != Pass {
			return nil
		}
	case holding:
		if w.watcher == nil || w.watcher.Watch(nil) {
			return nil
		}
		if err := w.release(); err != nil {
			return err
		}
	case passing, dropping:
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// release lets go what is held: there is too much of it, or it must not wait. The rest passes.
func (w *Writer) release() error {
	w.state = passing
	w.ResponseWriterWrapper.WriteHeader(w.status)
	_, err := w.ResponseWriterWrapper.Write(w.Body)
	return err
}

// Send ends an answer that is held: body goes out, which may be what was held or another.
func (w *Writer) Send(body []byte) {
	w.state = passing
	h := w.Header()
	trailers := announced(h)
	trailers.take(h, w.before)
	w.ResponseWriterWrapper.WriteHeader(w.status)
	_, _ = w.ResponseWriterWrapper.Write(body) // a client that is gone needs no answer
	trailers.giveBack(h)
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
