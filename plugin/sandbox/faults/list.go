package faults

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// MaxFaults is how many faults wait at once.
const MaxFaults = 1_000

// pushPrefix begins the paths of what is pushed.
const pushPrefix = "/push/"

const maxRepeat = 100

// List is the faults that wait for their calls. The zero value is a good one; it is safe for concurrent use.
type List struct {
	mu    sync.Mutex
	list  []*Pending
	maxID int64 // of the latest fault
}

// Fail adds faults. Of several that fit a call, the oldest that has calls left is used, and only it.
func (l *List) Fail(faults ...Fault) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, f := range faults {
		switch {
		case !strings.HasPrefix(f.Path, "/") && f.Path != "*":
			return fmt.Errorf("fault %d: path must begin with / or be *", i)
		case f.Times < 0 || f.Delay < 0:
			return fmt.Errorf("fault %d: times and delay must not be negative", i)
		case f.Repeat < 0 || f.Repeat > maxRepeat:
			return fmt.Errorf("fault %d: repeat must be 0 to %d", i, maxRepeat)
		case f.Status != 0 && (f.Status < 200 || f.Status > 599):
			return fmt.Errorf("fault %d: status must be 200 to 599", i)
		case len(l.list)+len(faults) > MaxFaults:
			return errors.New("too many faults")
		}
	}
	for _, f := range faults {
		l.maxID++
		l.list = append(l.list, &Pending{Fault: f, ID: l.maxID, Left: f.Times})
	}
	return nil
}

// Hit gives the fault that befalls a call, nil if none does.
func (l *List) Hit(path string) *Pending { return l.hit(path, false) }

// HitPush gives the fault that befalls what is pushed to a platform, nil if none does: one whose path says so.
func (l *List) HitPush(kind string) *Pending { return l.hit(pushPrefix+kind, true) }

func (l *List) hit(path string, pushed bool) *Pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, f := range l.list {
		if strings.HasPrefix(f.Path, pushPrefix) != pushed {
			continue // all calls are not all that is pushed
		}
		if prefix, isPrefix := strings.CutSuffix(f.Path, "*"); path != f.Path && !(isPrefix && strings.HasPrefix(path, prefix)) {
			continue
		}
		if f.Times > 0 {
			if f.Left--; f.Left == 0 {
				l.list = append(l.list[:i:i], l.list[i+1:]...)
			}
		}
		return f
	}
	return nil
}

// All gives the faults that wait, oldest first, as they are now.
func (l *List) All() []Pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Pending, 0, len(l.list))
	for _, f := range l.list {
		list = append(list, *f)
	}
	return list
}

// Heal ends a fault, or all of them if id is 0.
func (l *List) Heal(id int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id == 0 {
		l.list = nil
		return nil
	}
	left := slices.DeleteFunc(slices.Clone(l.list), func(f *Pending) bool { return f.ID == id })
	if len(left) == len(l.list) {
		return errors.New("no fault has this id")
	}
	l.list = left
	return nil
}
