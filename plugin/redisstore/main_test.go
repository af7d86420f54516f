package redisstore

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

// TestMain makes a process of its own of this binary when a test asks for one. When all tests are over, they must have left no
// goroutine behind.
func TestMain(m *testing.M) {
	redis.SetLogger(&logging.VoidLogger{})
	if url := os.Getenv("REDISSTORE_HOLDER"); url != "" {
		os.Exit(holderMain(url))
	}
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = flag.Set("test.parallel", "8") // these tests wait most of the time
	}
	code := m.Run()
	if code == 0 {
		if err := redistest.Leaks(); err != nil {
			fmt.Println(err)
			code = 1
		}
	}
	os.Exit(code)
}

const heldName = "held-by-a-process"

// holderMain is a process that takes a lock, says so, and gives it back when it is told to.
func holderMain(url string) int {
	s, err := New(Config{URLs: []string{url}})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer s.Close()
	fmt.Println("lock:", s.Lock(context.Background(), heldName))
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	fmt.Println("unlock:", s.Unlock(context.Background(), heldName))
	return 0
}

// process is a running holderMain.
type process struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	in    interface{ Write([]byte) (int, error) }
}

func startHolder(t *testing.T, server *redistest.Server) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "REDISSTORE_HOLDER="+server.Addr)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p := &process{cmd: cmd, lines: bufio.NewScanner(out), in: in}
	if got := p.line(); got != "lock: <nil>" {
		t.Fatalf("got %q", got)
	}
	return p
}

func (p *process) line() string {
	if !p.lines.Scan() {
		return ""
	}
	return p.lines.Text()
}

// unlock tells the process to give its lock back, and gives what came of it.
func (p *process) unlock(t *testing.T) string {
	t.Helper()
	if _, err := p.in.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(p.line(), "unlock: ")
}

// open makes a store that the test closes.
func open(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// within gives a context that ends with the test.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
