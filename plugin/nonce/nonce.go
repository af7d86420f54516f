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

// How many are drawn. 22 random letters have 130.99 bits, and each doubling of the number of those that may be taken costs one:
// what is drawn twice with a prefix of up to 10 letters leaves more than 128.
const (
	maxPrefix = 10
	allDraws  = 200 // without a prefix
	draws     = 20  // with each one that is shorter
	lastDraws = 3   // with the longest
)

// Separating draws nonces that begin with prefix until there is one for which misread is false. A prefix is there to keep apart
// what would stand side by side: more and more z, which sort behind all else, are put behind it where that is not enough. ok is
// false when there is none of which at least 128 bits are random, even if this is called a second time.
func Separating(prefix []byte, misread func(nonce string) bool) (nonce string, ok bool) {
	var n [Len]byte
	copy(n[:], prefix)
	for fixed := len(prefix); fixed <= maxPrefix; fixed++ {
		most := draws
		switch fixed {
		case 0:
			most = allDraws
		case maxPrefix:
			most = lastDraws
		}
		for range most {
			draw(n[fixed:])
			if nonce = string(n[:]); !misread(nonce) {
				return nonce, true
			}
		}
		if fixed == 0 {
			break
		}
		n[fixed] = 'z'
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
