package address_test

import (
	"errors"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/address"
)

var errRefused = errors.New("40164")

// Who was let hurry and made no attempt leaves everything as it was, unless another made one.
func TestHurryUndone(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	var a address.Address
	until := a.Refuse(errRefused, now)
	undo := a.Hurry()
	if _, err := a.Barred(now); err != nil {
		t.Errorf("who hurries is barred: %v", err)
	}
	undo()
	if got, err := a.Barred(now); err != errRefused || !got.Equal(until) { //nolint:errorlint // this very value
		t.Errorf("got %v, %v; want %v", got, err, until)
	}

	undo = a.Hurry()
	done, _, _, err := a.Try(now)
	if err != nil {
		t.Fatal(err)
	}
	undo()
	if _, err := a.Barred(now); err != nil {
		t.Errorf("the attempt under way is barred: %v", err)
	}
	later := now.Add(time.Second)
	until = a.Refuse(errRefused, later)
	done()
	undo()
	if got, err := a.Barred(later); err == nil || !got.Equal(until) {
		t.Errorf("got %v, %v; want %v", got, err, until)
	}

	undo = a.Hurry()
	a.Take()
	undo()
	if _, err := a.Barred(now); err != nil {
		t.Errorf("a refusal that is over bars: %v", err)
	}
}
