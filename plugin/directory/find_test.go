package directory_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
)

func TestNames(t *testing.T) {
	first, second := newFake("first", id(1), "tea"), newFake("second", id(1), "shadow", id(2), "tea", id(3), "coffee", id(4), "default", id(0), "taken")
	d := open(first, second)
	for name, of := range map[string]string{
		id(1): id(1), id(2): id(2), id(3): id(3), id(4): id(4), "tea": id(1), "coffee": id(3),
		"shadow":  "", // of an account that the first source has, too, by another name
		"default": "", // is configured
		id(0):     "", // is configured
		"taken":   "", // leads to one that is
		"milk":    "", id(9): "",
	} {
		want(t, d, name, of)
	}
	first.looked()
	for _, name := range []string{
		"", "..", "../wx0000000000000001", "wx0000000000000001.json", "*", "tea*", "te?", "[a-z]ea", "TEA", "tea ", "tea\x00", "a:b", "a/b", `a\b`, "a%2fb", "茶",
		strings.ToUpper(id(10)), strings.Repeat("a", 64), strings.Repeat("a", 1<<20), "wx000000000000000A",
	} {
		want(t, d, name, "")
	}
	if n := first.looked(); n != 0 {
		t.Errorf("%d looks for what is no name", n)
	}
	if got := d.Sources(); len(got) != 2 || got[0] != "first" {
		t.Errorf("got %v", got)
	}
}

func TestFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake("s", id(1), "tea")
		d := open(s)
		for range 100 {
			want(t, d, "tea", id(1))
			want(t, d, id(1), id(1))
			want(t, d, id(2), "")
			time.Sleep(time.Millisecond)
		}
		if n := s.looked(); n != 2 {
			t.Errorf("%d looks for an account and an unknown name", n)
		}
		// A new one serves, a removed one stops, a changed one is the new one, each within a second.
		s.set(id(2), "")
		s.set(id(1), "milk")
		time.Sleep(time.Second)
		want(t, d, id(2), id(2))
		want(t, d, "tea", "")
		want(t, d, "milk", id(1))
		s.drop(id(1))
		time.Sleep(time.Second)
		want(t, d, "milk", "")
		want(t, d, id(1), "")
	})
}

// An account that is found in the last source is no search in vain in those before it.
func TestSourcesBehindOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newFake("first"), newFake("second")
		for n := range racetest.Fewer(1000) {
			second.set(id(n+1), "")
		}
		d := open(first, second)
		for range 3 {
			for n := range racetest.Fewer(1000) {
				want(t, d, id(n+1), id(n+1))
			}
			time.Sleep(time.Second)
		}
	})
}

func TestSourcesThatCannotBeAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := newFake("s", id(1), "tea", id(2), ""), fading{newFake("f", id(3), "milk")}
		d := open(s, f)
		want(t, d, "tea", id(1))
		want(t, d, id(2), id(2))
		want(t, d, "milk", id(3))
		s.fail(errDown)
		f.fail(errDown)
		for range 59 {
			time.Sleep(time.Minute)
			want(t, d, "tea", id(1))
			want(t, d, id(3), id(3))
		}
		time.Sleep(2 * time.Minute)
		want(t, d, id(2), id(2))
		if e, err := d.Find(t.Context(), id(3), ""); !errors.Is(err, errDown) {
			t.Errorf("faded: got %+v, %v", e, err)
		}
		if e, err := d.Find(t.Context(), id(9), ""); !errors.Is(err, errDown) || errors.Is(err, directory.ErrUnknown) {
			t.Errorf("unknown: got %+v, %v", e, err)
		}

		// The other source works again. Whose an alias is the first could tell; an app id is the same account everywhere.
		f.fail(nil)
		f.set(id(4), "cocoa")
		time.Sleep(time.Minute)
		want(t, d, id(4), id(4))
		if e, err := d.Find(t.Context(), "cocoa", ""); !errors.Is(err, errDown) {
			t.Errorf("alias behind a source that is down: got %+v, %v", e, err)
		}
		s.fail(nil)
		s.drop(id(1))
		time.Sleep(time.Second)
		want(t, d, "cocoa", id(4))
		want(t, d, "tea", "")
	})
}

