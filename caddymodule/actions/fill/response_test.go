package fill

import (
	"fmt"
	"net/http/httptest"
	"testing"
)

// TestFillShort has a handler promise more than it writes, and be done without an error.
func TestFillShort(t *testing.T) {
	w := new(fillWriter)
	w.begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), &Fill{MaxBody: 1000})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "100")
	fmt.Fprint(w, `{"cardId":"p1","cardExt":{}}`)
	if !w.Holding() || w.find() != cutShort {
		t.Error("an answer that is not complete is looked into")
	}
}
