package wechat

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

// newRelay makes a call with a body that is kept.
func newRelay(t testing.TB, method, path, body string) Relay {
	t.Helper()
	req := httptest.NewRequest(method, path, nil).WithContext(t.Context())
	return Relay{API: "/card/*", Request: req, Body: []byte(body), AccessToken: testToken}
}

func TestRelayAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		want   string // the error; empty: none
		code   int
	}{
		"well":        {`{"errcode":0,"errmsg":"ok"}`, "", 0},
		"no errcode":  {`{"menu":{}}`, "", 0},
		"refused":     {`{"errcode":40073,"errmsg":"invalid card_id rid: 5f-1-2"}`, "/card/*: errcode 40073: invalid card_id (rid 5f-1-2)", 40073},
		"token shown": {`{"errcode":40001,"errmsg":"` + testToken + ` is old"}`, "/card/*: errcode 40001: *** is old", 40001},
		"zero point":  {`{"errcode":0.5}`, "", 0},
		"text":        {`{"errcode":"40001"}`, "", 0},
		"no JSON":     {`{"errcode":40001`, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var seen error
			c := newClient(t, Config{Observe: func(_ string, err error, _ time.Duration) { seen = err }}, answer(t, test.answer).URL)
			resp, err := c.Relay(newRelay(t, http.MethodPost, "/card/get", "x"))
			if resp == nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got, readErr := io.ReadAll(resp.Body)
			if readErr != nil || string(got) != test.answer {
				t.Errorf("got %q, %v", got, readErr)
			}
			if test.want == "" {
				if err != nil || seen != nil {
					t.Errorf("got error %v, observed %v", err, seen)
				}
				return
			}
			if e := wantError(t, err, "/card/*"); e.Code != test.code || e.Error() != test.want || !errors.Is(seen, e) {
				t.Errorf("got error %v, observed %v", err, seen)
			}
		})
	}
}

func TestRelayStatus(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/x?access_token="+testToken)
		w.WriteHeader(http.StatusFound)
	})
	resp, err := newClient(t, Config{}, s.URL).Relay(newRelay(t, http.MethodGet, "/card/get", ""))
	if e := wantError(t, err, "/card/*"); e.Status != http.StatusFound {
		t.Errorf("got %v", e)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Location"); got != "/x?access_token=***" {
		t.Errorf("got Location %s", got)
	}
}

