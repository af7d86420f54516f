package relay_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestRelayedHeader: an answer of WeChat's has its Server, and says that Caddy was on the way; one of ours is Caddy's.
func TestRelayedHeader(t *testing.T) {
	s := newRelaySite(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "nginx")
		w.Header().Set("Alt-Svc", `h3=":443"`)
		w.Header().Set("Keep-Alive", "timeout=5")
		w.Header().Add("Via", "1.1 edge")
		fmt.Fprint(w, `{"errcode":0}`)
	}, "allow /card/*")
	resp, body := s.call(http.MethodGet, "/card/get", nil)
	h := resp.Header
	if body != `{"errcode":0}` || h.Get("Server") != "nginx" || !slices.Equal(h["Via"], []string{"1.1 Caddy", "1.1 edge"}) ||
		h["Alt-Svc"] != nil || h["Keep-Alive"] != nil {
		t.Errorf("got %v %s", h, body)
	}
	if resp, _ := s.call(http.MethodGet, "/other", nil); resp.StatusCode != http.StatusForbidden || resp.Header.Get("Server") != "Caddy" || resp.Header["Via"] != nil {
		t.Errorf("refused: got %s %v", resp.Status, resp.Header)
	}
}

// TestRelayedPieces: what has come of an answer that breaks off is passed on, whether its length was told or not.
func TestRelayedPieces(t *testing.T) {
	piece := strings.Repeat("x", 1000)
	for _, length := range []int{0, 100_000} {
		s := newRelaySite(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			if length > 0 {
				w.Header().Set("Content-Length", strconv.Itoa(length))
			}
			fmt.Fprint(w, piece)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, "allow /card/*")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.addr+"/card/get", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "localhost:9080"
		resp, err := plain.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 2*len(piece))
		n := 0
		for err == nil && n < len(got) {
			var more int
			more, err = resp.Body.Read(got[n:])
			n += more
		}
		resp.Body.Close()
		if string(got[:n]) != piece || err == nil || err.Error() == "EOF" {
			t.Errorf("of %d: got %d bytes, %v", length, n, err)
		}
	}
}
