package wake

import "container/heap"

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
