// Package secret makes texts that nobody can guess, and texts that only this sandbox can read.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"strings"
)

// Text is n random bytes in base64url.
func Text(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// Seal makes what only this sandbox can read. It does not survive a restart. It is safe for concurrent use.
type Seal struct{ aead cipher.AEAD }

// NewSeal makes a Seal with a key of its own.
func NewSeal() *Seal {
	var key [32]byte
	_, _ = rand.Read(key[:])          // never fails
	block, _ := aes.NewCipher(key[:]) // the key has a good length
	aead, _ := cipher.NewGCM(block)   // and so has the block
	return &Seal{aead}
}

// What texts are sealed for: none is good for another purpose.
const (
	forCode     = "code"
	forCard     = "card"
	forActivate = "activate"
)

// EncryptCode is a code as clients get it: base64, with `+`, `/` and `=` in every one. Every call gives another text.
// Codes have at most 20 characters.
func (s *Seal) EncryptCode(appID, code string) string { return s.encrypt(forCode, appID, code, 21) }

// DecryptCode opens what EncryptCode made for the same account.
func (s *Seal) DecryptCode(appID, text string) (code string, good bool) {
	return s.decrypt(forCode, appID, text)
}

// EncryptCardID is the encrypt_card_id of a card, another one each time.
func (s *Seal) EncryptCardID(id string) string { return s.encrypt(forCard, "", id, 66) }

// DecryptCardID opens what EncryptCardID made.
func (s *Seal) DecryptCardID(text string) (id string, good bool) {
	return s.decrypt(forCard, "", text)
}

// ActivateTicket is a new activate_ticket of an account.
func (s *Seal) ActivateTicket(appID string) string {
	return s.encrypt(forActivate, appID, Text(30), 42)
}

// encrypt seals text, which has less than size bytes, for one purpose and app. It wants a size with size%3 == 0, so that
// nonce, text and tag leave one byte over and the base64 ends in "==".
func (s *Seal) encrypt(purpose, appID, text string, size int) string {
	plain := make([]byte, size)
	copy(plain, text)
	for {
		nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+size+s.aead.Overhead())
		_, _ = rand.Read(nonce) // never fails
		b := base64.StdEncoding.EncodeToString(s.aead.Seal(nonce, nonce, plain, []byte(purpose+" "+appID)))
		if strings.Contains(b, "+") && strings.Contains(b, "/") {
			return b
		}
	}
}

// decrypt opens what encrypt sealed for the same purpose and app.
func (s *Seal) decrypt(purpose, appID, text string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") || len(b) < s.aead.NonceSize() {
		return "", false
	}
	n := s.aead.NonceSize()
	plain, err := s.aead.Open(nil, b[:n], b[n:], []byte(purpose+" "+appID))
	if err != nil {
		return "", false
	}
	return strings.TrimRight(string(plain), "\x00"), true
}
