package credential

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

var errForeign = errors.New("sealed with another secret or damaged")

// sealer seals credentials for the store with AES-256-GCM under a key derived from the app secret. What is sealed is
// bound to a label: under another one it does not open.
type sealer struct {
	aead        cipher.AEAD // nil without a secret: then nothing is shared
	fingerprint string      // tells one secret from another, without being one
}

func newSealer(secret string) (*sealer, error) {
	if secret == "" {
		return new(sealer), nil
	}
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "caddy-wechat-card: credentials at rest", 32)
	if err != nil {
		return nil, fmt.Errorf("deriving the key for the store: %w", err)
	}
	mark, err := hkdf.Key(sha256.New, []byte(secret), nil, "caddy-wechat-card: configuration", 8)
	if err != nil {
		return nil, fmt.Errorf("deriving the fingerprint for the store: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("deriving the key for the store: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("deriving the key for the store: %w", err)
	}
	return &sealer{aead: aead, fingerprint: hex.EncodeToString(mark)}, nil
}

func (s *sealer) seal(text, label string) string {
	return base64.StdEncoding.EncodeToString(s.aead.Seal(nil, nil, []byte(text), []byte(label)))
}

func (s *sealer) open(sealed, label string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return "", errForeign
	}
	text, err := s.aead.Open(nil, nil, raw, []byte(label))
	if err != nil || len(text) == 0 {
		return "", errForeign
	}
	return string(text), nil
}

// hash names a thing without showing it: 32 hex digits.
func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// random is a random number in [0, 1).
func random() float64 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return float64(uint32(b[0])|uint32(b[1])<<8|uint32(b[2])<<16|uint32(b[3])<<24) / (1 << 32)
}
