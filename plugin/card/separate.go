package card

import (
	"strconv"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// AppendNoncePrefix appends what NonceStr is to begin with. Where openid, or else code, would stand beside card_id in the text
// that is signed, that is something which sorts between the two: a nonce keeps them apart then, whatever its other letters are.
// Elsewhere, and where no letters and digits sort so, it is nothing.
func (e *Ext) AppendNoncePrefix(dst []byte, apiTicket string) []byte {
	if e.OpenID == "" && e.Code == "" {
		return dst
	}
	var digits [20]byte
	now := string(strconv.AppendInt(digits[:0], e.Timestamp, 10))
	for _, value := range [...]string{e.OpenID, e.Code} {
		low, high := min(value, e.CardID), max(value, e.CardID)
		beside := value != ""
		for _, other := range [...]string{now, apiTicket, e.OpenID, e.Code} {
			beside = beside && (other <= low || high <= other)
		}
		if beside {
			return appendBetween(dst, low, high)
		}
	}
	return dst
}

// appendBetween appends what sorts behind low, and before high whatever follows it: the letters that both begin with, that of
// low by which they differ, and one z more than low has right behind it. An openid, a code or a card_id has no later letter.
func appendBetween(dst []byte, low, high string) []byte {
	n := 0
	for n < len(low) && low[n] == high[n] {
		n++
	}
	if n++; n > len(low) || !field.All(low[:n], field.IsAlnum) {
		return dst // high goes on where low ends; or this can be no nonce
	}
	dst = append(dst, low[:n]...)
	for _, c := range []byte(low[n:]) {
		if c != 'z' {
			break
		}
		dst = append(dst, c)
	}
	return append(dst, 'z')
}
