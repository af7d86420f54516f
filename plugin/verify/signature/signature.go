// Package signature reads signatures, rightly written or not, and compares texts with them.
package signature

import (
	"bytes"
	"crypto/md5" //nolint:gosec // only to recognise it
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// Target is a signature that was sent, and how it is written.
type Target struct {
	sum       []byte      // SHA-1, MD5 or SHA-256, by its length
	lossy     string      // hex digits of bytes without leading zeros, as a careless Integer.toHexString leaves them
	form      []report.ID // what is wrong with the writing
	Malformed bool        // it is no hash at all
	lost      bool        // it was the lossy one that matched
}

// Read reads a signature.
func Read(sent string) Target {
	var t Target
	text := strings.TrimSpace(sent)
	if text != sent {
		t.form = append(t.form, report.SignatureWhiteSpace)
	}
	sum, err := hex.DecodeString(text)
	isHex := strings.Trim(text, "0123456789abcdefABCDEF") == ""
	switch {
	case err == nil && digestOf(len(sum)) != nil:
		t.sum = sum
		if strings.ToLower(text) != text {
			t.form = append(t.form, report.SignatureUpperCase)
		}
	case isHex && len(text) < 2*sha1.Size && len(text) >= sha1.Size:
	default:
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			if sum, err := enc.DecodeString(text); err == nil && digestOf(len(sum)) != nil {
				t.sum = sum
				t.form = append(t.form, report.SignatureBase64)
			}
			if t.sum != nil {
				break
			}
		}
		t.Malformed = t.sum == nil
	}
	if isHex && len(text) < 2*sha1.Size && len(text) >= sha1.Size {
		t.lossy = strings.ToLower(text)
		t.Malformed = true
	}
	switch len(t.sum) {
	case md5.Size:
		t.form = append(t.form, report.HashMD5)
		t.Malformed = true
	case sha256.Size:
		t.form = append(t.form, report.HashSHA256)
		t.Malformed = true
	}
	return t
}

// digestOf gives the hash function whose sums are so long, nil if there is none.
func digestOf(size int) func([]byte) []byte {
	switch size {
	case md5.Size:
		return func(b []byte) []byte { s := md5.Sum(b); return s[:] } //nolint:gosec // only to recognise it
	case sha1.Size:
		return func(b []byte) []byte { s := sha1.Sum(b); return s[:] }
	case sha256.Size:
		return func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }
	}
	return nil
}

// Is tells whether a text gives this signature.
func (t *Target) Is(text string) bool {
	if digest := digestOf(len(t.sum)); digest != nil && bytes.Equal(digest([]byte(text)), t.sum) {
		return true
	}
	if t.lossy == "" {
		return false
	}
	var b strings.Builder
	for _, c := range sha1.Sum([]byte(text)) {
		b.WriteString(strconv.FormatUint(uint64(c), 16))
	}
	t.lost = b.String() == t.lossy
	return t.lost
}

// Forms tells what is wrong with the writing, once Is has said yes.
func (t *Target) Forms() []report.ID {
	if t.lost {
		return []report.ID{report.SignatureZeros}
	}
	return t.form
}

// Of is the right hash, written rightly.
func Of(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}
