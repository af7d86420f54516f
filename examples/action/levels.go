package stock

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// The bounds of what requests can cause.
const (
	maxLevels = 1024 // in memory
	perMinute = 60   // calls of /card/get
)

// reasonUnknown is the reason of a problem that no action of the gateway has.
const reasonUnknown = "stock_unknown"

// level is what is left of a card.
type level struct {
	quantity, total int64
	at              time.Time // when WeChat said so
}

// key is a card of an account: the account of a route may depend on the request.
type key struct{ appID, cardID string }

// levels asks WeChat what is left, and remembers it for a while. It belongs to one configuration: a reload starts afresh.
type levels struct {
	maxAge time.Duration // 0: nothing is used again
	known  *lru.Cache[key, level]
	calls  singleflight.Group
	bucket limit.Bucket
}

func newLevels(maxAge time.Duration) *levels {
	known, _ := lru.New[key, level](maxLevels) // fails only for a size below 1
	l := &levels{maxAge: maxAge, known: known}
	l.bucket.Set("card_get", perMinute)
	return l
}

// account is what this needs of a *plugin.Account.
type account interface {
	AppID() string
	Card(ctx context.Context, cardID string) (json.RawMessage, cards.Card, error)
}

// of gives what is left of a card. Requests for the same card at the same time share one call. Past the limit on calls it fails
// with *limit.Busy.
func (l *levels) of(ctx context.Context, account account, cardID string) (level, error) {
	k := key{account.AppID(), cardID}
	if known, ok := l.known.Get(k); ok && time.Since(known.at) < l.maxAge {
		return known, nil
	}
	return shared.Do(ctx, &l.calls, k.appID+" "+k.cardID, func(ctx context.Context) (level, error) {
		var card cards.Card
		err := l.bucket.Do(ctx, func() (err error) {
			_, card, err = account.Card(ctx, cardID)
			return err
		})
		if err != nil {
			return level{}, err
		}
		left, ok := levelOf(card)
		if !ok {
			return level{}, problem.Newf(http.StatusBadGateway, reasonUnknown, "WeChat does not say how many are left of card %s", cardID)
		}
		l.known.Add(k, left)
		return left, nil
	})
}

// levelOf finds base_info.sku in a card's data.
func levelOf(card cards.Card) (l level, ok bool) {
	base, _ := card.Body["base_info"].(map[string]any)
	sku, _ := base["sku"].(map[string]any)
	quantity, isNumber := sku["quantity"].(json.Number)
	total, isNumberToo := sku["total_quantity"].(json.Number)
	if !isNumber || !isNumberToo {
		return l, false
	}
	var err, totalErr error
	l.quantity, err = quantity.Int64()
	l.total, totalErr = total.Int64()
	l.at = time.Now()
	return l, err == nil && totalErr == nil
}
