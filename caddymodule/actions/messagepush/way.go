package messagepush

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Way is how a message came: all that routes are chosen by, but for its signature.
type Way struct {
	Server string      `json:"server"` // the name of the http app's server
	Host   string      `json:"host"`
	URI    string      `json:"uri"` // without the parameters of one push
	Proto  string      `json:"proto"`
	TLS    bool        `json:"tls"`
	Remote string      `json:"remote"`
	Local  string      `json:"local"`
	Header http.Header `json:"header"`
}

// maxWayHeader bounds what is kept of headers, in bytes. WeChat sends few.
const maxWayHeader = 8 << 10

// WayOf tells how a request came.
func WayOf(r *http.Request) Way {
	way := Way{Host: r.Host, URI: r.URL.RequestURI(), Proto: r.Proto, TLS: r.TLS != nil, Remote: r.RemoteAddr, Header: make(http.Header)}
	if server, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
		way.Server = server.Name()
	}
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok && original.URL != nil {
		way.URI = original.URL.RequestURI()
	}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		way.Local = local.String()
	}
	if path, query, found := strings.Cut(way.URI, "?"); found {
		query = queries.Cut(query, func(name string) bool { return slices.Contains(push.QueryNames(), name) })
		way.URI = strings.TrimSuffix(path+"?"+query, "?")
	}
	size := 0
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	if size <= maxWayHeader {
		way.Header = r.Header.Clone()
	}
	return way
}

func (w Way) encode() []byte {
	raw, _ := json.Marshal(w) // strings and a bool
	return raw
}

// Again sends a message on the same way once more: through the server that it came to, with the parameters of a new push.
// It gives the status of the answer. ctx says more of what became of it if it is that of messages.WithOutcome.
func Again(ctx context.Context, servers map[string]*caddyhttp.Server, encoded []byte, query url.Values, body []byte) (status int, err error) {
	var way Way
	if err := json.Unmarshal(encoded, &way); err != nil {
		return 0, errors.New("how it came is not known")
	}
	server := servers[way.Server]
	if server == nil {
		return 0, fmt.Errorf("there is no server %q any more, which it came to", way.Server)
	}
	r, err := way.request(ctx, query, body)
	if err != nil {
		return 0, err
	}
	w := againWriter{&pushReply{header: make(http.Header)}}
	server.ServeHTTP(w, r)
	return cmp.Or(w.status, http.StatusOK), nil
}

// againWriter takes an answer without a connection, for which servers set deadlines.
type againWriter struct{ *pushReply }

func (againWriter) SetReadDeadline(time.Time) error  { return nil }
func (againWriter) SetWriteDeadline(time.Time) error { return nil }
func (againWriter) EnableFullDuplex() error          { return nil }

func (w Way) request(ctx context.Context, query url.Values, body []byte) (*http.Request, error) {
	if local, err := net.ResolveTCPAddr("tcp", w.Local); err == nil && w.Local != "" {
		ctx = context.WithValue(ctx, http.LocalAddrContextKey, net.Addr(local))
	}
	separator := "?"
	if strings.Contains(w.URI, "?") {
		separator = "&"
	}
	uri := w.URI + separator + query.Encode()
	address, err := url.ParseRequestURI(uri)
	if err != nil {
		return nil, errors.New("its address cannot be read")
	}
	r := (&http.Request{
		Method: http.MethodPost, URL: address, RequestURI: uri, Host: w.Host, RemoteAddr: w.Remote,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.Header.Clone(), Body: http.NoBody,
	}).WithContext(ctx)
	if major, minor, ok := http.ParseHTTPVersion(w.Proto); ok {
		r.Proto, r.ProtoMajor, r.ProtoMinor = w.Proto, major, minor
	}
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	if w.TLS {
		host, _, err := net.SplitHostPort(w.Host)
		if err != nil {
			host = w.Host
		}
		r.TLS = &tls.ConnectionState{ServerName: host, HandshakeComplete: true}
	}
	bodies.Set(r, body)
	delete(r.Header, "Content-Encoding")
	return r, nil
}
