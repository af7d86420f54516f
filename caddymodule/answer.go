package caddymodule

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
)

// scratch is the memory that one request needs.
type scratch struct {
	request cardsRequest
	exts    []card.Ext
	answer  []byte
}

var scratchPool = sync.Pool{New: func() any { return new(scratch) }}

func getScratch() *scratch { return scratchPool.Get().(*scratch) }

// free gives the memory back. Nothing of the request stays in it.
func (s *scratch) free() {
	if cap(s.answer) > maxBody {
		return // rare, and would stay as large for good
	}
	s.request.reset()
	clear(s.exts)
	s.exts = s.exts[:0]
	s.answer = s.answer[:0]
	scratchPool.Put(s)
}

// bufferedByServer is how long a body may be for which net/http sets Content-Length itself, for less than it costs here.
const bufferedByServer = 2048

// answerJSON writes a JSON body, with what all answers have in common.
func answerJSON(w http.ResponseWriter, r *http.Request, body []byte) {
	// One allocation for all values. They are not shared between requests: other handlers may edit them in place.
	values := [...]string{"application/json", "no-store"}
	h := w.Header()
	h["Content-Type"] = values[0:1:1]
	h["Cache-Control"] = values[1:2:2]
	isHead := r.Method == http.MethodHead
	if isHead || len(body) > bufferedByServer {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(http.StatusOK)
	if !isHead {
		_, _ = w.Write(body) // a client that is gone needs no answer
	}
}
