package exchanges

import (
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// Recorder remembers the beginning of what is answered.
type Recorder struct {
	http.ResponseWriter
	Status int // 0: nothing was answered
	Body   []byte
}

// WriteHeader implements http.ResponseWriter.
func (r *Recorder) WriteHeader(status int) {
	r.Status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *Recorder) Write(b []byte) (int, error) {
	r.Body = append(r.Body, b[:min(len(b), max(0, MaxLogged-len(r.Body)))]...)
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController hang up.
func (r *Recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// TapOf is how the page calls what its user did, "" if it is not the page that asks.
func TapOf(r *http.Request) string {
	tap := r.Header.Get("Sandbox-Tap")
	return tap[:min(len(tap), wire.MaxText)]
}

// OriginOf is the scheme and host that a client used to ask a server.
func OriginOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
