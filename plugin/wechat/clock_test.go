package wechat

import (
	"net/http"
	"testing"
	"time"
)

func TestLearnClock(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		known  bool
	}{
		{"found", http.StatusOK, true},
		{"not found", http.StatusNotFound, true},
		{"broken", http.StatusBadGateway, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var seen string
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				seen = r.Method + " " + r.RequestURI
				w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
				w.WriteHeader(test.status)
			})
			c := newClient(t, Config{}, s.URL, refused(t))
			c.LearnClock(t.Context())
			for range 5 { // this machine may be slow
				if test.known && !c.Measured() {
					c.LearnClock(t.Context())
				}
			}
			if seen != "HEAD /" {
				t.Errorf("WeChat saw %q", seen)
			}
			if got := c.Offset(); c.Measured() != test.known || test.known && (got-time.Hour).Abs() > 2*time.Second {
				t.Errorf("offset %v, known %v", got, c.Measured())
			}
		})
	}
}

func TestLearnClockOfNobody(t *testing.T) {
	t.Parallel()
	silent := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	for name, url := range map[string]string{"refused": refused(t), "silent": silent.URL, "no URL": "http://[", "none": ""} {
		c := newClient(t, Config{}, url)
		began := time.Now()
		c.LearnClock(t.Context())
		if took := time.Since(began); took > clockTimeout+10*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if c.Measured() || c.Offset() != 0 {
			t.Errorf("%s: offset %v, known %v", name, c.Offset(), c.Measured())
		}
	}
}

// The second host tells the time when the first does not.
func TestLearnClockOfAnother(t *testing.T) {
	second := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
	})
	silent := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	for name, first := range map[string]string{"refused": refused(t), "silent": silent.URL, "5xx": status(t, 502, ""), "no URL": "http://["} {
		c := newClient(t, Config{}, first, second.URL)
		for range 5 { // this machine may be slow
			if !c.Measured() {
				c.LearnClock(t.Context())
			}
		}
		if (c.Offset()-time.Hour).Abs() > 2*time.Second || !c.Measured() {
			t.Errorf("%s: offset %v, known %v", name, c.Offset(), c.Measured())
		}
	}
}
