package verify

import (
	"encoding/json"
	"strconv"
	"strings"
)

// maxTogether is how many cards one wx.addCard should have: with more it tends to time out.
const maxTogether = 5

// What the client reads out of a cardExt, and of the entry around it.
var (
	extSpecs = []spec{
		{name: "code", signed: "code", others: []string{"cardcode"}, filled: true},
		{name: "openid", signed: "openid", others: []string{"useropenid"}, filled: true},
		{name: "timestamp", signed: "timestamp", others: []string{"time", "ts"}, number: true},
		{name: "nonce_str", signed: "nonce_str", others: []string{"nonce", "noncestring"}, filled: true},
		{name: "balance", signed: "balance", number: true, filled: true},
		{name: "fixed_begintimestamp", others: []string{"fixedbegintime"}, number: true, filled: true},
		{name: "outer_str", free: true, filled: true},
		{name: "outer_id", number: true, free: true},
		{name: "signature", others: []string{"sign", "cardsign", "sig"}},
	}
	entrySpecs = []spec{{name: "cardId"}}
)

// ext is one card to check.
type ext struct {
	fields
	cardID string
}

// addCard checks the argument of wx.addCard, or a part of it.
func (c *checker) addCard(v value) {
	if v.texted {
		c.report.found(CardListText)
	}
	if v.kind == CardExt {
		c.report.Items = make([]Item, 1)
		e := readExt(&c.report.Items[0], v.members)
		c.checkExts([]*ext{&e})
		return
	}
	if v.kind == Card {
		v.entries = []entry{{members: v.members}}
	}
	if v.count > maxTogether {
		add(&c.report.Findings, newFinding(TooManyCards, "", strconv.Itoa(v.count)))
	}
	c.report.Items = make([]Item, len(v.entries))
	exts := make([]*ext, len(v.entries))
	for i, en := range v.entries {
		it := &c.report.Items[i]
		it.Where = en.where
		exts[i] = readEntry(it, en.members)
	}
	c.checkExts(exts)
}

// readEntry reads one entry of a cardList; nil if there is nothing to check in it.
func readEntry(it *Item, members []member) *ext {
	var around, rest []member
	var raw json.RawMessage
	for _, m := range members {
		switch {
		case plainKey(m.key) == "cardext" && raw == nil:
			raw = m.raw
			if m.key != "cardExt" {
				it.about(KeyName, "cardExt", m.key)
			}
		case plainKey(m.key) == "cardid":
			around = append(around, m)
		default:
			rest = append(rest, m)
		}
	}
	id := readFields(it, around, entrySpecs)["cardId"].value
	if raw == nil {
		it.found(CardExtMissing)
		if len(rest) == 0 {
			return nil
		}
	} else {
		if rest = extMembers(it, raw); rest == nil {
			return nil
		}
	}
	e := readExt(it, rest)
	switch {
	case id != "":
		e.cardID = id
	case e.cardID == "":
		it.found(CardIDMissing)
	}
	return &e
}

// extMembers opens a cardExt as it stands in an entry; nil if it cannot be opened.
func extMembers(it *Item, raw json.RawMessage) []member {
	text, isText := stringOf(raw)
	if !isText {
		members, ok := objectOf(raw)
		if ok {
			it.found(CardExtObject)
		} else {
			it.found(CardExtNotJSON)
		}
		return members
	}
	if inner, twice := stringOf([]byte(text)); twice {
		it.found(CardExtTwice)
		text = inner
	}
	members, ok := objectOf([]byte(text))
	if !ok || !json.Valid([]byte(text)) {
		it.found(CardExtNotJSON)
		return nil
	}
	return members
}

// readExt reads a cardExt.
func readExt(it *Item, members []member) ext {
	var e ext
	kept := members[:0:0]
	for _, m := range members {
		if plainKey(m.key) == "cardid" {
			e.cardID, _ = stringOf(m.raw)
			it.about(CardIDInside, m.key, "")
			continue
		}
		kept = append(kept, m)
	}
	e.fields = readFields(it, kept, extSpecs)
	return e
}

