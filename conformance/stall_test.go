package conformance

import (
	"io"
	"net"
	"sync"
	"testing"
)

// stallable passes connections on to a server until it is told to hold everything back: connections stay open, and nothing
// comes any more. So a server in this process can hang.
type stallable struct {
	Addr string

	mu     sync.Mutex
	going  *sync.Cond
	paused bool
}

func newStallable(t testing.TB, target string) *stallable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stallable{Addr: l.Addr().String()}
	s.going = sync.NewCond(&s.mu)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", target)
			if err != nil {
				_ = in.Close()
				continue
			}
			for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
				go func() {
					defer in.Close()
					defer out.Close()
					_, _ = io.Copy(way[0], &held{s, way[1]})
				}()
			}
		}
	}()
	return s
}

// held reads from a connection, and keeps what it has read while its proxy is paused.
type held struct {
	s *stallable
	net.Conn
}

func (h *held) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	h.s.mu.Lock()
	for h.s.paused {
		h.s.going.Wait()
	}
	h.s.mu.Unlock()
	return n, err
}

func (s *stallable) set(paused bool) {
	s.mu.Lock()
	s.paused = paused
	s.going.Broadcast()
	s.mu.Unlock()
}

// stall is storetest.Trouble's.
func (s *stallable) stall(t testing.TB) (resume func()) {
	s.set(true)
	t.Cleanup(func() { s.set(false) })
	return func() { s.set(false) }
}
