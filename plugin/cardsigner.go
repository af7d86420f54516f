package plugin

import (
	"context"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/nonce"
)

// CardSigner signs the cards of one answer: with one api_ticket, at one second. Keep it no longer than the request at hand.
type CardSigner struct {
	ticket string
	now    int64 // seconds since 1970, by WeChat's clock
}

// CardSigner gives what signs cards at present.
func (a *Account) CardSigner(ctx context.Context) (CardSigner, error) {
	ticket, err := a.Credential(ctx, credential.APITicket)
	return CardSigner{ticket, a.clock.Now().Unix()}, err
}

// AppendCardExt appends the cardExt of a card to dst, as a JSON string; with a nonce of its own unless withNonce is false. It
// sets Timestamp and NonceStr of the card.
func (s CardSigner) AppendCardExt(dst []byte, c *card.Ext, withNonce bool) []byte {
	c.Timestamp, c.NonceStr = s.now, ""
	if withNonce {
		c.NonceStr = nonce.New()
	}
	return c.AppendJSONString(dst, s.ticket)
}
