package verify

import (
	"slices"
	"strconv"
	"strings"
)

// Bounds of a search.
const (
	maxHashes    = 4_000   // of one item
	maxHashesAll = 8_000   // of a report
	maxBytes     = 8 << 20 // of a report, in all texts
	maxPermuted  = 6       // values of which all orders are tried
)

// budget is what a Check has spent.
type budget struct{ hashes, bytes int }

// problem is a signature to explain.
type problem struct {
	sent    string
	account *Account // whose ticket must have signed; nil: anybody's may
	ticket  string   // the name of the ticket that signs
	appID   bool     // the official account's app id is signed too
	must    string   // the value that may not be empty
	signed  draft    // what should be signed, but for the ticket and the app id
	slips   []*slip  // the mistakes that these values allow
	lacks   []ID     // what is missing for the right signature
}

func (p *problem) slip(list ...*slip) { p.slips = append(p.slips, list...) }

// signer is a ticket that may have signed.
type signer struct {
	account *Account
	ticket  string
	id      ID // what is wrong with it; "": nothing
}

// signers lists the tickets that may have signed: those of the account that must, the right one first, and others.
func (c *checker) signers(p *problem) (own, others []signer) {
	var late []signer
	for i := range c.known.Accounts {
		a := &c.known.Accounts[i]
		right, wrong, kind := a.APITickets, a.JSAPITickets, JSAPITicket
		if p.ticket == jsapiTicket {
			right, wrong, kind = wrong, right, APITicket
		}
		mine := !a.MiniProgram && (p.account == nil || p.account.Name == a.Name)
		for j, t := range right {
			s := signer{a, t.Text, ""}
			switch {
			case t.Text == "":
				continue
			case a.MiniProgram:
				s.id = TicketOfMiniProgram
				others = append(others, s)
				continue
			case !mine:
				s.id = TicketOfOther
				late = append(late, s)
				continue
			case t.ended(c.known.Now):
				s.id = TicketExpired
			case j > 0:
				s.id = TicketPrevious
			}
			own = append(own, s)
		}
		for _, t := range wrong {
			s := signer{a, t.Text, kind}
			switch {
			case t.Text == "":
			case mine:
				others = slices.Insert(others, 0, s)
			case a.MiniProgram:
				s.id = TicketOfMiniProgram
				others = append(others, s)
			default:
				late = append(late, s)
			}
		}
	}
	slices.SortStableFunc(own, func(a, b signer) int { return rank(a.id) - rank(b.id) })
	return own, append(others, late...)
}

// rank orders the tickets of the right account: the good one first.
func rank(id ID) int { return slices.Index([]ID{"", TicketPrevious, TicketExpired}, id) }

// by makes the draft of a signer.
func (p *problem) by(s signer) draft {
	d := p.signed
	d.values = slices.Clone(d.values)
	d.set(p.ticket, s.ticket)
	if p.appID {
		d.set("app_id", s.account.AppID)
	}
	return d
}

// search finds out how a signature was made.
func (c *checker) search(it *Item, p *problem) {
	it.Signature = p.sent
	own, others := c.signers(p)
	var base signer
	ready := len(own) > 0 && own[0].id != TicketExpired
	switch {
	case len(own) > 0:
		base = own[0]
	case p.account != nil:
		base.account = p.account
	default:
		base.account = new(Account)
	}
	it.Account = base.account.Name
	right := p.by(base)
	if !ready {
		right.set(p.ticket, "")
		p.lacks = append(p.lacks, TicketNeeded)
	}
	if p.appID && base.account.AppID == "" {
		p.lacks = append(p.lacks, AppIDNeeded)
	}
	p.show(it, &right)

	x := hunt{checker: c, it: it, problem: p, base: right, aim: newTarget(p.sent), seen: make(map[string]bool), ready: ready}
	if p.sent == "" {
		it.found(SignatureMissing)
		c.lack(it, p)
		return
	}
	for _, s := range own {
		d := p.by(s)
		if !x.hits(&d) {
			continue
		}
		it.Account = s.account.Name
		p.show(it, &d)
		if s.id != "" {
			it.about(s.id, "", s.account.Name)
		}
		x.explain(&d)
		if d.get(p.must) == "" {
			it.about(NotSigned, p.must, "")
			it.TextSent = d.text(true)
		}
		return
	}
	x.slips = c.slipsFor(p, &right, slices.Concat(own, others))
	if x.run() {
		return
	}
	switch {
	case slices.Contains(sampleSignatures, strings.ToLower(p.sent)):
		it.found(SampleSignature)
	case x.aim.malformed:
		it.found(SignatureMalformed)
	case len(p.lacks) == 0 && right.get(p.must) != "":
		it.about(SignatureUnknown, "", strconv.Itoa(x.tried))
	}
	c.lack(it, p)
}

