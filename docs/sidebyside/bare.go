//go:build ignore

// A server that does nothing but sign: what add_card would cost without Caddy around it.
// Usage: bare <listen address> <base URL of WeChat's API>
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

func main() {
	client := wechat.New(wechat.Config{BaseURLs: []string{os.Args[2]}})
	token, err := client.StableToken(context.Background(), "wx5a6d8b2c4e1f3a70", "secret", false)
	if err != nil {
		log.Fatal(err)
	}
	ticket, err := client.Ticket(context.Background(), token.Value, wechat.CardTicket)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("GET /addCard", func(w http.ResponseWriter, r *http.Request) {
		var raw [16]byte
		_, _ = rand.Read(raw[:])
		ext := card.Ext{
			CardID:    r.URL.Query().Get("card_id"),
			Timestamp: time.Now().Unix(),
			NonceStr:  hex.EncodeToString(raw[:]),
		}
		body := append(make([]byte, 0, 256), `{"cardList":[{"cardId":`...)
		body = card.AppendString(body, ext.CardID)
		body = append(body, `,"cardExt":`...)
		body = ext.AppendJSONString(body, ticket.Value)
		body = append(body, `}]}`...)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}
