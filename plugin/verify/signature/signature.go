// Package signature reads signatures, rightly written or not, and compares texts with them.
package signature

import (
	"bytes"
	"crypto/md5" //nolint:gosec // only to recognise it
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// Target is a signature that was sent, and how it is written.
type Target struct {
	sum       []byte      // SHA-1, MD5 or SHA-256, by its length
	careless  string      // hex digits as carelessToHex writes them
	form      []report.ID // what is wrong with the writing
	Malformed bool        // it is no hash at all
	match     report.ID   // which of carelessToHex's it was
}

// Read reads a signature.
func Read(sent string) Target {
	var t Target
	text := strings.TrimSpace(sent)
	if text != sent {
		t.form = append(t.form, report.SignatureWhiteSpace)
	}
	if inner, ok := Bytes(text); ok {
		text = inner // what the field says of it is enough
	}
	if joined, ok := withoutSeparators(text); ok {
		text = joined
		t.form = append(t.form, report.SignatureSeparated)
	}
	sum, err := hex.DecodeString(text)
	isHex := strings.Trim(text, "0123456789abcdefABCDEF") == ""
	switch {
	case err == nil && functionOf(len(sum)) != nil:
		t.sum = sum
		if strings.ToLower(text) != text {
			t.form = append(t.form, report.SignatureUpperCase)
		}
	case isHex && len(text) < 2*sha1.Size && len(text) >= sha1.Size:
	default:
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			if sum, err := enc.DecodeString(text); err == nil && functionOf(len(sum)) != nil {
				t.sum = sum
				t.form = append(t.form, report.SignatureBase64)
			}
			if t.sum != nil {
				break
			}
		}
		t.Malformed = t.sum == nil
	}
	if isHex && len(text) != 2*sha1.Size && len(text) >= sha1.Size && len(text) <= 8*sha1.Size {
		t.careless = strings.ToLower(text)
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

// Bytes gives what stands in b'…', Python's way to write bytes.
func Bytes(text string) (inner string, ok bool) {
	for _, mark := range []string{"'", `"`} {
		if rest, begins := strings.CutPrefix(text, "b"+mark); begins && len(rest) > 1 && strings.HasSuffix(rest, mark) {
			return strings.TrimSuffix(rest, mark), true
		}
	}
	return "", false
}

// withoutSeparators joins bytes in hex digits that have something between them, as .NET's BitConverter writes them.
func withoutSeparators(text string) (joined string, ok bool) {
	if len(text) < 3 || strings.IndexByte("-: ", text[2]) < 0 {
		return "", false
	}
	list := strings.Split(text, text[2:3])
	if slices.ContainsFunc(list, func(pair string) bool { return len(pair) != 2 }) {
		return "", false
	}
	return strings.Join(list, ""), true
}

// functionOf gives the hash function whose sums are so long, nil if there is none.
func functionOf(size int) func() hash.Hash {
	switch size {
	case md5.Size:
		return md5.New
	case sha1.Size:
		return sha1.New
	case sha256.Size:
		return sha256.New
	}
	return nil
}

// Is tells whether a text gives this signature. how makes the hash; nil: the hash function as it is.
func (t *Target) Is(text string, how func(function func() hash.Hash, text string) []byte) bool {
	if how == nil {
		how = plain
	}
	if function := functionOf(len(t.sum)); function != nil && bytes.Equal(how(function, text), t.sum) {
		return true
	}
	t.match = ""
	if t.careless != "" {
		t.match = carelessToHex(how(sha1.New, text), t.careless)
	}
	return t.match != ""
}

func plain(function func() hash.Hash, text string) []byte {
	h := function()
	h.Write([]byte(text))
	return h.Sum(nil)
}

// carelessToHex tells which careless way to write a sum in hex digits gives a text, "" if none does: without leading zeros,
// of each byte or of the whole, or with the bytes taken for signed ones, as Java's Integer.toHexString does.
func carelessToHex(sum []byte, text string) report.ID {
	var lossy, signed, padded strings.Builder
	for _, c := range sum {
		short := strconv.FormatUint(uint64(c), 16)
		lossy.WriteString(short)
		if c >= 0x80 {
			short = "ffffff" + short
		} else if c < 0x10 {
			padded.WriteByte('0')
		}
		signed.WriteString(short)
		padded.WriteString(short)
	}
	switch text {
	case lossy.String(), strings.TrimLeft(hex.EncodeToString(sum), "0"):
		return report.SignatureZeros
	case signed.String(), padded.String():
		return report.SignatureSigned
	}
	return ""
}

// Forms tells what is wrong with the writing, once Is has said yes.
func (t *Target) Forms() []report.ID {
	if t.match != "" {
		return []report.ID{t.match}
	}
	return t.form
}

// Of is the right hash, written rightly.
func Of(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}
