package sitetest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
)

// Request is a request to a site: a GET, or a POST if there is a body.
type Request struct {
	Method string // default: see above
	Target string // default: /
	Body   string
	Type   string // Content-Type, default for a body: application/json; "-": none
	Header map[string]string
	From   string // the client's IP address; default: one of the Internet
}

// Do sends a request through the whole site.
func (s *Site) Do(q Request) *httptest.ResponseRecorder {
	s.T.Helper()
	if q.Target == "" {
		q.Target = "/"
	}
	if q.Method == "" {
		q.Method = http.MethodGet
		if q.Body != "" {
			q.Method = http.MethodPost
		}
	}
	path, query, hasQuery := strings.Cut(q.Target, "?")
	r := httptest.NewRequest(q.Method, "http://localhost:9080"+path, strings.NewReader(q.Body))
	if hasQuery {
		r.URL.RawQuery = query // as it is, even if malformed
		r.RequestURI += "?" + query
	}
	if q.Type == "" && q.Body != "" {
		q.Type = "application/json"
	}
	if q.Type != "" && q.Type != "-" {
		r.Header.Set("Content-Type", q.Type)
	}
	for name, value := range q.Header {
		r.Header.Set(name, value)
	}
	if q.From != "" {
		r.RemoteAddr = net.JoinHostPort(q.From, "1")
	}
	w := httptest.NewRecorder()
	s.Server.ServeHTTP(w, r)
	return w
}

// Get is do for a query.
func (s *Site) Get(target string) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.Do(Request{Target: target})
}

// Post is do for JSON.
func (s *Site) Post(target, body string) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.Do(Request{Target: target, Body: body})
}
