// Package verify says why a phone refuses what a mini program or a page passed to it: the argument of wx.addCard, one card
// of it, a cardExt, or the objects of wx.chooseCard and wx.config.
//
// It finds the signature that the phone wants and, where another was sent, what the signer did instead, by doing the same:
// the mistakes that developers make are tried one by one and in pairs until one gives the signature that was sent. Nothing
// here does I/O. Where to read on: read.go recognises what was sent, fields.go reads its fields, cardext.go,
// choosecard.go and jsconfig.go know the three signatures, slips.go and order.go the mistakes, search.go tries them, mistakes.go
// names them all, texts.go says them to people in English and Chinese.
package verify

import (
	"encoding/json"
	"time"
)

// MaxInput is how many bytes of a value are looked at: what is longer is not recognised.
const MaxInput = 64 << 10

// Input is what a client sent, and what cannot be seen from it.
type Input struct {
	// Value is what was sent: a JSON object, list or string. Strings that hold JSON, and objects that hold it in one of
	// their members, as the answers of many backends do, are looked into.
	Value json.RawMessage `json:"value"`
	// Account is the name of the official account whose card it is. "": any that is known may have signed.
	Account string `json:"account,omitempty"`
	// CardID is the card's, for a cardExt by itself.
	CardID string `json:"card_id,omitempty"`
	// URL is the page's, for wx.config, unless the value holds it as url.
	URL string `json:"url,omitempty"`
	// Signed are values that the signer had, by the names of WeChat's documentation (nonce_str, code, timestamp …). They are
	// tried where they were not sent: what was signed but not sent cannot be guessed.
	Signed map[string]string `json:"signed,omitempty"`
}

// Known is what signatures are compared with.
type Known struct {
	// Now is the present, by WeChat's clock. The zero time: timestamps are not judged.
	Now time.Time
	// Accounts are all whose tickets or app ids may have been used, rightly or not.
	Accounts []Account
	// Owner gives the name of the account that a card belongs to, "" if that is not known. Nil: nothing is known. It counts
	// where Input names no account.
	Owner func(cardID string) string
}

// Account is an official account (公众号), or a mini program by itself.
type Account struct {
	Name  string
	AppID string // "": not known
	// MiniProgram says that it is a mini program (小程序), whose tickets and app id sign nothing rightly.
	MiniProgram  bool
	MiniPrograms []string // app ids of mini programs that belong to it

	APITickets   []Ticket // of type wx_card, the current one first
	JSAPITickets []Ticket // of type jsapi, the current one first
}

// Ticket is an api_ticket or a jsapi_ticket.
type Ticket struct {
	Text string
	Ends time.Time // zero: not known, so it counts as good
}

func (t Ticket) ended(now time.Time) bool {
	return !t.Ends.IsZero() && !now.IsZero() && !now.Before(t.Ends)
}

// Check looks at what a client sent. It makes some thousand hashes at the most, whatever it is given, which takes tens of
// milliseconds. The report holds no ticket of known.
func Check(in Input, known Known) Report {
	c := &checker{in: in, known: known}
	c.run()
	c.report.settle()
	newMask(known).report(&c.report)
	return c.report
}

// checker is one Check under way.
type checker struct {
	in     Input
	known  Known
	report Report
	spent  budget
	used   map[string]bool // keys of the slips that explained an item: the next one was likely made alike
}

func (c *checker) run() {
	v, ok := recognise(c.in.Value)
	c.report.Kind = v.kind
	if !ok {
		c.report.found(v.fault)
		return
	}
	switch v.kind {
	case ChooseCard:
		c.chooseCard(v.members)
	case JSConfig:
		c.jsConfig(v.members)
	case AddCard, Card, CardExt, Unknown: // never unknown here
		c.addCard(v)
	}
}

// account gives the account that must have signed; nil: any may have.
func (c *checker) account(cardID string) *Account {
	name := c.in.Account
	if name == "" && c.known.Owner != nil && cardID != "" {
		name = c.known.Owner(cardID)
	}
	if name == "" {
		return nil
	}
	for i := range c.known.Accounts {
		if c.known.Accounts[i].Name == name {
			return &c.known.Accounts[i]
		}
	}
	return &Account{Name: name}
}
