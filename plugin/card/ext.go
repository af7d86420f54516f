// Package card computes what a WeChat client needs for a card: the signatures
// of wx.addCard, wx.chooseCard and wx.config, and the extraData that opens the
// member-card component. Everything here is a pure function: no I/O, no clock,
// no randomness.
package card

import (
	"crypto/sha1"
	"encoding/hex"
	"strconv"
)

// Ext is one card of wx.addCard: the card's id and the contents of its cardExt.
// The same value is signed and written, so that the two cannot differ. Nothing
// is checked here: an Ext is signed as it is. An empty string means that the
// field is absent, both from the signature and from the JSON.
type Ext struct {
	// CardID is signed but not part of cardExt: it stands beside it as cardId.
	CardID string

	// Code is only for custom-code cards whose codes are not deposited at
	// WeChat; sent for any other card it makes the client refuse.
	Code string

	// OpenID is only for cards with bind_openid.
	OpenID string

	// Timestamp is in seconds since the Unix epoch, always signed and written.
	Timestamp int64

	// NumericTimestamp writes the timestamp as a JSON number. The signed text
	// is the same.
	NumericTimestamp bool

	// NonceStr is at most 32 letters and digits, never the same for two cards.
	NonceStr string

	// FixedBeginTimestamp is digits; for cards whose validity is counted in
	// days. Not signed.
	FixedBeginTimestamp string

	// OuterStr names the channel and comes back in events. Not signed.
	OuterStr string
}

// Signature is the cardExt signature: 40 lower-case hex digits. apiTicket is
// the ticket of type wx_card of the official account that created the card.
func (e *Ext) Signature(apiTicket string) string {
	var buf [2 * sha1.Size]byte
	return string(e.appendSignature(buf[:0], apiTicket))
}

// AppendJSON appends the cardExt object to dst, signature included.
func (e *Ext) AppendJSON(dst []byte, apiTicket string) []byte {
	return e.appendObject(dst, apiTicket, `"`)
}

// AppendJSONString appends the cardExt object as a JSON string literal, which
// is the form that wx.addCard wants: an object there is a signature error on iOS.
func (e *Ext) AppendJSONString(dst []byte, apiTicket string) []byte {
	dst = append(dst, '"')
	dst = e.appendObject(dst, apiTicket, `\"`)
	return append(dst, '"')
}

// appendObject appends the cardExt object. quote is the quotation mark to use:
// an escaped one when the object stands inside a JSON string.
func (e *Ext) appendObject(dst []byte, apiTicket, quote string) []byte {
	dst = append(dst, '{')
	dst = appendField(dst, quote, "code", e.Code)
	dst = appendField(dst, quote, "openid", e.OpenID)

	mark := quote
	if e.NumericTimestamp {
		mark = ""
	}
	dst = appendKey(dst, quote, "timestamp")
	dst = append(dst, mark...)
	dst = strconv.AppendInt(dst, e.Timestamp, 10)
	dst = append(dst, mark...)
	dst = append(dst, ',')

	dst = appendField(dst, quote, "nonce_str", e.NonceStr)
	dst = appendField(dst, quote, "fixed_begintimestamp", e.FixedBeginTimestamp)
	dst = appendField(dst, quote, "outer_str", e.OuterStr)

	dst = appendKey(dst, quote, "signature")
	dst = append(dst, quote...)
	dst = e.appendSignature(dst, apiTicket)
	dst = append(dst, quote...)
	return append(dst, '}')
}

// appendSignature appends the hex digits of the signature. The rule (JS-SDK
// documentation, appendix 4): the bare values, sorted bytewise, concatenated.
func (e *Ext) appendSignature(dst []byte, apiTicket string) []byte {
	var digits [20]byte
	// The order is the one in which these values usually come out.
	values := [...]string{
		string(strconv.AppendInt(digits[:0], e.Timestamp, 10)),
		e.Code,
		e.NonceStr,
		apiTicket,
		e.OpenID,
		e.CardID,
	}
	return appendSortedSum(dst, values[:])
}

// appendSortedSum sorts values bytewise, concatenates them and appends the
// SHA-1 of that as hex. An empty value adds nothing. values is overwritten.
func appendSortedSum(dst []byte, values []string) []byte {
	sortValues(values)
	var buf [512]byte // a ticket is 86 bytes, all the others together below 200
	text := buf[:0]
	for _, v := range values {
		text = append(text, v...)
	}
	sum := sha1.Sum(text)
	return hex.AppendEncode(dst, sum[:])
}

func sortValues(values []string) {
	// By hand: slices.Sort lets values escape to the heap.
	for i := 1; i < len(values); i++ {
		for j := i; j > 0 && values[j] < values[j-1]; j-- {
			values[j], values[j-1] = values[j-1], values[j]
		}
	}
}

// appendField appends `"name":"value",`, or nothing for an empty value.
func appendField(dst []byte, quote, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = appendKey(dst, quote, name)
	dst = append(dst, quote...)
	start := len(dst)
	dst = appendEscaped(dst, value)
	if quote != `"` {
		dst = escapeAgain(dst, start)
	}
	dst = append(dst, quote...)
	return append(dst, ',')
}

// appendKey appends `"name":`.
func appendKey(dst []byte, quote, name string) []byte {
	dst = append(dst, quote...)
	dst = append(dst, name...)
	dst = append(dst, quote...)
	return append(dst, ':')
}
