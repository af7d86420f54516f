package outbox

import (
	"cmp"
	"container/heap"
	"context"
	"math/rand/v2"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
)

// queue is a heap: the next letter is the first.
type queue []*letter

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return compare(q[i], q[j]) < 0 }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(l any)        { *q = append(*q, l.(*letter)) }

func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	(*q)[len(*q)-1] = nil
	*q = (*q)[:len(*q)-1]
	return last
}

func compare(a, b *letter) int {
	return cmp.Or(a.next.Compare(b.next), a.message.Time.Compare(b.message.Time), cmp.Compare(a.message.ID, b.message.ID))
}

// enqueue has a letter wait for its turn. o.mu is held.
func (o *Outbox) enqueue(l *letter) {
	heap.Push(&o.waiting, l)
	o.settle()
}

func (o *Outbox) wake() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settle()
}

// settle begins the tries whose turn it is, as many as may be at once, and sets the timer for the next. o.mu is held.
func (o *Outbox) settle() {
	for o.timer != nil && len(o.waiting) > 0 {
		if o.working >= maxAtOnce {
			return // whichever ends first calls again
		}
		l := o.waiting[0]
		if wait := time.Until(l.next); wait > 0 && !l.over {
			o.timer.Reset(wait)
			return
		}
		heap.Pop(&o.waiting)
		if l.over {
			continue
		}
		o.working++
		go func() {
			o.try(l)
			o.mu.Lock()
			defer o.mu.Unlock()
			o.working--
			if o.working == 0 && o.idle != nil {
				close(o.idle)
				o.idle = nil
			}
			o.settle()
		}()
	}
}

// look finds what other processes, or configurations before this one, have left, if it is so old, and has it sent from here, too.
func (o *Outbox) look(age time.Duration) {
	list, err := o.cfg.Shelf.Waiting(context.Background())
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer == nil {
		return
	}
	o.scan.Stop()
	o.scan = time.AfterFunc(scanEvery+rand.N(scanEvery/4), func() { o.look(orphaned) }) //nolint:gosec // jitter
	if err != nil {
		return // the store's guard warns
	}
	for _, waiting := range list {
		if len(o.known) >= maxKnown {
			break
		}
		if o.known[waiting.ID] != nil || time.Since(waiting.Since) < age {
			continue
		}
		l := &letter{message: kept.Message{ID: waiting.ID, Time: waiting.Since}, kept: true, next: time.Now()}
		o.known[waiting.ID] = l
		heap.Push(&o.waiting, l)
	}
	o.settle()
}
