// Package redistest runs real Redis servers for tests: one that can be killed, stopped and started again, a Cluster, and
// one that Sentinels watch.
package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

// Server is a redis-server of the test's own, on a free port of 127.0.0.1. It ends with the test.
type Server struct {
	Addr string // host:port
	Dir  string // where it keeps its files, which outlive a restart

	t      testing.TB
	config string // file; "": none
	args   []string
	auth   redis.Options // how the helper itself gets in
	cmd    *exec.Cmd
	done   chan struct{} // closed when the process has ended
}

const patience = 10 * time.Second

// Start runs a server with more arguments of redis-server, such as "--requirepass", "secret". The test is skipped where there
// is no redis-server, unless CI_TOOLS or CI_REDIS is set in the environment, and in builds with the tag nowechatredis. Nothing is saved to disk unless the arguments say so.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return start(t, &Server{args: args})
}

// StartAuth is Start for a server that opts has the user and password, or the TLS configuration, for.
func StartAuth(t testing.TB, opts redis.Options, args ...string) *Server {
	t.Helper()
	return start(t, &Server{args: args, auth: opts})
}

func start(t testing.TB, s *Server) *Server {
	t.Helper()
	if leftOut {
		t.Skip("this build has no Redis")
	}
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI_TOOLS")+os.Getenv("CI_REDIS") != "" {
			t.Fatal(err)
		}
		t.Skip("there is no redis-server here; Debian and Ubuntu have it as a package of that name")
	}
	s.t, s.Dir = t, t.TempDir()
	for try := 1; ; try++ { // between finding a port and using it, somebody else may take it
		s.Addr = freeport.Address(t)
		err := s.run()
		if err == nil {
			break
		}
		if try == 5 {
			t.Fatal(err)
		}
	}
	t.Cleanup(s.Kill)
	return s
}

// run starts the process and waits until it answers.
func (s *Server) run() error {
	host, port, _ := net.SplitHostPort(s.Addr)
	var args []string
	if s.config != "" {
		args = append(args, s.config, "--sentinel")
	} else {
		args = append(args, "--save", "")
	}
	args = append(args, "--bind", host, "--dir", s.Dir)
	if s.auth.TLSConfig != nil {
		args = append(args, "--port", "0", "--tls-port", port)
	} else {
		args = append(args, "--port", port)
	}
	log, err := os.Create(filepath.Join(s.Dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = exec.Command("redis-server", append(args, s.args...)...) //nolint:gosec // what the test says
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.Dir, log, log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.done = make(chan struct{})
	go wait(s.cmd, s.done)

	client := s.Client()
	defer client.Close()
	listens := false
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-s.done:
			return fmt.Errorf("redis-server ended: %s", s.log())
		case <-time.After(10 * time.Millisecond):
		}
		if !listens { // a client that cannot connect pauses ever longer
			conn, err := net.DialTimeout("tcp", s.Addr, time.Second)
			if err != nil {
				continue
			}
			_ = conn.Close()
			listens = true
		}
		if client.Do(context.Background(), "ping").Err() == nil {
			return nil
		}
	}
	s.Kill()
	return fmt.Errorf("redis-server does not answer: %s", s.log())
}

func wait(cmd *exec.Cmd, ended chan<- struct{}) {
	_ = cmd.Wait()
	close(ended)
}

// log gives what the process has printed.
func (s *Server) log() string {
	text, _ := os.ReadFile(filepath.Join(s.Dir, "log"))
	return string(text)
}

// Client makes a client for the test's own commands. The caller closes it.
func (s *Server) Client() *redis.Client {
	opts := s.auth
	opts.Addr, opts.Protocol, opts.DisableIdentity, opts.DialerRetries, opts.PipelinePoolSize = s.Addr, 2, true, 1, -1
	return redis.NewClient(&opts)
}

// Do sends one command and gives its answer. An error ends the test.
func (s *Server) Do(args ...any) any {
	s.t.Helper()
	client := s.Client()
	defer client.Close()
	answer, err := client.Do(context.Background(), args...).Result()
	if err != nil {
		s.t.Fatalf("%v: %v", args, err)
	}
	return answer
}

// Kill ends the server as kill -9 does. A server that has ended already stays so.
func (s *Server) Kill() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.done
}

// Restart starts a server again that was killed, on the same port.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.run(); err != nil {
		s.t.Fatal(err)
	}
}

// Cluster runs a Cluster of n nodes without replicas.
func Cluster(t testing.TB, n int) []*Server {
	t.Helper()
	nodes := make([]*Server, n)
	const slots = 16384
	for i := range nodes {
		bus := freeport.Ports(t, 1)[0]
		nodes[i] = Start(t, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port", bus)
		nodes[i].Do("cluster", "set-config-epoch", i+1)
		nodes[i].Do("cluster", "addslotsrange", i*slots/n, (i+1)*slots/n-1)
		if i > 0 {
			host, port, _ := net.SplitHostPort(nodes[0].Addr)
			nodes[i].Do("cluster", "meet", host, port, nodes[0].args[len(nodes[0].args)-1])
		}
	}
	for _, node := range nodes {
		node.Until(func() bool {
			info, _ := node.Do("cluster", "info").(string)
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", n))
		})
	}
	return nodes
}

// Sentinel runs a server with a replica, and a Sentinel that watches them under the name of master.
func Sentinel(t testing.TB, master string) (sentinel, server, replica *Server) {
	t.Helper()
	server = Start(t, "--repl-diskless-sync-delay", "0")
	host, port, _ := net.SplitHostPort(server.Addr)
	replica = Start(t, "--replicaof", host+" "+port, "--repl-diskless-sync-delay", "0")
	server.Until(func() bool {
		info, _ := replica.Do("info", "replication").(string)
		return strings.Contains(info, "master_link_status:up")
	})
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor %s %s %s 1\nsentinel down-after-milliseconds %[1]s 500\nsentinel failover-timeout %[1]s 2000\n",
		master, host, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sentinel = start(t, &Server{config: config})
	sentinel.Until(func() bool {
		found, _ := sentinel.Do("sentinel", "replicas", master).([]any)
		return len(found) == 1
	})
	return sentinel, server, replica
}

// Until waits for a condition, and ends the test when it does not come.
func (s *Server) Until(met func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !met(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain; redis-server says: %s", s.log())
		}
	}
}

// NoLeaks proves, when the test is over, that it has left no goroutine behind. It stands before all that the test has to
// close, and no other test may run at the same time. The goroutines of this package do not count, nor do those that options name.
func NoLeaks(t testing.TB, options ...goleak.Option) {
	t.Helper()
	options = append(options, goleak.IgnoreCurrent())
	t.Cleanup(func() {
		if err := Leaks(options...); err != nil {
			t.Error(err)
		}
	})
}

// Leaks names the goroutines that are left, but for this package's own and those that options name. It gives them a few seconds
// to end.
func Leaks(options ...goleak.Option) error {
	options = append(options,
		goleak.IgnoreAnyFunction("github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest.wait"))
	// A Redis client that has failed to connect ten times in a row tries on its own, and sleeps a second in between.
	var err error
	for range 4 {
		if err = goleak.Find(options...); err == nil {
			return nil
		}
	}
	return err
}
