package sitetest

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// Listening is a site that listens on a free port, in front of a backend.
type Listening struct {
	*Site
	Addr   string
	Ticket string // the account's api_ticket
}

// NewListening makes a site of these directives. BACKEND in them is the backend's address.
func NewListening(t *testing.T, directives string, backend http.HandlerFunc) *Listening {
	t.Helper()
	b := httptest.NewServer(backend)
	t.Cleanup(b.Close)
	s := New(t, strings.ReplaceAll(directives, "BACKEND", b.Listener.Addr().String()))
	front := httptest.NewServer(s.Server)
	t.Cleanup(front.Close)
	ticket, err := s.App.Account(app.DefaultAccount).Credential(t.Context(), credential.APITicket)
	if err != nil || len(ticket) < 10 {
		t.Fatalf("the account gives %q, %v", ticket, err)
	}
	return &Listening{Site: s, Addr: front.Listener.Addr().String(), Ticket: ticket}
}

// Send writes a request as it is, but for what hosts and connections need, and reads the answer.
func (s *Listening) Send(method, target string, header ...string) (*http.Response, string) {
	s.T.Helper()
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		s.T.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n", method, target, strings.Join(append(header, "X-End: 1"), "\r\n"))
	return s.receive(conn, method)
}

func (s *Listening) receive(conn net.Conn, method string) (*http.Response, string) {
	s.T.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		s.T.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.T.Fatal(err)
	}
	return resp, string(body)
}

// Echo is a backend that says what came.
func Echo(w http.ResponseWriter, r *http.Request) {
	trailers := make([]string, 0, len(r.Trailer))
	body, _ := io.ReadAll(r.Body)
	for _, name := range slices.Sorted(maps.Keys(r.Trailer)) {
		trailers = append(trailers, name+"="+strings.Join(r.Trailer[name], ","))
	}
	//nolint:gosec // for tests
	fmt.Fprintf(w, "%s %s ticket=%q body=%q trailers=%q", r.Method, r.RequestURI, r.Header["X-Wechat-Api-Ticket"], body, trailers)
}
