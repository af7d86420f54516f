//go:build binary && unix

package binarytest

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// way is one node's way to WeChat: an HTTP proxy that counts what passes and can go wrong for that node alone.
type way struct {
	url string

	mu       sync.Mutex
	mode     wayMode
	calls    map[string]int
	inFlight map[string]int
}

// wayMode is what happens to calls on their way: one of these, or an errcode that WeChat answers.
type wayMode int

const (
	wayOpen      wayMode = iota
	wayRefused           // the connection is reset
	wayError             // 500
	waySilent            // no answer ever
	wayForbidden         // 40164: WeChat does not know the node's address
)

// refusedIP is the address that WeChat names when it refuses a node.
const refusedIP = "203.0.113.7"

func newWay(t *testing.T) *way {
	p := &way{calls: make(map[string]int), inFlight: make(map[string]int)}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func (p *way) set(mode wayMode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = mode
}

// setAll is set for all nodes.
func (f *fleet) setAll(mode wayMode) {
	for _, n := range f.nodes {
		n.way.set(mode)
	}
}

// total counts all calls that the node made, whatever became of them.
func (p *way) total() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, count := range p.calls {
		n += count
	}
	return n
}

// asked counts the calls that the nodes made, whatever became of them.
func (f *fleet) asked() (n int) {
	for _, node := range f.nodes {
		n += node.way.total()
	}
	return n
}

// asking gives the node that waits for WeChat's answer to a call of path.
func (f *fleet) asking(path string) *node {
	f.t.Helper()
	var found *node
	f.within(f.life+10*time.Second, "a node waits for "+path, func() bool {
		for _, n := range f.nodes {
			n.way.mu.Lock()
			if n.way.inFlight[path] > 0 {
				found = n
			}
			n.way.mu.Unlock()
		}
		return found != nil
	})
	return found
}

// ServeHTTP passes a call on, or lets it go wrong.
func (p *way) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	p.mu.Lock()
	mode := p.mode
	p.calls[path]++
	p.inFlight[path]++
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.inFlight[path]--
		p.mu.Unlock()
	}()
	switch mode {
	case wayRefused:
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // reset
		}
		_ = conn.Close()
	case wayError:
		w.WriteHeader(http.StatusInternalServerError)
	case waySilent:
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	case wayForbidden:
		_, _ = io.WriteString(w, `{"errcode":40164,"errmsg":"invalid ip `+refusedIP+` ipv6 ::ffff:`+refusedIP+
			`, not in whitelist rid: 62bc2cbd-27a1fbc6-3ae9d2d5"}`)
	case wayOpen:
		p.pass(w, r)
	default:
		fmt.Fprintf(w, `{"errcode":%d,"errmsg":"no"}`, mode)
	}
}

func (p *way) pass(w http.ResponseWriter, r *http.Request) {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}
