package state

import (
	"errors"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/address"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"github.com/patrickmn/go-cache"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// held makes a value of two hours.
func held(text string, obtained time.Time) *value.Held {
	v := value.Value{Text: text, Obtained: obtained, Expires: obtained.Add(2 * time.Hour)}
	return value.NewHeld(v, v.Expires, value.RenewalStart(v), 0)
}

// newMachines makes those of an account's token and ticket.
func newMachines() (token, ticket *Machine) {
	values, at := cache.New(cache.NoExpiration, 0), new(address.Address)
	token = New(value.AccessToken, values, at, nil)
	return token, New(value.APITicket, values, at, token)
}

func refusal(code int) error { return &wechat.Error{API: "x", Code: code, Msg: "x"} }

func TestStates(t *testing.T) {
	token, ticket := newMachines()
	for _, m := range []*Machine{token, ticket} {
		if got := m.State(start); got != None || m.Serve(start) != nil {
			t.Errorf("without a value: %s", got)
		}
		m.Land(held("a", start), start)
		for after, want := range map[time.Duration]State{
			0: Fresh, 114 * time.Minute: Fresh, 118 * time.Minute: Renewing, 2 * time.Hour: Expired,
		} {
			now := start.Add(after)
			if got := m.State(now); got != want || (m.Serve(now) != nil) != (want != Expired) {
				t.Errorf("after %v: %s, want %s", after, got, want)
			}
		}
		m.Refuse("b", refusal(40001)) // not the current one
		if got := m.State(start); got != Fresh {
			t.Errorf("another value was refused: %s", got)
		}
		m.Refuse("a", refusal(40001))
		if got := m.State(start); got != None || m.Serve(start) != nil || m.Refused() != "a" {
			t.Errorf("refused: %s", got)
		}
		if past := m.History.Past(); past.Refused != 1 {
			t.Errorf("%+v", past)
		}
	}
}

// Whatever a dead value replaced is dead too, and so is what is older.
func TestWhatIsDeadIsNotAdopted(t *testing.T) {
	m, _ := newMachines()
	m.Land(held("a", start), start)
	now := start.Add(time.Minute)
	m.Land(held("b", now), now)
	m.Refuse("b", refusal(40001))
	for _, h := range []*value.Held{held("b", now.Add(time.Minute)), held("a", now.Add(time.Minute)), held("c", now.Add(-time.Minute))} {
		if m.Adopt(h, now) != nil {
			t.Errorf("%s was taken", h.Text)
		}
	}
	if m.Adopt(held("c", now.Add(-time.Second)), now) == nil || m.Refused() != "" {
		t.Error("a value of the same time by another clock was not taken")
	}
}

func TestOnlyBetterValuesAreAdopted(t *testing.T) {
	m, _ := newMachines()
	now := start.Add(time.Hour)
	if m.Adopt(held("ended", start.Add(-3*time.Hour)), now) != nil {
		t.Error("an ended one")
	}
	m.Land(held("a", start), now)
	if m.Adopt(held("older", start.Add(-time.Minute)), now) != nil {
		t.Error("an older one")
	}
	if m.Adopt(held("a", start.Add(time.Second)), now) != nil {
		t.Error("the same")
	}
	if m.Adopt(held("newer", start.Add(time.Minute)), now) == nil {
		t.Error("not the newer one")
	}
	if got := m.Land(held("late", start), now); got.Text != "newer" {
		t.Errorf("%s landed on a newer one", got.Text)
	}
}

func TestBlocks(t *testing.T) {
	token, ticket := newMachines()
	u := token.Fail(refusal(45009), start, 0.5)
	if b := token.Blocked(start); b == nil || !b.RetryAt.Equal(u.RetryAt) || !errors.Is(b, u.Err) {
		t.Errorf("failed: %v", b)
	}
	if ticket.Blocked(start) != nil {
		t.Error("the ticket is blocked by itself")
	}
	ticket.Fail(u, start, 0.5)
	if b := ticket.Blocked(start); b == nil || b.Kind != value.APITicket || !b.RetryAt.Equal(u.RetryAt) {
		t.Errorf("inherited: %v", b)
	}
	if token.Blocked(u.RetryAt) != nil {
		t.Error("a block does not end")
	}
	token.Land(held("a", start), start)
	if token.Blocked(start) != nil || ticket.Blocked(start) != nil {
		t.Error("a value does not end the block that its lack was")
	}

	ticket.Bind(start.Add(time.Minute), 1, u.Err)
	ticket.Configure("another")
	if ticket.Blocked(start) != nil {
		t.Error("another secret does not end a block")
	}
	ticket.Fail(refusal(40164), start, 0.5)
	if token.Blocked(start) == nil {
		t.Error("a refused address does not block the others")
	}
	token.Configure("yet another")
	if token.Blocked(start) != nil {
		t.Error("another secret does not end the refusal of an address")
	}
}

func TestMayLook(t *testing.T) {
	m, _ := newMachines()
	for after, want := range []bool{true, false, true, false, true} { // by the second
		if got := m.MayLook(start.Add(time.Duration(after) * time.Second)); got != want {
			t.Errorf("after %d s: %v", after, got)
		}
	}
}

func TestChanged(t *testing.T) {
	m, _ := newMachines()
	for name, change := range map[string]func(){
		"land":      func() { m.Land(held("a", start), start) },
		"refuse":    func() { m.Land(held("a", start), start); m.Refuse("a", nil) },
		"fail":      func() { m.Fail(refusal(-1), start, 0.5) },
		"bind":      func() { m.Bind(start, 1, nil) },
		"configure": func() { m.Configure("x") },
		"address":   func() { m.Fail(refusal(40164), start, 0.5); m.address.Take() },
	} {
		changed := m.Changed()
		select {
		case <-changed:
			t.Errorf("%s: too early", name)
		default:
		}
		change()
		select {
		case <-changed:
		default:
			t.Errorf("%s wakes nobody", name)
		}
	}
}
