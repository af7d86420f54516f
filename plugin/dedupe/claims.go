package dedupe

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// Claiming is a store in which one of all processes gets a key.
type Claiming interface {
	// Claim stores value at a key that has none, for life, and gives nil; or else it gives the key's value.
	Claim(ctx context.Context, key string, value []byte, life time.Duration) (current []byte, err error)

	// Swap stores value at the key for life, or deletes the key when value is nil, provided that the key's value is old.
	Swap(ctx context.Context, key string, old, value []byte, life time.Duration) (swapped bool, err error)
}

const (
	claimLife = 10 * time.Second // of a claim whose process is not heard of
	claimBeat = claimLife / 3    // how often it is
	claimPoll = 100 * time.Millisecond

	// WaitElsewhere is how long a caller waits for another process. WeChat waits for five seconds.
	WaitElsewhere = 4 * time.Second
)

// ErrElsewhere says that another process has been at it for longer than a caller can wait.
var ErrElsewhere = errors.New("another process is still at work on the same")

// accepted is the value of what is done. No claim is equal to it.
var accepted = []byte("accepted")

// claims lets one process of a fleet do a thing.
type claims struct {
	store  Claiming
	prefix string
	guard  *storeguard.Guard
}

// take claims a name. Whoever gets it must call release, with whether the work was done. While the store fails, everybody
// gets it.
func (c *claims) take(name Name) (release func(done bool), known bool, err error) {
	key := c.prefix + hex.EncodeToString(name[:])
	claim := make([]byte, 16)
	_, _ = rand.Read(claim) // never fails (crypto/rand)
	for deadline := time.Now().Add(WaitElsewhere); ; time.Sleep(claimPoll) {
		current, err := c.claim(key, claim)
		switch {
		case err != nil:
			return func(bool) {}, false, nil
		case current == nil || bytes.Equal(current, claim): // the latter when an answer was lost and the question repeated
			return c.keep(key, claim), false, nil
		case bytes.Equal(current, accepted):
			return nil, true, nil
		case time.Now().After(deadline):
			return nil, false, ErrElsewhere
		}
	}
}

func (c *claims) claim(key string, claim []byte) ([]byte, error) {
	answer := make(chan []byte, 1)
	err := c.guard.Call(context.Background(), "claim", func(ctx context.Context) error {
		current, err := c.store.Claim(ctx, key, claim, claimLife)
		answer <- current
		return err
	})
	if err != nil {
		return nil, err
	}
	return <-answer, nil
}

// keep keeps a claim until release.
func (c *claims) keep(key string, claim []byte) (release func(done bool)) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	beat := time.AfterFunc(claimBeat, func() { // usually the work is done before
		defer close(stopped)
		tick := time.NewTicker(claimBeat)
		defer tick.Stop()
		for {
			_, _ = c.swap(key, claim, claim, claimLife)
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	})
	return func(done bool) {
		if !beat.Stop() {
			close(stop)
			<-stopped
		}
		if !done {
			_, _ = c.swap(key, claim, nil, 0) // else it ends by itself
			return
		}
		swapped, err := c.swap(key, claim, accepted, Life)
		if err == nil && !swapped { // it was not heard of for too long
			_ = c.guard.Call(context.Background(), "claim", func(ctx context.Context) error {
				_, err := c.store.Claim(ctx, key, accepted, Life)
				return err
			})
		}
	}
}

func (c *claims) swap(key string, old, value []byte, life time.Duration) (bool, error) {
	answer := make(chan bool, 1)
	err := c.guard.Call(context.Background(), "swap", func(ctx context.Context) error {
		swapped, err := c.store.Swap(ctx, key, old, value, life)
		answer <- swapped
		return err
	})
	if err != nil {
		return false, err
	}
	return <-answer, nil
}
