package wake

import (
	"cmp"
	"container/heap"
)

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
