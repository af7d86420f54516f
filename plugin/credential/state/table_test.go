package state

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// TestTable makes each row of the table in machine.go happen, and demands that the table has them all.
func TestTable(t *testing.T) {
	raw, err := os.ReadFile("machine.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(raw), "//\twhat happens ")
	head, table, _ := strings.Cut(table, "\n")
	columns := []int{}
	for _, name := range []string{"in ", "then", "block", "file", "which"} {
		columns = append(columns, len("//\twhat happens ")+strings.Index(head, name))
	}
	seen := map[string]bool{}
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "//\t") {
			break
		}
		cell := func(i int) string { return strings.TrimSpace(line[columns[i]:columns[i+1]]) }
		event, then, block, file := strings.TrimSpace(line[3:columns[0]]), cell(1), cell(2), cell(3)
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s: %v", event, err)
		}
		if events[event] == nil {
			t.Errorf("nobody knows how to make happen: %s", event)
			continue
		}
		seen[event] = true
		in := cell(0)
		if in == "any" {
			in = "none, fresh, renewing, expired"
		}
		for from := range strings.SplitSeq(in, ", ") {
			for _, blocked := range []bool{false, true} {
				if block == "ends" && event == "time" && !blocked {
					continue
				}
				row(t, event, State(from), blocked, then, block)
			}
		}
	}
	for event := range events {
		if !seen[event] {
			t.Errorf("the table does not have: %s", event)
		}
	}
}

// stage is a machine in a state, at a time.
type stage struct {
	*Machine
	token *Machine // that it needs
	now   time.Time
	cur   *value.Held
	then  string
	block string
}

// events make happen what the table names.
var events = map[string]func(*stage){
	"time": func(s *stage) {
		switch {
		case s.block == "ends":
			s.now = s.now.Add(3 * time.Second)
		case s.then == string(Renewing):
			s.now = s.cur.RenewAt
		default:
			s.now = s.cur.Expires
		}
	},
	"land":           func(s *stage) { s.Land(held("new", s.now), s.now) },
	"adopt":          func(s *stage) { s.Adopt(held("new", s.now), s.now) },
	"adopt newer":    func(s *stage) { s.Adopt(held("new", s.now), s.now) },
	"adopt older":    func(s *stage) { s.Adopt(held("old", s.now.Add(-3*time.Hour)), s.now) },
	"refuse":         func(s *stage) { s.Refuse("cur", nil) },
	"refuse another": func(s *stage) { s.Refuse("old", nil) },
	"fail":           func(s *stage) { s.Fail(refusal(-1), s.now, 0.5) },
	"bind":           func(s *stage) { s.Bind(s.now.Add(time.Minute), 1, refusal(45009)) },
	"bar":            func(s *stage) { s.Fail(refusal(40164), s.now, 0.5) },
	"take": func(s *stage) {
		s.address.Refuse(refusal(40164), s.now)
		s.address.Take()
	},
	"inherit": func(s *stage) { s.Fail(s.token.Fail(refusal(-1), s.now, 0.5), s.now, 0.5) },
	"disinherit": func(s *stage) {
		if s.Blocked(s.now) == nil {
			s.Fail(s.token.Fail(refusal(-1), s.now, 0.5), s.now, 0.5)
		}
		s.token.Land(held("token", s.now), s.now)
	},
	"configure":      func(s *stage) { s.Configure("another") },
	"configure same": func(s *stage) { s.Configure("") },
}

func row(t *testing.T, event string, from State, blocked bool, then, block string) {
	token, ticket := newMachines()
	s := &stage{Machine: ticket, token: token, now: start, then: then, block: block}
	if from != None {
		s.cur = held("cur", start)
		s.Land(s.cur, start)
	}
	switch from {
	case None:
	case Fresh:
		s.now = start.Add(time.Minute)
	case Renewing:
		s.now = s.cur.RenewAt
	case Expired:
		s.now = s.cur.Expires
	}
	if blocked {
		s.Bind(s.now.Add(3*time.Second), 1, refusal(45009))
	}
	if event == "time" && block == "stays" && blocked {
		s.Bind(start.Add(3*time.Hour), 1, refusal(45009))
	}
	if got := s.State(s.now); got != from {
		t.Fatalf("it began %s, not %s", got, from)
	}
	events[event](s)
	if strings.HasSuffix(event, "newer") && s.Current().Text != "new" {
		t.Errorf("%s in %s (blocked %v): it was not taken", event, from, blocked)
	}
	want := State(then)
	if then == "same" {
		want = from
	}
	if got := s.State(s.now); got != want {
		t.Errorf("%s in %s (blocked %v): %s, want %s", event, from, blocked, got, want)
	}
	is := s.Blocked(s.now) != nil
	if should := block == "begins" || block == "stays" && blocked; is != should {
		t.Errorf("%s in %s (blocked %v): blocked %v, want %v", event, from, blocked, is, should)
	}
}
