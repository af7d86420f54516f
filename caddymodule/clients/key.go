package clients

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"go.uber.org/zap"
)

// Key is the `key` that an operator gives out to backends. The zero value: none is configured.
type Key struct {
	Set bool
	sum [sha256.Size]byte
}

// NewKey reads a `key` option. Global placeholders such as {env.GATEWAY_KEY} are replaced; a key without any is
// warned of.
func NewKey(raw string, logger *zap.Logger) (Key, error) {
	if raw == "" {
		return Key{}, nil
	}
	key, err := words.Expand(raw)
	if err != nil {
		return Key{}, fmt.Errorf("key: %w", err)
	}
	if !words.IsDynamic(raw) {
		logger.Warn(words.LiteralSecrets, zap.Strings("secrets", []string{"key"}))
	}
	return Key{Set: true, sum: sha256.Sum256([]byte(key))}, nil
}

// KeyOf is the key of an account that is data; an empty text: none, which nobody has.
func KeyOf(text string) Key {
	if text == "" {
		return Key{}
	}
	return Key{Set: true, sum: sha256.Sum256([]byte(text))}
}

// Matches tells in constant time whether a caller has the key. Where none is configured, nobody has.
func (k *Key) Matches(text string) bool {
	sum := sha256.Sum256([]byte(text)) // of one length, so that the time does not tell the key's
	return subtle.ConstantTimeCompare(sum[:], k.sum[:]) == 1 && k.Set
}
