package notify

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
)

const (
	testKey = "0123456789abcdef01234567"
	testID  = "0123456789abcdef0123456789abcdef"
)

func newNotifier(t *testing.T, url string) (*Notifier, error) {
	t.Helper()
	shelf, err := kept.New(kept.Config{Memory: kept.NewMemory(), Dir: "test", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{URL: url, Key: testKey, Shelf: shelf})
}

func TestTell(t *testing.T) {
	t.Parallel()
	type request struct {
		header http.Header
		body   string
	}
	got := make(chan request, 4)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- request{r.Header, string(body)}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer backend.Close()
	n, err := newNotifier(t, backend.URL+"/hook?x=1")
	if err != nil {
		t.Fatal(err)
	}
	n.Start()
	defer n.Stop()
	n.Tell(testID, "authorized", []byte(`{"id":"1"}`))
	select {
	case r := <-got:
		timestamp := r.header.Get(HeaderTimestamp)
		if r.body != `{"id":"1"}` || r.header.Get(HeaderID) != testID || r.header.Get("Content-Type") != "application/json" ||
			r.header.Get(HeaderSignature) != "v1,"+Sign(testKey, testID, timestamp, []byte(r.body)) {
			t.Errorf("got %+v", r)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("nobody was told")
	}
}

// TestSign holds the signature against a value that openssl gave:
// printf '%s' 'id.1700000000.{}' | openssl dgst -sha256 -hmac key -binary | base64
func TestSign(t *testing.T) {
	t.Parallel()
	if got := Sign("key", "id", "1700000000", []byte("{}")); got != "/Hqug/JsMUvI3mrKxx95W1oU9WZJN5/KNqtUvtF4fLc=" {
		t.Errorf("got %s", got)
	}
}

func TestNotTaken(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer other.Close()
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"error":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "status 500"},
		"not here": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }, "status 410"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, "status 307"},
	} {
		backend := httptest.NewServer(tc.handler)
		n, err := newNotifier(t, backend.URL)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.send(t.Context(), kept.Message{ID: testID}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v", name, err)
		}
		backend.Close()
	}
}

// TestErrorsHoldNoAddress keeps what may be a secret in the address out of errors.
func TestErrorsHoldNoAddress(t *testing.T) {
	t.Parallel()
	n, err := newNotifier(t, "http://127.0.0.1:1/hook?secret=hunter2")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := n.send(ctx, kept.Message{ID: testID}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "shop.example/hook", "ftp://shop.example", "https://", "https://u:p@shop.example", "https://shop.example/#x", "https://%zz"} {
		if _, err := newNotifier(t, address); err == nil || strings.Contains(err.Error(), "shop.example") {
			t.Errorf("%q: got %v", address, err)
		}
	}
	if _, err := New(Config{URL: "https://shop.example", Key: "short"}); err == nil {
		t.Error("a short key was taken")
	}
}