func TestRelayFails(t *testing.T) {
	for _, test := range failures {
		if !test.sent || strings.Contains(test.want, "HTTP status") || strings.Contains(test.want, "errcode") ||
			strings.Contains(test.want, "JSON") || strings.Contains(test.want, "longer") {
			continue // there is an answer, and it is passed on
		}
		t.Run(test.name, func(t *testing.T) {
			asked := 0
			second := serve(t, func(http.ResponseWriter, *http.Request) { asked++ })
			c := newClient(t, Config{}, test.make(t), second.URL)
			resp, err := c.Relay(newRelay(t, http.MethodPost, "/card/code/consume", "x"))
			if resp != nil {
				// the header was there, and of a type that may be anything
				defer resp.Body.Close()
				_, err = io.ReadAll(resp.Body)
			}
			if err == nil || asked != 0 {
				t.Errorf("got error %v, the second host was asked %d times", err, asked)
			}
			if strings.Contains(err.Error(), testToken) {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// What only reads goes to the next host where the first fails, in whichever way; anything else stays where it was sent.
func TestRelayReadsElsewhere(t *testing.T) {
	const good = `{"errcode":0,"errmsg":"ok"}`
	for _, call := range []struct {
		method, path string
		reads        bool
	}{
		{http.MethodPost, "/card/get", true},
		{http.MethodPost, "/card/batchget", true},
		{http.MethodPost, "/card/user/getcardlist", true},
		{http.MethodGet, "/cgi-bin/user/info", true},
		{http.MethodPost, "/card/code/list", true},
		{http.MethodGet, "/get", true},
		{http.MethodGet, "/cgi-bin/menu/delete", false},
		{http.MethodPost, "/card/code/consume", false},
		{http.MethodPost, "/card/getx", false},
		{http.MethodPost, "/card/budget", false},
		{http.MethodPost, "/card/GET", false},
		{http.MethodPost, "/card/get/", false},
		{http.MethodPost, "/get/delete", false},
		{http.MethodPost, "/card/delete%2Fget", false},
		{http.MethodDelete, "/card/get", false},
		{http.MethodPut, "/card/list", false},
	} {
		for _, test := range failures {
			t.Run(call.method+call.path+" "+test.name, func(t *testing.T) {
				var asked atomic.Int32
				second := serve(t, func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					_, _ = io.WriteString(w, good)
				})
				c := newClient(t, Config{}, test.make(t), second.URL)
				resp, err := c.Relay(newRelay(t, call.method, call.path, "{}"))
				got := ""
				if resp != nil {
					defer resp.Body.Close()
					b, _ := io.ReadAll(resp.Body)
					got = string(b)
				}
				elsewhere := call.reads || !test.sent
				if elsewhere && (err != nil || got != good || asked.Load() != 1) || !elsewhere && asked.Load() != 0 {
					t.Errorf("got %q, %v; the second host was asked %d times", got, err, asked.Load())
				}
				if c.hosts[1].failed.Load() != 0 || elsewhere && c.hosts[0].failed.Load() == 0 {
					t.Errorf("blamed: first %v, second %v", c.hosts[0].failed.Load() != 0, c.hosts[1].failed.Load() != 0)
				}
			})
		}
	}
}

func TestRelaySlowHost(t *testing.T) {
	t.Parallel()
	const timeout = 2 * time.Second // this machine may be slow
	for name, first := range map[string]http.HandlerFunc{
		"hangs":           hang,
		"header, no body": func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); hang(w, r) },
		"drips":           drip,
	} {
		for _, path := range []string{"/card/get", "/card/batchget"} {
			t.Run(name+path, func(t *testing.T) {
				t.Parallel()
				bad := serve(t, first)
				t.Cleanup(bad.CloseClientConnections)
				second := answer(t, `{"errcode":0}`)
				c := newClient(t, Config{Timeout: timeout}, bad.URL, second.URL)
				for i := range 6 {
					resp, err := c.Relay(newRelay(t, http.MethodPost, path, "{}"))
					if resp != nil {
						resp.Body.Close()
					}
					if err != nil {
						t.Errorf("call %d: %v", i, err)
					}
				}
				if c.hosts[0].failed.Load() == 0 || c.hosts[1].failed.Load() != 0 {
					t.Errorf("blamed: first %v, second %v", c.hosts[0].failed.Load() != 0, c.hosts[1].failed.Load() != 0)
				}
			})
		}
	}
}

// An answer that no host would have given better is passed on as it is, and no host is blamed for it.
func TestRelayOddAnswerOfAll(t *testing.T) {
	for name, test := range map[string]struct{ first, second string }{
		"both":               {"odd", "odd"},
		"second unreachable": {"odd", ""},
		"first unreachable":  {"", "odd"},
		"alone":              {"odd", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			odd := status(t, 404, "<html>no such call</html>")
			var bases []string
			for _, host := range []string{test.first, test.second} {
				switch host {
				case "odd":
					bases = append(bases, odd)
				case "":
					bases = append(bases, refused(t))
				}
			}
			c := newClient(t, Config{}, bases...)
			resp, err := c.Relay(newRelay(t, http.MethodGet, "/no/such/get", ""))
			if e := wantError(t, err, "/card/*"); resp == nil || e.Status != 404 {
				t.Fatalf("got %v, %v", resp, err)
			}
			defer resp.Body.Close()
			if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "<html>no such call</html>" {
				t.Errorf("got %q, %v", b, err)
			}
			for i, base := range bases {
				if base == odd && c.hosts[i].failed.Load() != 0 {
					t.Errorf("host %d is blamed", i)
				}
			}
		})
	}
}

// Not all that is read is JSON.
func TestRelayReadsMedia(t *testing.T) {
	for name, header := range map[string]http.Header{
		"image":      {"Content-Type": {"image/jpeg"}},
		"text":       {"Content-Type": {"text/plain"}, "Content-Disposition": {`attachment; filename="a.txt"`}},
		"compressed": {"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				maps.Copy(w.Header(), header)
				_, _ = io.WriteString(w, "\x1f\u008bxyz")
			})
			second := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the second host was asked") })
			resp, err := newClient(t, Config{}, s.URL, second.URL).Relay(newRelay(t, http.MethodGet, "/cgi-bin/media/get", ""))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "\x1f\u008bxyz" {
				t.Errorf("got %q, %v", b, err)
			}
		})
	}
}

