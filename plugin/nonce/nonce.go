// Package nonce makes the nonceStr of what is signed: 32 letters and digits, with at least 128 random bits.
package nonce

import (
	"crypto/rand"
)

// Len is how long a nonce is. It is as long as WeChat allows.
const Len = 32

// letters are what WeChat allows in a nonce.
const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// New gives a nonce that nobody can guess: 190 random bits.
func New() string {
	var n [Len]byte
	draw(n[:])
	return string(n[:])
}

// maxPrefix is how much of a nonce may be known before, so that 128 random bits are left: 22 letters have 130.9.
const maxPrefix = 10

// Separating draws nonces that begin with prefix until there is one for which misread is false. ok is false when there is none
// with at least 128 random bits: when prefix is longer than 10 letters, or when too many were drawn, for each doubling of
// their number costs a bit.
func Separating(prefix []byte, misread func(nonce string) bool) (nonce string, ok bool) {
	if len(prefix) > maxPrefix {
		return "", false
	}
	tries := 100 // of 23 letters and more, which have 136.9 bits, 477 could be drawn
	if len(prefix) == maxPrefix {
		tries = 7
	}
	var n [Len]byte
	copy(n[:], prefix)
	for range tries {
		draw(n[len(prefix):])
		if nonce = string(n[:]); !misread(nonce) {
			return nonce, true
		}
	}
	return "", false
}

// draw fills dst with random letters, each as likely as any other.
func draw(dst []byte) {
	var raw [Len + 8]byte // of 64 numbers two are no letter: more than 8 of them come once in a hundred thousand times
	for len(dst) > 0 {
		_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
		for _, b := range raw {
			if i := int(b & 63); i < len(letters) && len(dst) > 0 {
				dst[0], dst = letters[i], dst[1:]
			}
		}
	}
}
