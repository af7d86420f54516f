// Package request is wx.request. A mini program asks any server that it likes; a page in a browser may not. So the sandbox
// asks on the page's behalf, for the page alone: POST /_sandbox/phone/request {"method","url","header","data"} does what
// wx.request does. Since that makes requests from this machine for whoever can use it,
//
//   - only the page itself gets an answer (local.IsPage), under a name that can only mean this machine;
//   - only this machine and private networks are asked, by the address that a connection is really made to: there the
//     gateway of a developer is, and no gateway elsewhere could be talking to this sandbox;
//   - Caddy's admin endpoint, which would obey everybody on this machine, turns the request away by its Sec-Fetch-Mode;
//   - redirects are answered, not followed; sizes and times are bounded.
package request

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/exchanges"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// Bounds of what the phone asks.
const (
	Timeout     = 20 * time.Second // of a request; longer than a gateway waits for WeChat
	MaxRequests = 8                // at once
	MaxAnswer   = 64 << 10         // bytes
	agent       = "caddy-wechat-card-sandbox-phone"
)

// header are the header fields that the page may set.
var header = []string{"Accept-Language", "Authorization", "Content-Type"}

// errFar is the answer to addresses that the phone does not ask.
var errFar = errors.New("the sandbox's phone only asks servers on this machine and in private networks")

// answer is what wx.request gives.
type answer struct {
	ErrMsg string            `json:"errMsg"`
	Status int               `json:"statusCode"`
	Header map[string]string `json:"header"`
	Data   string            `json:"data"` // as it came
	Millis int64             `json:"millis"`
}

// Server does what wx.request does, for the page.
type Server struct {
	// Transport makes the requests.
	Transport http.RoundTripper

	world    *world.World
	underWay chan struct{} // one for each request
}

// New makes a Server; what it asks is noted in the world's log.
func New(w *world.World) *Server {
	return &Server{newTransport(), w, make(chan struct{}, MaxRequests)}
}

func newTransport() http.RoundTripper {
	dialer := &net.Dialer{
		Timeout: 5 * time.Second,
		Control: func(_, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if ip := to.Addr().Unmap(); err != nil || !ip.IsLoopback() && !ip.IsPrivate() {
				return errFar
			}
			return nil
		},
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		DisableKeepAlives:      true, // so that nothing needs closing
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		MaxResponseHeaderBytes: MaxAnswer,
	}
}

// ServeHTTP is wx.request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !local.IsPage(r) {
		local.Error(w, http.StatusForbidden, "only the sandbox's own page may use this")
		return
	}
	body, err := wire.ReadBody(w, r)
	var req struct {
		Method string            `json:"method"`
		URL    string            `json:"url"`
		Header map[string]string `json:"header"`
		Data   string            `json:"data"`
	}
	if err == nil {
		err = local.Decode(body, &req)
	}
	if err != nil {
		local.Error(w, http.StatusBadRequest, err.Error())
		return
	}
	target, err := url.Parse(req.URL)
	switch {
	case err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "" || target.User != nil:
		wire.WriteJSON(w, http.StatusOK, refused("request:fail invalid url", "url", "want an address that begins with http:// or https://"))
		return
	case req.Method != http.MethodGet && req.Method != http.MethodPost:
		wire.WriteJSON(w, http.StatusOK, refused("request:fail method", "method", "want GET or POST"))
		return
	}
	select {
	case s.underWay <- struct{}{}:
		defer func() { <-s.underWay }()
	default:
		wire.WriteJSON(w, http.StatusOK, refused("request:fail too many requests", "busy", "the phone waits for other answers"))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), Timeout)
	defer cancel()
	out, err := http.NewRequestWithContext(ctx, req.Method, target.String(), strings.NewReader(req.Data))
	if err != nil {
		wire.WriteJSON(w, http.StatusOK, refused("request:fail invalid url", "url", "this is no address"))
		return
	}
	for _, name := range header {
		if v := req.Header[name]; v != "" {
			out.Header.Set(name, v)
		}
	}
	out.Header.Set("User-Agent", agent)
	out.Header.Set("Sec-Fetch-Mode", "no-cors")

	x := s.world.Log.Begin(exchanges.Exchange{
		From: exchanges.Phone, To: exchanges.Gateway, Method: req.Method, Origin: target.Scheme + "://" + target.Host, Address: target.RequestURI(),
		Header: out.Header, Begin: s.world.Now(), Request: []byte(req.Data), Tap: exchanges.TapOf(r),
	})
	answer, no := s.ask(out)
	if no != nil {
		s.world.Log.End(x, 0, nil, func(x *exchanges.Exchange) { x.Failure = no.Reason })
		wire.WriteJSON(w, http.StatusOK, no)
		return
	}
	s.world.Log.End(x, answer.Status, []byte(answer.Data), func(x *exchanges.Exchange) { x.Proxied = answer.Header["Via"] != "" })
	answer.Millis = x.Took.Milliseconds()
	wire.WriteJSON(w, http.StatusOK, answer)
}

// ask makes the request.
func (s *Server) ask(out *http.Request) (*answer, *phone.Refused) {
	resp, err := s.Transport.RoundTrip(out)
	var body []byte
	if err == nil {
		defer resp.Body.Close()
		body, err = io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	}
	switch {
	case errors.Is(err, errFar):
		return nil, refused("request:fail", "far", errFar.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return nil, refused("request:fail timeout", "timeout", "no answer came within "+Timeout.String())
	case err != nil:
		return nil, refused("request:fail", "unreachable", err.Error())
	case len(body) > MaxAnswer:
		return nil, refused("request:fail", "too_large", "the answer is larger than the phone takes")
	}
	a := &answer{ErrMsg: "request:ok", Status: resp.StatusCode, Header: make(map[string]string), Data: strings.ToValidUTF8(string(body), "�")}
	for _, name := range []string{"Content-Type", "Location", "Retry-After", "Via"} {
		if v := resp.Header.Get(name); v != "" {
			a.Header[name] = v
		}
	}
	return a, nil
}

func refused(errMsg, reason, detail string) *phone.Refused {
	return &phone.Refused{ErrMsg: errMsg, Reason: reason, Detail: detail}
}
