package relay_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/relay"
)

// TestRelayBodyEndsWithItsConnection has clients end the connection within a body: there is nobody to answer, and it does not depend on how fast
// net/http notices it.
func TestRelayBodyEndsWithItsConnection(t *testing.T) {
	s := newRelaySite(t, nil, "allow /card/*")
	for name, rest := range map[string]string{
		"Content-Length": "Content-Length: 9\r\n\r\nhalf",
		"a chunk":        "Transfer-Encoding: chunked\r\n\r\n9\r\nhalf",
		"one that is not kept": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n9\r\nhalf",
			relay.MaxKept+1, strings.Repeat("x", relay.MaxKept+1)),
	} {
		for range 10 {
			conn, err := net.Dial("tcp", s.addr)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(conn, "POST /card/get HTTP/1.1\r\nHost: localhost:9080\r\n"+rest)
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			conn.Close()
			if resp.StatusCode != 499 || len(body) != 0 {
				t.Errorf("%s: got %d %s", name, resp.StatusCode, body)
			}
		}
	}
}