// A source that does not answer makes those wait half a second who can do without, and these once a second, and no account of others.
func TestSlowSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake("s", id(1), "", id(2), "")
		d := open(s)
		want(t, d, id(1), id(1))
		want(t, d, id(2), id(2))
		time.Sleep(time.Minute)
		s.takes = time.Hour
		began := time.Now()
		want(t, d, id(1), id(1))
		if took := time.Since(began); took != 500*time.Millisecond {
			t.Errorf("took %v", took)
		}
		began = time.Now()
		want(t, d, id(1), id(1))
		if took := time.Since(began); took != 0 {
			t.Errorf("the next one took %v", took)
		}
		if e, err := d.Find(t.Context(), id(3), ""); err == nil || errors.Is(err, directory.ErrUnknown) {
			t.Errorf("unknown: got %+v, %v", e, err)
		}
		time.Sleep(time.Minute)
		s.looked()
		for n := range 1000 { // all that come now wait for a few of them
			_, _ = d.Find(t.Context(), id(100+n), "")
			time.Sleep(time.Millisecond)
		}
		if n := s.looked(); n > 10 {
			t.Errorf("%d looks at a source that does not answer", n)
		}
	})
}

// One that hangs in front of another is waited for once in a while, and not for each account of the other.
func TestHungSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := newFake("s"), newFake("f", id(3), "", id(4), "")
		d := open(s, f)
		s.takes = time.Hour
		want(t, d, id(3), id(3))
		began := time.Now()
		want(t, d, id(4), id(4))
		want(t, d, id(3), id(3))
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v", took)
		}
		s.takes = 0
		s.set(id(5), "")
		time.Sleep(5 * time.Second)
		want(t, d, id(5), id(5))
	})
}

func TestBrokenData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake("s", id(1), "", id(2), "")
		d := open(s)
		want(t, d, id(1), id(1))
		s.fail(&directory.Broken{Name: id(1), Err: errDown})
		time.Sleep(time.Minute)
		want(t, d, id(1), id(1))
		_, err := d.Find(t.Context(), id(2), "")
		if _, ok := errors.AsType[*directory.Broken](err); !ok {
			t.Errorf("got %v", err)
		}
		for range 500 {
			_, _ = d.Find(t.Context(), id(2), "")
			time.Sleep(time.Millisecond)
		}
		if n := s.looked(); n > 4 {
			t.Errorf("%d looks for data that are broken", n)
		}
		s.fail(nil) // others were never concerned
		want(t, d, id(3), "")
	})
}

// A source that answers with another account than it was asked for is not believed.
func TestAnotherAccount(t *testing.T) {
	d := open(liar{newFake("s", id(1), "tea")})
	for _, name := range []string{id(2), "milk"} {
		e, err := d.Find(t.Context(), name, "")
		if _, isBroken := errors.AsType[*directory.Broken](err); !isBroken {
			t.Errorf("%s: got %+v, %v", name, e, err)
		}
	}
}

func TestOneLookForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake("s", id(1), "")
		s.takes = 100 * time.Millisecond
		d := open(s)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { want(t, d, id(1), id(1)) })
		}
		wg.Wait()
		if n := s.looked(); n != 1 {
			t.Errorf("%d looks", n)
		}
	})
}

func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake("s", id(1), "")
		s.fresh = time.Hour
		d := open(s)
		want(t, d, id(1), id(1))
		want(t, d, id(2), "")
		s.set(id(1), "tea")
		s.set(id(2), "")
		for _, name := range []string{id(1), id(2)} {
			if e, err := d.Refresh(t.Context(), name); err != nil || e.AppID != name || e.Alias != s.entries[name].Alias {
				t.Errorf("got %+v, %v", e, err)
			}
			want(t, d, name, name)
		}
		for _, name := range []string{"../x", "default"} {
			if _, err := d.Refresh(t.Context(), name); !errors.Is(err, directory.ErrUnknown) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}
