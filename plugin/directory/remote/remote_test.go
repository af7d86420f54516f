package remote_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/remote"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	appID = "wx0000000000000001"
	key   = "s3cret-key"
	data  = `{"app_id":"` + appID + `","alias":"tea","app_secret":"one"}`
)

// open makes a Remote of a server.
func open(t *testing.T, query string, handler http.HandlerFunc) *remote.Remote {
	t.Helper()
	server := httptest.NewServer(handler)
	r, err := remote.New(remote.Config{URL: strings.Replace(server.URL, "://", "://user:p4ss@", 1) + "/a%2Fb" + query, Key: key, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); server.Close() })
	if want := "http " + server.URL + "/a%2Fb"; r.Name() != want {
		t.Errorf("named %s", r.Name())
	}
	return r
}

func TestLook(t *testing.T) {
	var asked string
	for query, want := range map[string]string{"": "/a%2Fb?app_id=", "?x=%26&y": "/a%2Fb?x=%26&y&app_id="} {
		r := open(t, query, func(w http.ResponseWriter, r *http.Request) {
			asked = r.Method + " " + r.RequestURI + " " + r.Header.Get("Authorization")
			fmt.Fprint(w, data)
		})
		for _, name := range []string{appID, "tea"} {
			e, err := r.Look(t.Context(), name)
			if err != nil || e.AppID != appID || e.Alias != "tea" || e.Source != r.Name() {
				t.Errorf("%s: got %+v, %v", name, e, err)
			}
			if asked != "GET "+want+name+" Bearer "+key {
				t.Errorf("%s: asked %s", name, asked)
			}
		}
		if r.Fresh() != time.Minute || r.Fades() != time.Hour {
			t.Errorf("got %v, %v", r.Fresh(), r.Fades())
		}
		if _, err := r.List(t.Context()); !errors.Is(err, directory.ErrReadOnly) {
			t.Errorf("got %v", err)
		}
		if err := errors.Join(r.Put(t.Context(), appID, nil), r.Remove(t.Context(), appID)); !errors.Is(err, directory.ErrReadOnly) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAnswers(t *testing.T) {
	var status int
	var body string
	r := open(t, "", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
	for _, tc := range []struct {
		status int
		body   string
		is     string
	}{
		{404, "", "unknown"},
		{404, data, "unknown"},
		{200, "", "broken"},
		{200, "<html>", "broken"},
		{200, "[" + data + "]", "broken"},
		{200, data[:20], "broken"},
		{200, strings.Repeat(" ", 1<<20) + data, "broken"},
		{200, `{"errcode":1}`, "broken"},
		{302, data, "broken"},
		{500, data, "broken"},
		{204, "", "broken"},
		{401, data, "refused"},
		{403, data, "refused"},
	} {
		status, body = tc.status, tc.body
		e, err := r.Look(t.Context(), appID)
		_, isBroken := errors.AsType[*directory.Broken](err)
		if errors.Is(err, directory.ErrUnknown) != (tc.is == "unknown") || isBroken != (tc.is == "broken") || err == nil {
			t.Errorf("%d %.40s: got %+v, %v", tc.status, tc.body, e, err)
		}
		checkBare(t, err)
	}
}

// checkBare checks that an error holds no secret.
func checkBare(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{key, "p4ss", "user", "one"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%v shows %s", err, secret)
		}
	}
}

func TestNoAnswer(t *testing.T) {
	hang := make(chan struct{})
	r := open(t, "", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	defer close(hang)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	e, err := r.Look(ctx, appID)
	if _, isBroken := errors.AsType[*directory.Broken](err); err == nil || isBroken || errors.Is(err, directory.ErrUnknown) {
		t.Fatalf("got %+v, %v", e, err)
	}
	checkBare(t, err)
}

func TestNew(t *testing.T) {
	for name, cfg := range map[string]remote.Config{
		"scheme":      {URL: "ftp://user:p4ss@h/one"},
		"no host":     {URL: "http:///one"},
		"fragment":    {URL: "http://h/#one"},
		"parameter":   {URL: "http://h/?app_id=one"},
		"query":       {URL: "http://h/?a=%zzone"},
		"key":         {URL: "http://h/", Key: "s3cret-key\n"},
		"short cache": {URL: "http://h/", Cache: time.Millisecond},
		"long cache":  {URL: "http://h/", Cache: 48 * time.Hour},
	} {
		_, err := remote.New(cfg)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		checkBare(t, err)
	}
}
