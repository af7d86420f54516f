package card

import (
	"crypto/sha1"
	"strconv"
)

// Choose is what wx.chooseCard (and, with CardType INVOICE, wx.chooseInvoice)
// signs. Empty filters are absent from the signature.
type Choose struct {
	// AppID is the official account's. It is always signed: without it the
	// client shows an empty list.
	AppID     string
	ShopID    string // location_id
	Timestamp int64  // seconds since the Unix epoch
	NonceStr  string
	CardID    string
	CardType  string // GROUPON, CASH, MEMBER_CARD, …
}

// Signature is cardSign: 40 lower-case hex digits. The rule is cardExt's (JS-SDK
// documentation, appendix 4). A wrong one gives an empty list, not an error.
func (c *Choose) Signature(apiTicket string) string {
	var digits [20]byte
	values := [...]string{
		string(strconv.AppendInt(digits[:0], c.Timestamp, 10)),
		c.CardType,
		apiTicket,
		c.ShopID,
		c.NonceStr,
		c.CardID,
		c.AppID,
	}
	var buf [2 * sha1.Size]byte
	return string(appendSortedSum(buf[:0], values[:]))
}
