package verify

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/sent"
)

// What the client reads out of a cardExt, and of the entry around it.
var (
	extSpecs = []sent.Spec{
		{Name: "code", Others: []string{"cardcode"}, Filled: true},
		{Name: "openid", Others: []string{"useropenid"}, Filled: true},
		{Name: "timestamp", Others: []string{"time", "ts"}, Number: true},
		{Name: "nonce_str", Others: []string{"nonce", "noncestring"}, Filled: true},
		{Name: "balance", Number: true, Filled: true},
		{Name: "fixed_begintimestamp", Others: []string{"fixedbegintime"}, Number: true, Filled: true},
		{Name: "outer_str", Free: true, Filled: true},
		{Name: "outer_id", Number: true, Free: true},
		{Name: "signature", Others: []string{"sign", "cardsign", "sig"}},
	}
	entrySpecs = []sent.Spec{{Name: "cardId"}}
)

// addCard checks the argument of wx.addCard, or a part of it.
func (c *checker) addCard(v sent.Value) {
	if v.Texted {
		c.report.Found(report.CardListText)
	}
	if v.Kind == report.CardExt {
		c.report.Items = make([]report.Item, 1)
		if v.Encoded != "" {
			c.report.Items[0].Found(v.Encoded)
		}
		e := readExt(&c.report.Items[0], v.Members, c.in.CardID != "")
		c.checkExts([]*ext{&e})
		return
	}
	if v.Kind == report.Card {
		v.Entries = []sent.Entry{{Members: v.Members}}
	}
	if v.Count > maxTogether {
		report.Add(&c.report.Findings, report.New(report.TooManyCards, "", strconv.Itoa(v.Count)))
	}
	c.report.Items = make([]report.Item, len(v.Entries))
	exts := make([]*ext, len(v.Entries))
	for i, en := range v.Entries {
		it := &c.report.Items[i]
		it.Where = en.Where
		exts[i] = readEntry(it, en.Members)
	}
	c.checkExts(exts)
}

// readEntry reads one entry of a cardList; nil if there is nothing to check in it.
func readEntry(it *report.Item, members []sent.Member) *ext {
	var around, rest []sent.Member
	var raw json.RawMessage
	for _, m := range members {
		switch {
		case sent.PlainKey(m.Key) == "cardext" && raw == nil:
			raw = m.Raw
			if m.Key != "cardExt" {
				it.About(report.KeyName, "cardExt", m.Key)
			}
			if m.First != nil {
				it.About(report.FieldTwice, m.Key, "")
			}
		case sent.PlainKey(m.Key) == "cardid":
			around = append(around, m)
		default:
			rest = append(rest, m)
		}
	}
	ids, otherIDs := sent.Read(it, around, entrySpecs)
	id := ids["cardId"]
	if raw == nil {
		it.Found(report.CardExtMissing)
		if len(rest) == 0 {
			return nil
		}
	} else {
		if rest = extMembers(it, raw); rest == nil {
			return nil
		}
	}
	e := readExt(it, rest, id != "")
	maps.Copy(e.others, otherIDs)
	switch {
	case id != "":
		e.cardID = id
	case e.cardID == "":
		it.Found(report.CardIDMissing)
	}
	return &e
}

// extMembers opens a cardExt as it stands in an entry; nil if it cannot be opened.
func extMembers(it *report.Item, raw json.RawMessage) []sent.Member {
	text, isText := sent.StringOf(raw)
	if !isText {
		members, ok := sent.ObjectOf(raw)
		if ok {
			it.Found(report.CardExtObject)
		} else {
			it.Found(report.CardExtNotJSON)
		}
		return members
	}
	for _, quoted := range []string{text, `"` + text + `"`} { // the second: quotes inside are escaped
		if inner, twice := sent.StringOf([]byte(quoted)); twice && strings.Contains(inner, `"`) {
			it.Found(report.CardExtTwice)
			text = inner
			break
		}
	}
	members, ok := sent.ObjectOf([]byte(text))
	if !ok {
		if decoded, how := sent.Decode(text); how != "" {
			it.Found(how)
			members, ok = sent.ObjectOf([]byte(decoded))
		}
	}
	if !ok {
		it.Found(report.CardExtNotJSON)
		return nil
	}
	return members
}

// readExt reads a cardExt. beside tells whether the card's id stands beside it, as it should.
func readExt(it *report.Item, members []sent.Member, beside bool) ext {
	var e ext
	kept := members[:0:0]
	for _, m := range members {
		if sent.PlainKey(m.Key) == "cardid" {
			e.cardID, _ = sent.StringOf(m.Raw)
			if beside {
				it.About(report.UnknownField, m.Key, "")
			} else {
				it.About(report.CardIDInside, m.Key, "")
			}
			continue
		}
		kept = append(kept, m)
	}
	e.fields, e.others = sent.Read(it, kept, extSpecs)
	return e
}
