package sitetest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// The benchmarks run whole requests through Server.ServeHTTP, without a network. What counts is the difference between
// an action and `respond` with a body of the same length, and between a site with directives that do not apply and one
// without.

// NopWriter is an http.ResponseWriter that costs nothing.
type NopWriter struct{ header http.Header }

// NewNopWriter makes one with an empty header.
func NewNopWriter() *NopWriter { return &NopWriter{make(http.Header, 4)} }

func (w *NopWriter) Header() http.Header { return w.header }

func (w *NopWriter) Write(b []byte) (int, error) { return len(b), nil }

func (w *NopWriter) WriteHeader(int) {}

// Benchmark measures GETs of a target.
func Benchmark(b *testing.B, s *Site, target string) {
	b.Helper()
	if w := s.Get(target); w.Code != http.StatusOK {
		b.Fatalf("got %d %s", w.Code, w.Body)
	}
	template := httptest.NewRequest(http.MethodGet, "http://localhost:9080"+target, nil)
	b.ReportAllocs()
	for b.Loop() {
		r := *template
		u := *template.URL
		r.URL = &u
		r.Header = http.Header{"User-Agent": {"bench"}}
		s.Server.ServeHTTP(NewNopWriter(), &r)
	}
}