// A body that was streamed is gone.
func TestRelayReadsOnceWhatIsStreamed(t *testing.T) {
	second := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the second host was asked") })
	c := newClient(t, Config{}, status(t, 502, ""), second.URL)
	req := httptest.NewRequest(http.MethodPost, "/card/get", iotest.OneByteReader(strings.NewReader("{}"))).WithContext(t.Context())
	resp, err := c.Relay(Relay{API: "/card/*", Request: req, AccessToken: testToken})
	if e := wantError(t, err, "/card/*"); e.Status != 502 {
		t.Errorf("got %v", e)
	}
	if resp != nil {
		resp.Body.Close()
	}
}

func TestRelaySlowConnect(t *testing.T) {
	// a port that takes connections and does not speak: TLS never comes about
	s := serveRaw(t, func(_ int, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	second := answer(t, `{"errcode":0}`)
	c := newClient(t, Config{Timeout: 300 * time.Millisecond}, strings.Replace(s.url, "http:", "https:", 1), second.URL)
	resp, err := c.Relay(newRelay(t, http.MethodPost, "/card/update", "x"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	began := time.Now()
	if resp, err = c.Relay(newRelay(t, http.MethodPost, "/card/update", "x")); err != nil || time.Since(began) > 100*time.Millisecond {
		t.Errorf("the second call took %v, error %v", time.Since(began), err)
	} else {
		resp.Body.Close()
	}
}

func TestRelayCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	r := newRelay(t, http.MethodGet, "/card/get", "")
	r.Request = r.Request.WithContext(ctx)
	_, err := newClient(t, Config{}, s.URL, s.URL).Relay(r)
	if e := wantError(t, err, "/card/*"); !errors.Is(e, context.Canceled) {
		t.Errorf("got %v", e)
	}
}

func TestRelayBaseURL(t *testing.T) {
	_, err := newClient(t, Config{}, "http://[").Relay(newRelay(t, http.MethodGet, "/card/get", ""))
	if e := wantError(t, err, "/card/*"); e.Error() != "/card/*: "+errBaseURL.Error() {
		t.Errorf("got %v", e)
	}
}

func TestInspected(t *testing.T) {
	long := `{"x":"` + strings.Repeat("x", 2*maxInspected) + `"}`
	for _, text := range []string{"", " ", "{}", " \n{ }", "[]", "x", `{"errcode":0,"errmsg":"ok"}`, long, long[:maxInspected], long[:maxInspected+1], "\x00" + long} {
		for _, reader := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader,
		} {
			for _, length := range []int64{-1, int64(len(text))} {
				b := &inspected{rest: io.NopCloser(reader(strings.NewReader(text)))}
				if err := b.fill(length); err != nil {
					t.Fatal(err)
				}
				if len(text) > maxInspected && b.whole {
					t.Errorf("%d bytes were read at once", len(text))
				}
				got, err := io.ReadAll(b)
				if err != nil || string(got) != text {
					t.Errorf("got %d bytes of %d, %v", len(got), len(text), err)
				}
			}
		}
	}
	b := &inspected{rest: io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))}
	if err := b.fill(-1); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

// FuzzErrcode holds the quick look for an errcode against parsing.
func FuzzErrcode(f *testing.F) {
	for _, data := range []string{
		`{"errcode":0}`, `{"errcode":40001}`, ` { "errcode" : 0 , "a":{"errcode":7}}`, `{"a":"errcode","errcode":-1}`, `{"errcode":00}`,
		`{"a":[{"errcode":0}],"errcode":42001}`, `{"errcode":0,"errcode":1}`,
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want, _, err := decodeAnswer(data, &struct{}{})
		got, _ := errcodeOf(data)
		if err != nil {
			want = 0
		}
		// Of two, or one that is spelt otherwise, nothing is promised.
		lower := strings.ToLower(string(data))
		if strings.Count(lower, "errcode") > 1 || strings.Contains(lower, `\`) || strings.Count(string(data), `"errcode"`) != strings.Count(lower, "errcode") || strings.ContainsRune(lower, 'ſ') {
			return
		}
		if got != want {
			t.Errorf("%q: got %d, want %d", data, got, want)
		}
	})
}
