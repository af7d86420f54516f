package sandbox

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
)

// A mini program asks any server that it likes; a page in a browser may not. So the sandbox asks on the page's behalf, for
// the page alone: POST /_sandbox/phone/request {"method","url","header","data"} does what wx.request does. Since that
// makes requests from this machine for whoever can use it,
//
//   - only the page itself gets an answer (fromPage), under a name that can only mean this machine;
//   - only this machine and private networks are asked, by the address that a connection is really made to: there the
//     gateway of a developer is, and no gateway elsewhere could be talking to this sandbox;
//   - Caddy's admin endpoint, which would obey everybody on this machine, turns the request away by its Sec-Fetch-Mode;
//   - redirects are answered, not followed; sizes and times are bounded.

const (
	requestTimeout = 20 * time.Second // longer than a gateway waits for WeChat
	maxRequests    = 8                // at once
	maxAnswer      = 64 << 10
	phoneAgent     = "caddy-wechat-card-sandbox-phone"
)

// phoneHeader are the header fields that the page may set.
var phoneHeader = []string{"Accept-Language", "Authorization", "Content-Type"}

// errFar is the answer to addresses that the phone does not ask.
var errFar = errors.New("the sandbox's phone only asks servers on this machine and in private networks")

// requestAnswer is what wx.request gives.
type requestAnswer struct {
	ErrMsg string            `json:"errMsg"`
	Status int               `json:"statusCode"`
	Header map[string]string `json:"header"`
	Data   string            `json:"data"` // as it came
	Millis int64             `json:"millis"`
}

func newPhoneTransport() http.RoundTripper {
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
		MaxResponseHeaderBytes: maxAnswer,
	}
}

// servePhoneRequest is wx.request.
func (s *Sandbox) servePhoneRequest(w http.ResponseWriter, r *http.Request) {
	if !fromPage(r) {
		controlError(w, http.StatusForbidden, "only the sandbox's own page may use this")
		return
	}
	body, err := readBody(w, r)
	var req struct {
		Method string            `json:"method"`
		URL    string            `json:"url"`
		Header map[string]string `json:"header"`
		Data   string            `json:"data"`
	}
	if err == nil {
		err = decodeControl(body, &req)
	}
	if err != nil {
		controlError(w, http.StatusBadRequest, err.Error())
		return
	}
	target, err := url.Parse(req.URL)
	switch {
	case err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "" || target.User != nil:
		writeJSON(w, http.StatusOK, &refused{"request:fail invalid url", "url", "want an address that begins with http:// or https://"})
		return
	case req.Method != http.MethodGet && req.Method != http.MethodPost:
		writeJSON(w, http.StatusOK, &refused{"request:fail method", "method", "want GET or POST"})
		return
	}
	select {
	case s.requests <- struct{}{}:
		defer func() { <-s.requests }()
	default:
		writeJSON(w, http.StatusOK, &refused{"request:fail too many requests", "busy", "the phone waits for other answers"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
	defer cancel()
	out, err := http.NewRequestWithContext(ctx, req.Method, target.String(), strings.NewReader(req.Data))
	if err != nil {
		writeJSON(w, http.StatusOK, &refused{"request:fail invalid url", "url", "this is no address"})
		return
	}
	for _, name := range phoneHeader {
		if v := req.Header[name]; v != "" {
			out.Header.Set(name, v)
		}
	}
	out.Header.Set("User-Agent", phoneAgent)
	out.Header.Set("Sec-Fetch-Mode", "no-cors")

	x := s.log.begin(exchange{
		from: thePhone, to: theGateway, method: req.Method, address: target.RequestURI(), begin: s.now(),
		request: []byte(req.Data), tap: tapOf(r),
	})
	answer, no := s.ask(out)
	if no != nil {
		s.log.end(x, 0, nil, func(x *exchange) { x.failure = no.Reason })
		writeJSON(w, http.StatusOK, no)
		return
	}
	s.log.end(x, answer.Status, []byte(answer.Data), func(x *exchange) { x.proxied = answer.Header["Via"] != "" })
	answer.Millis = x.took.Milliseconds()
	writeJSON(w, http.StatusOK, answer)
}

// ask makes the request.
func (s *Sandbox) ask(out *http.Request) (*requestAnswer, *refused) {
	resp, err := s.transport.RoundTrip(out)
	var body []byte
	if err == nil {
		defer resp.Body.Close()
		body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	}
	switch {
	case errors.Is(err, errFar):
		return nil, &refused{"request:fail", "far", errFar.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &refused{"request:fail timeout", "timeout", "no answer came within " + requestTimeout.String()}
	case err != nil:
		return nil, &refused{"request:fail", "unreachable", err.Error()}
	case len(body) > maxAnswer:
		return nil, &refused{"request:fail", "too_large", "the answer is larger than the phone takes"}
	}
	a := &requestAnswer{ErrMsg: "request:ok", Status: resp.StatusCode, Header: make(map[string]string), Data: strings.ToValidUTF8(string(body), "�")}
	for _, name := range []string{"Content-Type", "Location", "Retry-After", "Via"} {
		if v := resp.Header.Get(name); v != "" {
			a.Header[name] = v
		}
	}
	return a, nil
}

// tapOf is how the page calls what its user did.
func tapOf(r *http.Request) string {
	tap := r.Header.Get("Sandbox-Tap")
	return tap[:min(len(tap), maxText)]
}
