package relay

import (
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync"

	"go.uber.org/zap"
)

// newProxy makes what passes calls on. It is net/http's own and not Caddy's reverse_proxy: there is nothing to choose between, to
// balance or to rewrite, and what Caddy's does for that takes longer than all that relay does by itself.
func newProxy(logger *zap.Logger) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:      func(pr *httputil.ProxyRequest) { dropForeign(pr.Out.Header) },
		Transport:    transport{logger},
		BufferPool:   buffers{},
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, err error) { callOf(r).failed = err },
		ErrorLog:     log.New(io.Discard, "", 0), // what it says is said by answer
	}
}

// dropForeign takes out of a header what is not for WeChat.
func dropForeign(header http.Header) {
	for name := range header {
		switch name {
		case "Cookie", "Authorization", "Accept-Encoding", "Forwarded", "X-Real-Ip", "Via", "Origin", "Referer", "Connection", "Upgrade", "Expect":
			delete(header, name)
		default:
			if strings.HasPrefix(name, "X-Forwarded-") {
				delete(header, name)
			}
		}
	}
}

// transport is what the proxy sends calls by: the client of the account, which chooses the host, trusts the app's authorities and
// goes through its proxy, as our own calls do.
type transport struct{ logger *zap.Logger }

// RoundTrip implements http.RoundTripper. Its errors are what methods of plugin.Account return.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	call := callOf(req)
	call.Request = req
	resp, err := call.account.Relay(call.Call)
	if err != nil {
		return nil, err
	}
	if c := t.logger.Check(zap.DebugLevel, "upstream roundtrip"); c != nil {
		c.Write(zap.String("method", req.Method), zap.String("path", req.URL.Path), zap.Int("status", resp.StatusCode))
	}
	// As Caddy's reverse_proxy has it: the Server is WeChat's, and Caddy is on the way.
	delete(call.w.Header(), "Server")
	via := strconv.Itoa(resp.ProtoMajor) + "." + strconv.Itoa(resp.ProtoMinor) + " Caddy"
	resp.Header["Via"] = append([]string{via}, resp.Header["Via"]...)
	delete(resp.Header, "Alt-Svc") // which is about a connection to WeChat
	call.answer, resp.Body = resp.Body, &answer{call, t.logger, resp.ContentLength >= 0 && !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")}
	return resp, nil
}

// Interface guards
var _ http.RoundTripper = transport{}

// answer is the body of WeChat's answer.
type answer struct {
	call   *relayCall
	logger *zap.Logger
	isHeld bool // the proxy flushes nothing of it
}

// Read implements io.Reader. Where the answer breaks off, what has come of it is sent first: the connection ends then.
func (a *answer) Read(p []byte) (int, error) {
	n, err := a.call.answer.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	if n > 0 {
		return n, nil // the error comes again
	}
	if a.isHeld {
		_ = http.NewResponseController(a.call.w).Flush()
	}
	level := zap.WarnLevel
	if a.call.Err() != nil {
		level = zap.DebugLevel // the client has gone
	}
	a.logger.Log(level, "aborting with incomplete response", zap.Error(err))
	return 0, err
}

// Close implements io.Closer.
func (a *answer) Close() error { return a.call.answer.Close() }

// buffers implements httputil.BufferPool.
type buffers struct{}

type buffer = [32 << 10]byte

var bufferPool = sync.Pool{New: func() any { return new(buffer) }}

func (buffers) Get() []byte  { return bufferPool.Get().(*buffer)[:] }
func (buffers) Put(b []byte) { bufferPool.Put((*buffer)(b)) }
