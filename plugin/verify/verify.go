// Package verify says why a phone refuses what a mini program or a page passed to it: the argument of wx.addCard, one card
// of it, a cardExt, or the objects of wx.chooseCard and wx.config.
//
// It finds the signature that the phone wants and, where another was sent, what the signer did instead, by doing the same:
// the mistakes that developers make are tried one by one and in pairs until one gives the signature that was sent. Nothing
// here does I/O.
//
// The three checks are here: addcard.go with cardext.go, choosecard.go, jsconfig.go. Each stands on packages that know nothing
// of it: sent reads what was sent, draft puts a text together as it is signed, slip makes the mistakes, search tries them,
// signature compares, report names what was found and says it to people in English and Chinese, mask keeps tickets out of it.
package verify

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/mask"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/search"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/sent"
)

// Check looks at what a client sent. It makes some thousand hashes at the most, whatever it is given, which takes tens of
// milliseconds. The report holds no ticket of known.
func Check(in Input, known Known) Report {
	c := &checker{in: in, known: known}
	c.search = search.New(&c.known, in.Signed)
	c.run()
	c.report.Tried = c.search.Tried()
	c.report.Settle()
	mask.Report(&c.known, &c.report)
	return c.report
}

func (c *checker) run() {
	v, ok := sent.Recognise(c.in.Value)
	c.report.Kind = v.Kind
	if !ok {
		c.report.Found(v.Fault)
		return
	}
	switch v.Kind {
	case report.ChooseCard:
		c.chooseCard(v.Members)
	case report.JSConfig:
		c.jsConfig(v.Members)
	case report.AddCard, report.Card, report.CardExt, report.Unknown: // never unknown here
		c.addCard(v)
	}
}