// sampleSignatures stand in WeChat's documentation and fit nothing there.
var sampleSignatures = []string{"4f76593a4245644fae4e1bc940f6422a0c3ec03e", "6b81fbf6af16e856334153b39737556063c82689"}

// show puts the right signature into the item, if it can be known.
func (p *problem) show(it *Item, d *draft) {
	if len(p.lacks) > 0 || d.get(p.must) == "" {
		return
	}
	it.Right = sign(d.text(false))
	it.Text = d.text(true)
	it.Values = it.Values[:0]
	for _, v := range d.arranged(true) {
		if v.value != "" {
			it.Values = append(it.Values, Signed{v.name, v.value})
		}
	}
}

// lack tells what the check would need.
func (c *checker) lack(it *Item, p *problem) {
	for _, id := range p.lacks {
		field := ""
		if id == TicketNeeded {
			field = p.ticket
		}
		it.about(id, field, it.Account)
	}
}

// hunt tries mistakes until one gives the signature that was sent.
type hunt struct {
	*checker
	it      *Item
	problem *problem
	aim     target
	base    draft
	ready   bool // base holds a ticket
	slips   []*slip
	seen    map[string]bool
	tried   int
}

// run tries single mistakes first, then other orders of the values, then two mistakes at once.
func (x *hunt) run() bool {
	var as []*slip // as in the item before
	for _, s := range x.slips {
		if x.used[s.key()] && !slices.ContainsFunc(as, s.excludes) {
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
	for i, a := range x.slips {
		for _, b := range x.slips[:i] {
			if x.exhausted() {
				return false
			}
			if !a.excludes(b) && x.try(b, a) {
				return true
			}
		}
	}
	return false
}

func (x *hunt) exhausted() bool {
	return x.tried >= maxHashes || x.spent.hashes >= maxHashesAll || x.spent.bytes >= maxBytes
}

// try makes mistakes together.
func (x *hunt) try(slips ...*slip) bool {
	if !x.ready && !slices.ContainsFunc(slips, func(s *slip) bool { return slices.Contains(s.groups, "ticket") }) {
		return false
	}
	d := x.base
	d.values = slices.Clone(d.values)
	for _, s := range slips {
		s.apply(&d)
	}
	if !x.hits(&d) {
		return false
	}
	for _, s := range slips {
		add(&x.it.Findings, s.finding)
	}
	x.explain(&d, slips...)
	return true
}

// hits tells whether a draft gives the signature that was sent.
func (x *hunt) hits(d *draft) bool {
	if x.exhausted() {
		return false
	}
	text := d.text(false)
	x.spent.bytes += len(text) // it was put together, if not hashed
	if x.seen[text] {
		return false
	}
	x.seen[text] = true
	x.tried++
	x.report.Tried++
	x.spent.hashes++
	return x.aim.is(text)
}

// explain notes how the signature was made.
func (x *hunt) explain(d *draft, slips ...*slip) {
	for _, id := range x.aim.forms() {
		x.it.found(id)
	}
	if len(slips) > 0 {
		x.it.TextSent = d.text(true)
	}
	x.used = make(map[string]bool)
	for _, s := range slips {
		x.used[s.key()] = true
	}
}

// permute tries the values in every order.
func (x *hunt) permute() bool {
	var list []part
	for _, v := range x.base.values {
		if v.value != "" {
			list = append(list, v)
		}
	}
	if !x.ready || len(list) > maxPermuted {
		return false
	}
	id := NotSorted
	if x.problem.ticket == jsapiTicket {
		id = ConfigOrder
	}
	var from func(n int) bool
	from = func(n int) bool {
		if n == len(list) {
			return x.try(unsorted(id, list))
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
