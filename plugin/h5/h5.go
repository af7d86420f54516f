// Package h5 signs what H5 pages pass to wx.config and wx.chooseCard.
package h5

import (
	"context"
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/nonce"
)

// Pages signs for the H5 pages of one account.
type Pages struct {
	appID  string
	ticket func(context.Context, credential.Kind) (string, error)
	now    func() time.Time
}

// New makes Pages from the account's app id, what gives a ticket, and what tells the time by WeChat's clock.
func New(appID string, ticket func(context.Context, credential.Kind) (string, error), now func() time.Time) *Pages {
	return &Pages{appID, ticket, now}
}

// JSConfig appends what an H5 page passes to wx.config to dst: {"appId","timestamp","nonceStr","signature","jsApiList"},
// signed with the jsapi_ticket at the present second. url is the page's, signed as it is but for its fragment: whose pages
// may ask is for the caller to judge. apis are the names in jsApiList. It fails with *field.Invalid for a url whose signature
// would be good for another page, too.
func (p *Pages) JSConfig(ctx context.Context, dst []byte, url string, apis []string) ([]byte, error) {
	c := card.Config{URL: url, NonceStr: nonce.New(), Timestamp: p.now().Unix()}
	if c.SecondReading() {
		return dst, field.Invalidf("url holds &timestamp= and &url=: its signature would be good for another page, too")
	}
	ticket, err := p.ticket(ctx, credential.JSAPITicket)
	if err != nil {
		return dst, err
	}
	dst = append(dst, `{"appId":`...)
	dst = card.AppendString(dst, p.appID)
	dst = append(dst, `,"timestamp":`...)
	dst = strconv.AppendInt(dst, c.Timestamp, 10)
	dst = append(dst, `,"nonceStr":"`...)
	dst = append(dst, c.NonceStr...)
	dst = append(dst, `","signature":"`...)
	dst = append(dst, c.Signature(ticket)...)
	dst = append(dst, `","jsApiList":[`...)
	for i, name := range apis {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = card.AppendString(dst, name)
	}
	return append(dst, `]}`...), nil
}

// ChooseCard appends what an H5 page passes to wx.chooseCard to dst: {"shopId","cardType","cardId","timestamp","nonceStr",
// "signType","cardSign"}, signed with the api_ticket at the present second. filter says which of the user's cards are
// shown by its ShopID, CardType and CardID; AppID, Timestamp and NonceStr are set here.
//
// The signature of a CardID is good for adding that card too, with what else is signed as its code: so it must be one that the
// caller may hand out. What a client chooses must not be mistaken for another of the signed values, whose names are not
// signed: digits for ShopID, WeChat's words for CardType. It fails with *field.Invalid when the signature would be good for
// adding a card that is not CardID, whatever the nonce.
func (p *Pages) ChooseCard(ctx context.Context, dst []byte, filter card.Choose) ([]byte, error) {
	ticket, err := p.ticket(ctx, credential.APITicket)
	if err != nil {
		return dst, err
	}
	filter.AppID, filter.Timestamp = p.appID, p.now().Unix()
	var ok bool
	filter.NonceStr, ok = nonce.Separating(nil, func(drawn string) bool {
		filter.NonceStr = drawn
		return filter.SecondReading(ticket, card.WithBalance)
	})
	if !ok {
		return dst, field.Invalidf("with these values the signature would be good for another card, too")
	}
	dst = append(dst, `{"shopId":`...)
	dst = card.AppendString(dst, filter.ShopID)
	dst = append(dst, `,"cardType":`...)
	dst = card.AppendString(dst, filter.CardType)
	dst = append(dst, `,"cardId":`...)
	dst = card.AppendString(dst, filter.CardID)
	dst = append(dst, `,"timestamp":"`...)
	dst = strconv.AppendInt(dst, filter.Timestamp, 10)
	dst = append(dst, `","nonceStr":"`...)
	dst = append(dst, filter.NonceStr...)
	dst = append(dst, `","signType":"SHA1","cardSign":"`...)
	dst = append(dst, filter.Signature(ticket)...)
	return append(dst, `"}`...), nil
}
