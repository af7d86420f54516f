package slip

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// compareFolded ignores the case of letters.
func compareFolded(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }

// compareLetters compares as the collation of many systems does: by letters and digits first, without their case, then by
// the case, lower first.
func compareLetters(a, b string) int {
	bare := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
	}
	return cmp.Or(strings.Compare(bare(a), bare(b)), lowerFirst(a, b))
}

// compareCollated is Unicode's collation, as JavaScript's localeCompare and .NET have it: _ and - before digits before
// letters without their case, then the case, lower first.
func compareCollated(a, b string) int {
	weigh := func(s string) string {
		return strings.Map(func(r rune) rune {
			switch r {
			case '_':
				return 1
			case '-':
				return 2
			}
			return unicode.ToLower(r)
		}, s)
	}
	return cmp.Or(strings.Compare(weigh(a), weigh(b)), lowerFirst(a, b))
}

// lowerFirst decides between texts that differ in case only.
func lowerFirst(a, b string) int { return strings.Compare(b, a) }

// compareNumbers compares as PHP's sort does without SORT_STRING: two numbers by their size.
func compareNumbers(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

// compareUTF16 compares UTF-16 units, as Java and JavaScript do.
func compareUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}
