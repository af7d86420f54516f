// Command go is a backend in Go behind the gateway: it says which card a user may have, and is told what becomes of it.
package main

import (
	"encoding/json"
	"encoding/xml"
	"log"
	"net/http"
	"os"
	"time"
)

// A real shop looks its sessions up. The openids are those of the official account, or of the mini program where the card is for one.
var sessions = map[string]string{"alice": "oAliceInThisMiniProgram00000"}

// A card is what wx.addCard takes, but for the signature: the gateway makes one string of Ext, and signs it.
type card struct {
	ID  string            `json:"cardId"`
	Ext map[string]string `json:"cardExt"`
}

func main() {
	address := os.Getenv("BACKEND")
	if address == "" {
		address = "127.0.0.1:3000"
	}
	server := &http.Server{Addr: address, Handler: routes(), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/coupon", coupon)
	mux.HandleFunc("POST /wechat/push", message)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("the shop, as ever\n")) })
	return mux
}

func coupon(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("session")
	if err != nil || sessions[cookie.Value] == "" {
		http.Error(w, "log in first", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string][]card{"cardList": {{
		ID:  "pSandboxCoupon00000000000001",
		Ext: map[string]string{"openid": sessions[cookie.Value], "outer_str": "shop-7"},
	}}})
}

// message takes WeChat's messages: verified, decrypted, each once. A 2xx answer accepts them; what is not accepted comes again.
func message(_ http.ResponseWriter, r *http.Request) {
	var event struct {
		CardID   string `xml:"CardId"`
		Code     string `xml:"UserCardCode"`
		OuterStr string `xml:"OuterStr"`
	}
	if r.Header.Get("X-Wechat-Event") != "user_get_card" {
		return
	}
	if err := xml.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(&event); err != nil {
		log.Print("a message that is no XML: ", err)
		return
	}
	log.Printf("somebody has %s from %s", event.CardID, event.OuterStr) // and Code, which is no matter for a log
}
