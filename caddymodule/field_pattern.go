package caddymodule

import (
	"slices"
	"strings"
)

func isCardID(s string) bool {
	return len(s) > 0 && len(s) <= 64 && all(s, isWordByte)
}

func isPlainCode(s string) bool {
	return len(s) > 0 && len(s) <= 20 && all(s, isAlnumByte)
}

func isOpenID(s string) bool {
	return len(s) == 28 && s[0] == 'o' && all(s[1:], isWordByte)
}

func isDigits(s string) bool {
	return s != "" && all(s, isDigitByte)
}

// isEncryptedCode accepts base64 as WeChat writes it. Whether the code is good only WeChat can tell.
func isEncryptedCode(s string) bool {
	digits := strings.TrimRight(s, "=")
	return len(s) <= 512 && digits != "" && len(s)-len(digits) <= 2 &&
		all(digits, func(c byte) bool { return isAlnumByte(c) || c == '+' || c == '/' })
}

func all(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func isDigitByte(c byte) bool { return '0' <= c && c <= '9' }

func isAlnumByte(c byte) bool { return isDigitByte(c) || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' }

func isWordByte(c byte) bool { return isAlnumByte(c) || c == '_' || c == '-' }

// anyCode checks a code, encrypted or not.
func anyCode(t text) (string, error) {
	if t.absent() {
		return "", invalidf("code is missing")
	}
	if t.fault != "" {
		return "", invalidf("code %s", t.fault)
	}
	// Codes are base64, which has no blank: it was a + before somebody decoded it as a form.
	s := strings.ReplaceAll(t.s, " ", "+")
	if !isPlainCode(s) && (len(s) <= 20 || !isEncryptedCode(s)) {
		return "", invalidf("code is neither letters and digits, at most 20, nor an encrypted code")
	}
	return s, nil
}

// cardTypes are WeChat's, and INVOICE for wx.chooseInvoice.
var cardTypes = []string{
	"GROUPON", "CASH", "DISCOUNT", "GIFT", "GENERAL_COUPON", "MEMBER_CARD", "GENERAL_CARD", "MEETING_TICKET", "SCENIC_TICKET",
	"MOVIE_TICKET", "BOARDING_PASS", "LUCKY_MONEY", "INVOICE",
}

func isCardType(s string) bool { return slices.Contains(cardTypes, s) }

// originOf gives the part of an absolute http or https URL that is its origin, as it stands there: what no browser would
// write so, such as capitals or a user, equals no origin that is listed.
func originOf(s string) (origin string, ok bool) {
	_, rest, _ := strings.Cut(s, "://")
	scheme := s[:len(s)-len(rest)]
	if scheme != "http://" && scheme != "https://" {
		return "", false
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return scheme + rest, rest != ""
}

// isPageURL accepts absolute http and https URLs. None has a blank in a browser: it was a + before somebody decoded it as a
// form, and signed with a blank the page would be refused.
func isPageURL(s string) bool {
	_, ok := originOf(s)
	return ok && strings.IndexByte(s, ' ') < 0
}
