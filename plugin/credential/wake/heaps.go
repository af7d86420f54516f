package wake

import (
	"cmp"
	"container/heap"
)

// naps are those that sleep, as a heap: first whoever wakes up first.
type naps []*Sleeper

func (n *naps) add(l *Sleeper)    { heap.Push(n, l) }
func (n *naps) remove(l *Sleeper) { heap.Remove(n, l.index) }

// Len implements heap.Interface.
func (n naps) Len() int { return len(n) }

// Less implements heap.Interface.
func (n naps) Less(i, j int) bool { return n[i].at.Before(n[j].at) }

// Swap implements heap.Interface.
func (n naps) Swap(i, j int) {
	n[i], n[j] = n[j], n[i]
	n[i].index, n[j].index = i, j
}

// Push implements heap.Interface.
func (n *naps) Push(x any) {
	l := x.(*Sleeper)
	l.index = len(*n)
	*n = append(*n, l)
}

// Pop implements heap.Interface.
func (n *naps) Pop() any {
	last := len(*n) - 1
	l := (*n)[last]
	(*n)[last] = nil
	*n = (*n)[:last]
	return l
}

// ready are those whose time has come, as a heap: first whatever must be done soonest.
type ready []*Sleeper

func (r *ready) add(l *Sleeper)    { heap.Push(r, l) }
func (r *ready) remove(l *Sleeper) { heap.Remove(r, l.index) }

// Len implements heap.Interface.
func (r ready) Len() int { return len(r) }

// Less implements heap.Interface.
func (r ready) Less(i, j int) bool {
	return cmp.Or(r[i].by.Compare(r[j].by), cmp.Compare(r[i].seq, r[j].seq)) < 0
}

// Swap implements heap.Interface.
func (r ready) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].index, r[j].index = i, j
}

// Push implements heap.Interface.
func (r *ready) Push(x any) {
	l := x.(*Sleeper)
	l.index = len(*r)
	*r = append(*r, l)
}

// Pop implements heap.Interface.
func (r *ready) Pop() any {
	last := len(*r) - 1
	l := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	return l
}
