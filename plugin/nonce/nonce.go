// Package nonce makes the nonceStr of what is signed.
package nonce

import (
	"crypto/rand"
	"encoding/hex"
)

// New gives 32 hex digits that nobody can guess.
func New() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	var digits [32]byte
	hex.Encode(digits[:], raw[:])
	return string(digits[:])
}
