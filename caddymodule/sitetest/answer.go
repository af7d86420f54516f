package sitetest

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// HexSHA1 gives the SHA-1 of s as signatures are written.
func HexSHA1(s string) string {
	sum := sha1.Sum([]byte(s)) //nolint:gosec // WeChat's choice
	return hex.EncodeToString(sum[:])
}

// Card is a card of an add_card answer.
type Card struct {
	ID  string         `json:"cardId"`
	Raw string         `json:"cardExt"`
	Ext map[string]any `json:"-"`
}

// Cards decodes an add_card answer.
func (s *Site) Cards(w *httptest.ResponseRecorder) []Card {
	s.T.Helper()
	if w.Code != http.StatusOK {
		s.T.Fatalf("got status %d: %s", w.Code, w.Body)
	}
	var answer struct {
		CardList []Card `json:"cardList"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		s.T.Fatal(err)
	}
	for i, c := range answer.CardList {
		if err := json.Unmarshal([]byte(c.Raw), &answer.CardList[i].Ext); err != nil {
			s.T.Fatal(err)
		}
	}
	return answer.CardList
}

// Phone passes a body to the sandbox's phone, and returns what it says.
func (s *Site) Phone(path, body string) string {
	s.T.Helper()
	r := httptest.NewRequest(http.MethodPost, "/_sandbox/phone/"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	s.WeChat.ServeHTTP(w, r)
	return w.Body.String()
}

// Credential gives what the default account holds.
func (s *Site) Credential(kind credential.Kind) string {
	s.T.Helper()
	text, err := s.App.Account(app.DefaultAccount).Credential(s.T.Context(), kind)
	if err != nil {
		s.T.Fatal(err)
	}
	return text
}
