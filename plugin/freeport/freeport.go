// Package freeport finds ports of 127.0.0.1 that nobody listens on, for tests whose servers must be told where to listen.
package freeport

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

// taken are those that were given to anybody; tests run at the same time.
var taken sync.Map

// Ports finds n ports. They lie below those that systems give to connections, one of which might else have the port by the
// time that somebody listens there.
func Ports(t testing.TB, n int) []string {
	t.Helper()
	ports := make([]string, 0, n)
	for tries := 0; len(ports) < n; tries++ {
		port := strconv.Itoa(10_000 + rand.IntN(22_000))
		if _, given := taken.LoadOrStore(port, true); given {
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		switch {
		case err == nil:
			l.Close()
			ports = append(ports, port)
		case tries > 1000:
			t.Fatal(err)
		}
	}
	return ports
}

// Address finds a port and gives it with its host.
func Address(t testing.TB) string {
	t.Helper()
	return "127.0.0.1:" + Ports(t, 1)[0]
}