// checkExts checks the cards that were read. exts[i] belongs to Items[i].
func (c *checker) checkExts(exts []*ext) {
	nonces := make(map[string]bool)
	codes := make(map[string]bool)
	for i, e := range exts {
		if e == nil {
			continue
		}
		it := &c.report.Items[i]
		if e.cardID == "" || c.report.Kind == CardExt && c.in.CardID != "" {
			e.cardID = c.in.CardID
		}
		it.CardID = e.cardID
		c.judgeTime(it, e.fields, "timestamp")
		nonce := e.fields["nonce_str"].value
		judgeNonce(it, "nonce_str", nonce)
		if nonce == "" {
			it.found(NonceMissing)
		} else if key := nonce + " " + e.fields["timestamp"].value; nonces[key] {
			it.about(NonceTwice, "nonce_str", "")
		} else {
			nonces[key] = true
		}
		if code := e.fields["code"].value; code != "" {
			if len(code) > 20 || !isAlphanumeric(code) {
				it.about(CodeMalformed, "code", "")
			}
			if codes[e.cardID+" "+code] {
				it.about(CodeTwice, "code", "")
			}
			codes[e.cardID+" "+code] = true
		}
		if openid := e.fields["openid"].value; openid != "" && !isOpenID(openid) {
			it.about(OpenIDMalformed, "openid", "")
		}
		if begin := e.fields["fixed_begintimestamp"].value; begin != "" && !isDigits(begin) {
			it.about(NotDigits, "fixed_begintimestamp", "")
		}
		c.search(it, c.extProblem(e, exts))
	}
}

// isOpenID tells whether a text looks like an openid: o and 27 characters of base64url.
func isOpenID(text string) bool {
	return len(text) == 28 && text[0] == 'o' && isAlphanumeric(strings.NewReplacer("-", "", "_", "").Replace(text))
}

// extProblem is what search has to find out about a card.
func (c *checker) extProblem(e *ext, all []*ext) *problem {
	p := &problem{
		sent:    e.fields["signature"].value,
		account: c.account(e.cardID),
		ticket:  apiTicket,
		must:    "card_id",
		signed: draft{values: []part{
			{name: apiTicket, camel: "apiTicket", secret: true},
			{name: "timestamp", camel: "timestamp", value: e.fields["timestamp"].value},
			{name: "card_id", camel: "cardId", value: e.cardID},
		}},
	}
	for _, name := range []string{"code", "openid", "nonce_str", "balance"} {
		camel := map[string]string{"nonce_str": "nonceStr"}[name]
		p.signed.values = append(p.signed.values, part{name: name, camel: camel, value: e.fields[name].value})
	}
	if e.cardID == "" && c.report.Kind == CardExt {
		p.lacks = append(p.lacks, CardIDNeeded)
	}
	p.slip(cardSlips(p.signed.values)...)
	for _, name := range []string{"outer_str", "fixed_begintimestamp", "outer_id"} {
		if value := e.fields[name].value; value != "" {
			p.slip(addValue(MustNotBeSigned, name, value))
		}
	}
	for _, a := range c.known.Accounts {
		for _, id := range append([]string{a.AppID}, a.MiniPrograms...) {
			if id != "" {
				p.slip(addValue(MustNotBeSigned, "app_id", id))
			}
		}
	}
	p.slip(nullSlips(p.signed.values, "code", "openid")...)
	for i, other := range all {
		if other == nil || other == e || i >= maxTogether {
			continue
		}
		p.slip(otherEntry(e, other)...)
	}
	return p
}

// otherEntry are mix-ups with another entry of the list.
func otherEntry(e, other *ext) []*slip {
	var list []*slip
	swap := func(name, mine, others string) {
		if others != mine && others != "" {
			list = append(list, setValue(EntriesMixed, name, others))
		}
	}
	swap("card_id", e.cardID, other.cardID)
	for _, name := range []string{"nonce_str", "timestamp", "code", "openid"} {
		swap(name, e.fields[name].value, other.fields[name].value)
	}
	whole := &slip{finding: newFinding(EntriesMixed, "signature", ""), groups: []string{"entry"}, apply: func(d *draft) {
		d.set("card_id", other.cardID)
		for _, name := range []string{"nonce_str", "timestamp", "code", "openid", "balance"} {
			d.set(name, other.fields[name].value)
		}
	}}
	return append(list, whole)
}
