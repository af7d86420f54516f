// Package signer signs cards for wx.addCard: with the api_ticket, at the present second by WeChat's clock.
package signer

import (
	"context"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/nonce"
)

// Signer signs the cards of one account.
type Signer struct {
	ticket func(context.Context, credential.Kind) (string, error)
	now    func() time.Time
}

// New makes a Signer from what gives a ticket, and what tells the time by WeChat's clock.
func New(ticket func(context.Context, credential.Kind) (string, error), now func() time.Time) *Signer {
	return &Signer{ticket, now}
}

// AddCard appends the parameters of wx.addCard, {"cardList":[…]}, to dst: each card signed with the api_ticket, at the
// present second, and with a nonce of its own unless nonce is false. It sets Timestamp and NonceStr of the cards. It fails with
// *field.Invalid when a card's values are such that the signature would be good for another card, too.
func (s *Signer) AddCard(ctx context.Context, dst []byte, cards []card.Ext, nonce bool) ([]byte, error) {
	signer, err := s.CardSigner(ctx)
	if err != nil {
		return dst, err
	}
	dst = append(dst, `{"cardList":[`...)
	for i := range cards {
		c := &cards[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"cardId":`...)
		dst = card.AppendString(dst, c.CardID)
		dst = append(dst, `,"cardExt":`...)
		if dst, err = signer.AppendCardExt(dst, c, nonce); err != nil {
			return dst, err
		}
		dst = append(dst, '}')
	}
	return append(dst, `]}`...), nil
}

// CardSigner gives what signs cards at present.
func (s *Signer) CardSigner(ctx context.Context) (CardSigner, error) {
	ticket, err := s.ticket(ctx, credential.APITicket)
	return CardSigner{ticket, s.now().Unix()}, err
}

// CardSigner signs the cards of one answer: with one api_ticket, at one second. Keep it no longer than the request at hand.
type CardSigner struct {
	ticket string
	now    int64 // seconds since 1970, by WeChat's clock
}

// AppendCardExt appends the cardExt of a card to dst, as a JSON string; with a nonce of its own unless withNonce is false. It
// sets Timestamp and NonceStr of the card. It fails with *field.Invalid when the card's values are such that the signature
// would be good for another card, too, and no nonce changes that.
func (s CardSigner) AppendCardExt(dst []byte, c *card.Ext, withNonce bool) ([]byte, error) {
	c.Timestamp, c.NonceStr = s.now, ""
	if withNonce && !s.setNonce(c) || !withNonce && c.SecondReading(s.ticket, card.Values) {
		return dst, field.Invalidf("with these values the signature of card %s would be good for another card, too", c.CardID)
	}
	return c.AppendJSONString(dst, s.ticket), nil
}

// setNonce draws a nonce with which the card cannot be taken for another one, if there is any: by phones that know a balance
// if possible, but by none that does not.
func (s CardSigner) setNonce(c *card.Ext) (ok bool) {
	var buf [nonce.Len]byte
	prefix := c.AppendNoncePrefix(buf[:0], s.ticket)
	for _, values := range [...]int{card.WithBalance, card.Values} {
		c.NonceStr, ok = nonce.Separating(prefix, func(drawn string) bool {
			c.NonceStr = drawn
			return c.SecondReading(s.ticket, values)
		})
		if ok {
			break
		}
	}
	return ok
}
