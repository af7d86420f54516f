package caddymodule

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"go.uber.org/zap"
)

// callerKey is the `key` that an operator gives out to backends. The zero value: none is configured.
type callerKey struct {
	set bool
	sum [sha256.Size]byte
}

// newCallerKey reads a `key` option. Global placeholders such as {env.GATEWAY_KEY} are replaced; a key without any is
// warned of.
func newCallerKey(raw string, logger *zap.Logger) (callerKey, error) {
	if raw == "" {
		return callerKey{}, nil
	}
	key, err := expand(raw)
	if err != nil {
		return callerKey{}, fmt.Errorf("key: %w", err)
	}
	if !isDynamic(raw) {
		logger.Warn(literalSecretsMessage, zap.Strings("secrets", []string{"key"}))
	}
	return callerKey{set: true, sum: sha256.Sum256([]byte(key))}, nil
}

// matches tells in constant time whether a caller has the key. Where none is configured, nobody has.
func (k *callerKey) matches(text string) bool {
	sum := sha256.Sum256([]byte(text)) // of one length, so that the time does not tell the key's
	return subtle.ConstantTimeCompare(sum[:], k.sum[:]) == 1 && k.set
}
