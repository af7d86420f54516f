// Package answer writes the JSON answers of actions, out of memory that requests share one after the other.
package answer

import (
	"net/http"
	"strconv"
)

// JSON writes a JSON body, with what all answers have in common.
func JSON(w http.ResponseWriter, r *http.Request, body []byte) {
	// One allocation for all values. They are not shared between requests: other handlers may edit them in place.
	values := [...]string{"application/json", "no-store", "nosniff"}
	h := w.Header()
	h["Content-Type"] = values[0:1:1]
	h["Cache-Control"] = values[1:2:2]
	h["X-Content-Type-Options"] = values[2:3:3]
	isHead := r.Method == http.MethodHead
	if isHead { // else the server counts: a length of ours would stay where intercept writes another body
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(http.StatusOK)
	if !isHead {
		_, _ = w.Write(body) // a client that is gone needs no answer
	}
}

// Methods are those of all the actions that answer with JSON.
var Methods = []string{http.MethodGet, http.MethodHead, http.MethodPost}
