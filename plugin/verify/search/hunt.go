package search

import (
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/signature"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/slip"
)

// hunt tries mistakes until one gives the signature that was sent.
type hunt struct {
	*Search
	it      *report.Item
	problem *Problem
	aim     signature.Target
	base    draft.Draft
	ready   bool // base holds a ticket
	slips   []*slip.Slip
	seen    map[string]bool
	tried   int
}

// run tries single mistakes first, then other orders of the values, then two mistakes at once.
func (x *hunt) run() bool {
	var as []*slip.Slip // as in the item before
	for _, s := range x.slips {
		if x.used[s.Key()] && !slices.ContainsFunc(as, s.Excludes) {
			as = append(as, s)
		}
	}
	if len(as) > 0 && x.try(as...) {
		return true
	}
	for _, s := range x.slips {
		if x.try(s) {
			return true
		}
	}
	if x.permute() {
		return true
	}
	// of the likely ones first
	pairs := slices.DeleteFunc(slices.Clone(x.slips), (*slip.Slip).IsAlone)
	for i, a := range pairs {
		for _, b := range pairs[:i] {
			if x.exhausted() {
				return false
			}
			if !a.Excludes(b) && x.try(b, a) {
				return true
			}
		}
	}
	return false
}

func (x *hunt) exhausted() bool {
	return x.tried >= maxOfItem || x.spent.hashes >= MaxHashes || x.spent.bytes >= maxBytes
}

// try makes mistakes together.
func (x *hunt) try(slips ...*slip.Slip) bool {
	if !x.ready && !slices.ContainsFunc(slips, (*slip.Slip).OtherTicket) {
		return false
	}
	d := x.base
	d.Values = slices.Clone(d.Values)
	for _, s := range slips {
		s.Apply(&d)
	}
	if !x.hits(&d) {
		return false
	}
	for _, s := range slips {
		report.Add(&x.it.Findings, s.Finding())
	}
	x.note(&d, slips...)
	return true
}

// hits tells whether a draft gives the signature that was sent.
func (x *hunt) hits(d *draft.Draft) bool {
	if x.exhausted() {
		return false
	}
	text := d.Text(false)
	x.spent.bytes += len(text) // it was put together, if not hashed
	if d.Hash == nil {
		if x.seen[text] {
			return false
		}
		x.seen[text] = true
	}
	x.tried++
	x.spent.hashes++
	return x.aim.Is(text, d.Hash)
}

// note notes how the signature was made.
func (x *hunt) note(d *draft.Draft, slips ...*slip.Slip) {
	for _, id := range x.aim.Forms() {
		x.it.Found(id)
	}
	if len(slips) > 0 {
		x.it.TextSent = d.Text(true)
	}
	x.used = make(map[string]bool)
	for _, s := range slips {
		x.used[s.Key()] = true
	}
}

// permute tries the values in every order.
func (x *hunt) permute() bool {
	var list []draft.Part
	for _, v := range x.base.Values {
		if v.Value != "" {
			list = append(list, v)
		}
	}
	if !x.ready || len(list) > maxPermuted {
		return false
	}
	id := report.NotSorted
	if x.problem.Ticket == draft.JSAPITicket {
		id = report.ConfigOrder
	}
	var from func(n int) bool
	from = func(n int) bool {
		if n == len(list) {
			return x.try(slip.Unsorted(id, list))
		}
		for i := n; i < len(list); i++ {
			list[n], list[i] = list[i], list[n]
			if from(n + 1) {
				return true
			}
			list[n], list[i] = list[i], list[n]
		}
		return false
	}
	return from(0)
}
