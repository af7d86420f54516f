package card

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// What is signed for a card are bare values, sorted and joined: the text says neither where one ends nor what it is. Who may
// choose a value can so have a text signed that is another card's as well, with the borders elsewhere. The ticket is out of
// reach, and the timestamp is the present second: both stay where they are.

// What a phone reads beside these two.
const (
	cardIDLen   = 28 // a p and 27 letters, digits, _ and -
	Values      = 3  // code, openid and nonce_str
	WithBalance = 4  // the same with the balance that cards of the type LUCKY_MONEY had
	maxValueLen = 32 // characters: a nonce_str has no more, and nothing else has so many
)

// SecondReading tells whether what is signed can be read as another card's: whether it can be cut anew, all but the ticket and
// the timestamp, into a card_id as WeChat makes them that is not CardID, and at most so many values of at most 32 characters,
// so that all stand in byte order. Such a signature must not be handed out.
func (e *Ext) SecondReading(apiTicket string, values int) bool {
	own := e.CardID
	if len(own) == cardIDLen {
		own = own[1:] // where it begins, there is it itself
	}
	if !mayBegin(e.NonceStr) && !mayBegin(own) && !mayBegin(e.Code) && !mayBegin(e.OpenID) {
		return false
	}
	var digits [20]byte
	now := string(strconv.AppendInt(digits[:0], e.Timestamp, 10))
	signed := [...]string{now, e.Code, e.NonceStr, apiTicket, e.OpenID, e.CardID}
	return secondReading(signed[:], now, apiTicket, e.CardID, values)
}

// SecondReading is that of an Ext: whether what is signed for choosing among the user's cards can be read as what is signed
// for adding a card that is not CardID.
func (c *Choose) SecondReading(apiTicket string, values int) bool {
	var digits [20]byte
	now := string(strconv.AppendInt(digits[:0], c.Timestamp, 10))
	signed := [...]string{now, c.CardType, apiTicket, c.ShopID, c.NonceStr, c.CardID, c.AppID}
	return secondReading(signed[:], now, apiTicket, c.CardID, values)
}

// mayBegin tells whether a card_id of WeChat's may begin in a value.
func mayBegin(value string) bool { return strings.IndexByte(value, 'p') >= 0 }

// gap is a part of a signed text that can be cut anew, and what stands before and behind it. Nothing before it is "", which
// sorts before everything; nothing behind it is nil.
type gap struct{ text, before, behind []byte }

// secondReading looks for a reading of values, which it sorts, as another card than cardID. now and ticket are among them.
func secondReading(signed []string, now, ticket, cardID string, values int) bool {
	sortValues(signed)
	var buf [512]byte
	text := buf[:0]
	var gaps [3]gap
	n, from := 0, 0
	for _, v := range signed {
		at := len(text)
		text = append(text, v...)
		if v == "" || v != now && v != ticket || n == len(gaps)-1 {
			continue
		}
		gaps[n].text, gaps[n].behind = text[from:at], text[at:]
		n++
		gaps[n].before = text[at:]
		from = len(text)
	}
	gaps[n].text = text[from:]
	for i := range gaps {
		if gaps[i].hides(cardID, values, gaps[:i], gaps[i+1:]) {
			return true
		}
	}
	return false
}

// hides tells whether a gap can be cut into a card_id that is not this one and values, so that with the other gaps there are so
// many values at most.
func (g gap) hides(cardID string, values int, others ...[]gap) bool {
	left := -1 // values for this gap; unknown as long as there is no card_id
	for i := 0; i+cardIDLen <= len(g.text); i++ {
		next := bytes.IndexByte(g.text[i:len(g.text)-cardIDLen+1], 'p')
		if next < 0 {
			return false
		}
		i += next
		id := g.text[i : i+cardIDLen]
		if !g.parts(i) || string(id) == cardID || !field.All(string(id), field.IsWord) {
			continue
		}
		if left < 0 {
			left = values
			for _, list := range others {
				for _, other := range list {
					left -= other.fewest(left)
				}
			}
		}
		if left < 0 {
			return false
		}
		behind := gap{g.text[i+cardIDLen:], id, g.behind}.fewest(left) // first: there is little that sorts behind a card_id
		if behind <= left && behind+(gap{g.text[:i], g.before, id}).fewest(left-behind) <= left {
			return true
		}
	}
	return false
}

// parts tells whether a card_id at i can stand in order with what is around it, however that is cut: a value sorts no later than a
// text that begins with it. Most letters p end here, and this costs a signature next to nothing.
func (g gap) parts(i int) bool {
	id, rest := g.text[i:i+cardIDLen], g.text[i+cardIDLen:]
	return inOrder(g.before, id) && inOrder(id, g.behind) &&
		(i == 0 || inOrder(g.before, g.text[:i])) && (len(rest) == 0 || inOrder(id, rest))
}

// fewest gives into how many values at least a gap can be cut; more than limit if that is too few.
func (g gap) fewest(limit int) int {
	for n := (utf8.RuneCount(g.text) + maxValueLen - 1) / maxValueLen; n <= limit; n++ {
		if g.isCutInto(n) {
			return n
		}
	}
	return limit + 1
}

// isCutInto tells whether a gap can be cut into n values in byte order.
func (g gap) isCutInto(n int) bool {
	switch {
	case n == 0:
		return len(g.text) == 0 && inOrder(g.before, g.behind)
	case n == 1:
		return len(g.text) > 0 && isShort(g.text) && inOrder(g.before, g.text) && inOrder(g.text, g.behind)
	case utf8.RuneCount(g.text) > n*maxValueLen:
		return false
	}
	for i := 1; i < len(g.text) && isShort(g.text[:i]); i++ {
		value, rest := g.text[:i], g.text[i:]
		if utf8.RuneStart(rest[0]) && inOrder(g.before, value) && inOrder(value, rest) && (gap{rest, value, g.behind}).isCutInto(n-1) {
			return true
		}
	}
	return false
}

// isShort tells whether a text may be one value.
func isShort(text []byte) bool {
	return len(text) <= maxValueLen || utf8.RuneCount(text) <= maxValueLen
}

// inOrder tells whether b may stand behind a. b is nil where nothing does.
func inOrder(a, b []byte) bool { return b == nil || bytes.Compare(a, b) <= 0 }
