package kept

import (
	"errors"
	"testing"
	"time"
)

// TestOlderSecrets opens what was sealed before a secret was changed, for as long as the old one is listed.
func TestOlderSecrets(t *testing.T) {
	memory := NewMemory()
	shelf := func(secret string, older ...string) *Shelf {
		t.Helper()
		s, err := New(Config{Memory: memory, Dir: "d", Secret: secret, Older: older})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	id := ID(make([]byte, 16))
	if err := shelf("old").Failed(t.Context(), Message{ID: id, Plain: []byte("text")}, 0); err != nil {
		t.Fatal(err)
	}
	if m, err := shelf("new", "older", "old").Get(t.Context(), id); err != nil || string(m.Plain) != "text" {
		t.Errorf("got %+v %v", m, err)
	}
	if _, err := shelf("new").Get(t.Context(), id); !errors.Is(err, ErrNone) {
		t.Errorf("got %v", err)
	}
}

// TestWaiting lists what there is, the oldest first, also what another process has put there.
func TestWaiting(t *testing.T) {
	memory := NewMemory()
	now := time.Unix(1_700_000_000, 0)
	open := func() *Shelf {
		t.Helper()
		s, err := New(Config{Memory: memory, Dir: "d", Secret: "s", Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	one, other := open(), open()
	ids := []string{ID([]byte("fedcba9876543210")), ID([]byte("0123456789abcdef"))}
	for _, id := range ids {
		if err := one.Failed(t.Context(), Message{ID: id}, 0); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
	}
	list, err := other.Waiting(t.Context())
	if err != nil || len(list) != 2 || list[0].ID != ids[0] || list[1].ID != ids[1] || list[1].Since.Unix() != 1_700_000_001 {
		t.Fatalf("got %+v %v", list, err)
	}
	if err := one.Accepted(t.Context(), ids[0]); err != nil {
		t.Fatal(err)
	}
	now = now.Add(MaxAge)
	if list, err = other.Waiting(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("got %+v %v", list, err)
	}
}
