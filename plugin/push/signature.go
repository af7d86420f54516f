package push

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"slices"
)

// Sign gives the signature over texts: the SHA-1, in lower-case hex, of their concatenation in byte order. The texts
// are token, timestamp and nonce for signature, and also the encrypted message for msg_signature.
func Sign(texts ...string) string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	h := sha1.New()
	for _, text := range texts {
		h.Write([]byte(text))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// signed compares in constant time.
func signed(signature string, texts ...string) bool {
	return subtle.ConstantTimeCompare([]byte(signature), []byte(Sign(texts...))) == 1
}
