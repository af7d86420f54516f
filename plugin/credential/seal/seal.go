// Package seal keeps credentials secret where they lie: sealed under a key that is derived from the app secret, and named
// by hashes.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

// ErrForeign says that something does not open.
var ErrForeign = errors.New("sealed with another secret or damaged")

// Sealer seals credentials for the store with AES-256-GCM under a key derived from the app secret. What is sealed is
// bound to a label: under another one it does not open.
type Sealer struct {
	key         []byte // nil without a secret: then nothing is shared
	Fingerprint string // tells one secret from another, without being one
}

// New makes the Sealer of an app secret. Without one it has no Fingerprint, and must not seal or open.
func New(secret string) (*Sealer, error) {
	if secret == "" {
		return new(Sealer), nil
	}
	s, err := For(secret, "credentials at rest")
	if err != nil {
		return nil, err
	}
	mark, err := hkdf.Key(sha256.New, []byte(secret), nil, "caddy-wechat-card: configuration", 8)
	if err != nil {
		return nil, fmt.Errorf("deriving the fingerprint for the store: %w", err)
	}
	s.Fingerprint = hex.EncodeToString(mark)
	return s, nil
}

// For makes a Sealer, without a Fingerprint, under a key that is derived from any secret for one purpose.
func For(secret, purpose string) (*Sealer, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "caddy-wechat-card: "+purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving the key for the store: %w", err)
	}
	return &Sealer{key: key}, nil
}

// aead is made when it is needed, every hour or so: it takes two kilobytes, and there may be ten thousand accounts.
func (s *Sealer) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Seal seals a text under a label.
func (s *Sealer) Seal(text, label string) string {
	aead, err := s.aead()
	if err != nil {
		panic(err) // the key has the right length
	}
	return base64.StdEncoding.EncodeToString(aead.Seal(nil, nil, []byte(text), []byte(label)))
}

// Open opens what was sealed under the same label and secret; of anything else it says ErrForeign.
func (s *Sealer) Open(sealed, label string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return "", ErrForeign
	}
	aead, err := s.aead()
	if err != nil {
		return "", ErrForeign
	}
	text, err := aead.Open(nil, nil, raw, []byte(label))
	if err != nil || len(text) == 0 {
		return "", ErrForeign
	}
	return string(text), nil
}

// Hash names a thing without showing it: 32 hex digits.
func Hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
