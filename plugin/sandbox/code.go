package sandbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// The states of a user's card.
const (
	userCardNormal      = "NORMAL"
	userCardConsumed    = "CONSUMED"
	userCardUnavailable = "UNAVAILABLE"
	userCardDeleted     = "DELETE"
)

// maxCode is the longest code that WeChat takes.
const maxCode = 20

// codeKey names a user's card. WeChat's own codes are unique in an account, a merchant's only with the card's id.
type codeKey struct{ app, card, code string }

// userCard is a card that a user has.
type userCard struct {
	code   string
	card   *card
	user   string
	begin  time.Time
	status string

	active     bool
	membership string
	bonus      int
	balance    int
	form       []formValue
}

func (c *card) key(code string) codeKey {
	if c.BaseInfo.UseCustomCode {
		return codeKey{c.app, c.id, code}
	}
	return codeKey{c.app, "", code}
}

// userCard finds a user's card by its code; cardID may be empty for WeChat's own codes.
func (s *Sandbox) userCard(a *app, cardID, code string) (*userCard, error) {
	if code == "" {
		return nil, errNoCode
	}
	if held, found := s.codes.Get(codeKey{a.id, cardID, code}); found && cardID != "" {
		return held, nil
	}
	held, found := s.codes.Get(codeKey{a.id, "", code})
	if !found || cardID != "" && held.card.id != cardID {
		return nil, errBadSerial
	}
	return held, nil
}

// newCode makes a plain code of WeChat's: 12 digits.
func (s *Sandbox) newCode(c *card) string {
	for {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails
		code := fmt.Sprintf("%012d", binary.BigEndian.Uint64(b[:])%1_000_000_000_000)
		if !s.codes.Contains(c.key(code)) {
			return code
		}
	}
}

// newSeal makes the key of what only this sandbox can read. It does not survive a restart.
func newSeal() cipher.AEAD {
	var key [32]byte
	_, _ = rand.Read(key[:])          // never fails
	block, _ := aes.NewCipher(key[:]) // the key has a good length
	seal, _ := cipher.NewGCM(block)   // and so has the block
	return seal
}

// EncryptCode is a code as clients get it: base64, with `+`, `/` and `=` in every one, for /card/code/decrypt with an
// access_token of the same account. Every call gives another text. Codes have at most 20 characters.
func (s *Sandbox) EncryptCode(appID, code string) string {
	return s.encrypt("code", appID, code, maxCode+1)
}

// encrypt seals text, which has less than size bytes, for one purpose and app. It wants a size with size%3 == 0, so that
// nonce, text and tag leave one byte over and the base64 ends in "==".
func (s *Sandbox) encrypt(purpose, appID, text string, size int) string {
	plain := make([]byte, size)
	copy(plain, text)
	for {
		nonce := make([]byte, s.seal.NonceSize(), s.seal.NonceSize()+size+s.seal.Overhead())
		_, _ = rand.Read(nonce) // never fails
		b := base64.StdEncoding.EncodeToString(s.seal.Seal(nonce, nonce, plain, []byte(purpose+" "+appID)))
		if strings.Contains(b, "+") && strings.Contains(b, "/") {
			return b
		}
	}
}

// decrypt opens what encrypt sealed for the same purpose and app.
func (s *Sandbox) decrypt(purpose, appID, text string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") || len(b) < s.seal.NonceSize() {
		return "", false
	}
	n := s.seal.NonceSize()
	plain, err := s.seal.Open(nil, b[:n], b[n:], []byte(purpose+" "+appID))
	if err != nil {
		return "", false
	}
	return strings.TrimRight(string(plain), "\x00"), true
}
