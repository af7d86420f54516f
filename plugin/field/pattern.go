package field

import (
	"net/url"
	"slices"
	"strings"
)

// IsCardID accepts 1 to 64 letters, digits, _ and -.
func IsCardID(s string) bool {
	return len(s) > 0 && len(s) <= 64 && All(s, IsWord)
}

// IsPlainCode accepts 1 to 20 letters and digits: a code that is not encrypted.
func IsPlainCode(s string) bool {
	return len(s) > 0 && len(s) <= 20 && All(s, IsAlnum)
}

// IsOpenID accepts an o and 27 letters, digits, _ and -.
func IsOpenID(s string) bool {
	return len(s) == 28 && s[0] == 'o' && All(s[1:], IsWord)
}

// IsAppID accepts wx and 16 hex digits: what WeChat gives official accounts and mini programs.
func IsAppID(s string) bool {
	return len(s) == 18 && s[:2] == "wx" && All(s[2:], func(c byte) bool { return IsDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' })
}

// IsDigits accepts one digit or more.
func IsDigits(s string) bool {
	return s != "" && All(s, IsDigit)
}

// isEncryptedCode accepts base64 as WeChat writes it. Whether the code is good only WeChat can tell.
func isEncryptedCode(s string) bool {
	digits := strings.TrimRight(s, "=")
	return len(s) <= 512 && digits != "" && len(s)-len(digits) <= 2 &&
		All(digits, func(c byte) bool { return IsAlnum(c) || c == '+' || c == '/' })
}

// All tells whether ok accepts each byte of s.
func All(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

// IsDigit accepts an ASCII digit.
func IsDigit(c byte) bool { return '0' <= c && c <= '9' }

// IsAlnum accepts an ASCII letter or digit.
func IsAlnum(c byte) bool { return IsDigit(c) || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' }

// IsWord accepts an ASCII letter, a digit, _ or -.
func IsWord(c byte) bool { return IsAlnum(c) || c == '_' || c == '-' }

// IsToken tells whether s may be the name of a header field (RFC 9110, section 5.6.2).
func IsToken(s string) bool {
	return s != "" && All(s, func(c byte) bool { return IsAlnum(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0 })
}

// AnyCode checks a code, encrypted or not.
func AnyCode(t Text) (string, error) {
	if t.Absent() {
		return "", Invalidf("code is missing")
	}
	if t.Fault != "" {
		return "", Invalidf("code %s", t.Fault)
	}
	s := MendBase64(t.S)
	if !IsPlainCode(s) && (len(s) <= 20 || !isEncryptedCode(s)) {
		return "", Invalidf("code is neither letters and digits, at most 20, nor an encrypted code")
	}
	return s, nil
}

// MendBase64 repairs base64 that was percent-encoded once too often, or decoded as a form. It holds no % and no blank: a blank
// was a +.
func MendBase64(s string) string {
	for range 3 {
		if !strings.Contains(s, "%") {
			break
		}
		decoded, err := url.PathUnescape(s) // leaves + alone
		if err != nil {
			break
		}
		s = decoded
	}
	return strings.ReplaceAll(s, " ", "+")
}

// cardTypes are WeChat's, and INVOICE for wx.chooseInvoice.
var cardTypes = []string{
	"GROUPON", "CASH", "DISCOUNT", "GIFT", "GENERAL_COUPON", "MEMBER_CARD", "GENERAL_CARD", "MEETING_TICKET", "SCENIC_TICKET",
	"MOVIE_TICKET", "BOARDING_PASS", "LUCKY_MONEY", "INVOICE",
}

func isCardType(s string) bool { return slices.Contains(cardTypes, s) }
