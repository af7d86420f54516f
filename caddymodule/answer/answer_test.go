package answer

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestLengthIsTheServersToSay: intercept keeps the header of an answer whose body it replaces, so that a client would wait for the rest.
func TestLengthIsTheServersToSay(t *testing.T) {
	for _, n := range []int{2, 2048, 2049, 1 << 20} {
		for method, want := range map[string]bool{http.MethodGet: false, http.MethodPost: false, http.MethodHead: true} {
			w := httptest.NewRecorder()
			JSON(w, httptest.NewRequest(method, "/", nil), bytes.Repeat([]byte{' '}, n))
			if got := w.Header().Get("Content-Length"); (got != "") != want || (w.Body.Len() == n) == want {
				t.Errorf("%s of %d bytes: got Content-Length %q and %d bytes", method, n, got, w.Body.Len())
			}
		}
	}
}
