package signer

import (
	"bytes"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
)

type world struct {
	*accounttest.World
	*Signer
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := accounttest.New(t, nil)
	return world{w, New(w.Credential, w.Clock.Now)}
}

func TestNonceOffIsInNeitherPlace(t *testing.T) {
	w := newWorld(t)
	body, err := w.AddCard(t.Context(), nil, []card.Ext{{CardID: accounttest.CardID, NonceStr: "left over", NumericTimestamp: true}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(body, []byte("nonce")) {
		t.Errorf("%s holds a nonce", body)
	}
	if answer := w.Phone(t, "addCard", body); answer["errMsg"] != "addCard:ok" {
		t.Errorf("the phone refuses %s: %v", body, answer)
	}
}

func TestEveryCardHasItsOwnNonce(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	for range 200 {
		cards := []card.Ext{{CardID: accounttest.CardID}, {CardID: accounttest.CardID}, {CardID: accounttest.CardID}}
		if _, err := w.AddCard(t.Context(), nil, cards, true); err != nil {
			t.Fatal(err)
		}
		for _, c := range cards {
			if len(c.NonceStr) != 32 || seen[c.NonceStr] {
				t.Fatalf("nonce %q", c.NonceStr)
			}
			seen[c.NonceStr] = true
		}
	}
}
