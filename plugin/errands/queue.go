package errands

import (
	"cmp"
	"container/heap"
	"context"
	"math/rand/v2"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
)

// queue is a heap: the next errand is the first.
type queue []*errand

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return compare(q[i], q[j]) < 0 }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(it any)       { *q = append(*q, it.(*errand)) }

func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	(*q)[len(*q)-1] = nil
	*q = (*q)[:len(*q)-1]
	return last
}

func compare(a, b *errand) int {
	return cmp.Or(a.next.Compare(b.next), a.message.Time.Compare(b.message.Time), cmp.Compare(a.message.ID, b.message.ID))
}

// add makes an errand known, whose turn is now. e.mu is held.
func (e *Errands) add(it *errand) {
	if it.next.IsZero() {
		it.next = time.Now()
	}
	e.known[it.message.ID] = it
	heap.Push(&e.waiting, it)
}

// enqueue has a known errand wait. e.mu is held.
func (e *Errands) enqueue(it *errand) {
	heap.Push(&e.waiting, it)
	e.settle()
}

func (e *Errands) wake() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.settle()
}

// settle begins the tries whose turn it is, as many as may be at once, and sets the timer for the next. e.mu is held.
func (e *Errands) settle() {
	for e.timer != nil && len(e.waiting) > 0 {
		it := e.waiting[0]
		if it.over {
			heap.Pop(&e.waiting)
			continue
		}
		if e.atOnce >= maxAtOnce {
			return // whichever ends first calls again
		}
		if wait := time.Until(it.next); wait > 0 {
			e.timer.Reset(wait)
			return
		}
		heap.Pop(&e.waiting)
		e.atOnce++
		e.work(func() {
			e.try(it)
			e.mu.Lock()
			defer e.mu.Unlock()
			e.atOnce--
			e.settle()
		})
	}
}

// look finds what other processes, or configurations before this one, have left, if it is so old, and has it done here, too.
func (e *Errands) look(age time.Duration) {
	list, err := e.cfg.Shelf.Waiting(context.Background())
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.timer == nil {
		return
	}
	e.scan.Stop()
	e.scan = time.AfterFunc(scanEvery+rand.N(scanEvery/4), func() { e.look(orphaned) })
	if err != nil {
		return // the store's guard warns
	}
	for _, waiting := range list {
		if len(e.known) >= maxKnown {
			break
		}
		if e.known[waiting.ID] != nil || time.Since(waiting.Since) < age {
			continue
		}
		e.add(&errand{message: kept.Message{ID: waiting.ID, Time: waiting.Since}, kept: true, done: make(chan struct{})})
	}
	e.settle()
}
