package stock

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
)

// shop is an account whose cards are all the same, but that each call finds one fewer.
type shop struct {
	mu    sync.Mutex
	calls int64
	data  string // "": base_info with a sku
}

func (*shop) AppID() string { return "wx0000000000000001" }

func (s *shop) Card(context.Context, string) (json.RawMessage, cards.Card, error) {
	time.Sleep(100 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	data := s.data
	if data == "" {
		data = fmt.Sprintf(`{"sku":{"quantity":%d,"total_quantity":100}}`, 100-s.calls)
	}
	card, err := cards.Parse([]byte(`{"card_type":"GIFT","gift":{"base_info":` + data + `}}`))
	return nil, card, err
}

func TestLevelsAreUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := newLevels(time.Minute), new(shop)
		for _, tc := range []struct {
			after time.Duration
			want  int64
		}{{0, 99}, {59 * time.Second, 99}, {time.Second, 98}, {time.Minute, 97}} {
			time.Sleep(tc.after)
			if got, err := l.of(t.Context(), s, "p1"); err != nil || got.quantity != tc.want || got.total != 100 {
				t.Errorf("after %v: got %+v, %v", tc.after, got, err)
			}
		}
		if got, err := l.of(t.Context(), s, "p2"); err != nil || got.quantity != 96 {
			t.Errorf("another card: got %+v, %v", got, err)
		}
	})
}

func TestOneCallForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := newLevels(0), new(shop)
		leaving, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := l.of(leaving, s, "p1"); !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
		})
		synctest.Wait()
		leave()
		for range 10 {
			all.Go(func() {
				if got, err := l.of(t.Context(), s, "p1"); err != nil || got.quantity != 99 {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		}
		all.Wait()
		if got, err := l.of(t.Context(), s, "p1"); err != nil || got.quantity != 98 {
			t.Errorf("without a cache, later: got %+v, %v", got, err)
		}
	})
}

func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := newLevels(time.Hour), new(shop)
		for i := range maxLevels + 100 {
			time.Sleep(time.Second)
			if _, err := l.of(t.Context(), s, fmt.Sprint("p", i)); err != nil {
				t.Fatal(err)
			}
		}
		if n := l.known.Len(); n != maxLevels {
			t.Errorf("%d cards are in memory", n)
		}
		l.bucket.Set("card_get", 1)
		_, err := l.of(t.Context(), s, "pOne")
		_, busy := l.of(t.Context(), s, "pTwo")
		if _, isBusy := errors.AsType[*limit.Busy](busy); err != nil || !isBusy {
			t.Errorf("got %v, then %v", err, busy)
		}
	})
}

func TestNoLevel(t *testing.T) {
	for _, data := range []string{`{}`, `{"sku":null}`, `{"sku":{"quantity":"7","total_quantity":7}}`, `{"sku":{"quantity":7}}`, `{"sku":{"quantity":1.5,"total_quantity":7}}`} {
		l := newLevels(time.Minute)
		_, err := l.of(t.Context(), &shop{data: data}, "p1")
		p := problem.Of(err, time.Now())
		if p == nil || p.Status != http.StatusBadGateway || p.Reason != reasonUnknown || p.Detail != "WeChat does not say how many are left of card p1" {
			t.Errorf("%s: got %v", data, err)
		}
		if l.known.Len() != 0 {
			t.Errorf("%s is remembered", data)
		}
	}
	message := language.Message{Format: "WeChat does not say how many are left of card %s", Args: []any{"p1"}}
	if got := message.In(language.Chinese); got != "微信未返回卡券 p1 的库存" {
		t.Errorf("got %q", got)
	}
}
