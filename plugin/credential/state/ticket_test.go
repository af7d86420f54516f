package state

import (
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// Two processes that had the same ticket see the same change of it. That WeChat gives a new one each time is known when it has
// changed twice.
func TestAChangeThatAnotherProcessCountedCountsOnce(t *testing.T) {
	const ahead = 3 * time.Second
	ticket := func(text string, after time.Duration) value.Value {
		return value.Value{Text: text, Obtained: start.Add(after), Expires: start.Add(after + 2*time.Hour)}
	}
	seen := value.Learned{Rule: value.RuleGrid, Differed: 1, At: start.Add(18*time.Minute + ahead).UnixMilli()}
	for _, tc := range []struct {
		name string
		had  value.Value // by this process, when the other one had seen its change
		next value.Value
		want value.Rule
	}{
		{"the same change", ticket("first", 0), ticket("second", 19*time.Minute), value.RuleGrid},
		{"another one", ticket("second", 18*time.Minute), ticket("third", 36*time.Minute), value.RuleFresh},
		{"no change", ticket("second", 18*time.Minute), ticket("second", 36*time.Minute), value.RuleGrid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, m := newMachines()
			m.Land(value.NewHeld(tc.had, tc.had.Expires, value.RenewalStart(tc.had), 0), tc.had.Obtained)
			m.Taught(seen, tc.next.Obtained.Add(ahead))
			m.Learn(tc.next, ahead)
			if got := m.Learned(); got.Rule != tc.want {
				t.Errorf("learned %+v, want the rule %q", got, tc.want)
			}
		})
	}
}

// A process that began without the store may take one change of a ticket for half a proof of the rule fresh. What others see
// again after that counts more.
func TestWhatIsSeenAgainIsLearnedLater(t *testing.T) {
	ticket := func(text string, after time.Duration) value.Value {
		return value.Value{Text: text, Obtained: start.Add(after), Expires: start.Add(after + 2*time.Hour)}
	}
	held := func(v value.Value) *value.Held { return value.NewHeld(v, v.Expires, value.RenewalStart(v), 0) }
	see := func(m *Machine, text string, after time.Duration) {
		v := ticket(text, after)
		m.Learn(v, 0)
		m.Land(held(v), v.Obtained)
	}
	_, knows := newMachines()
	see(knows, "first", 0)
	see(knows, "first", 18*time.Minute)
	see(knows, "second", 80*time.Minute) // too late to tell anything
	_, begins := newMachines()
	see(begins, "first", 37*time.Minute)
	see(begins, "second", 38*time.Minute)
	see(knows, "second", 98*time.Minute)
	begins.Taught(knows.Learned(), start.Add(98*time.Minute))
	if got := begins.Learned(); got.Rule != value.RuleGrid {
		t.Errorf("learned %+v", got)
	}
}
