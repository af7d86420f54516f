package jsonscan

import (
	"bytes"
	"fmt"
)

// Repair gives JSON as its writer meant it: without a byte order mark, and with the control characters in strings escaped
// that JSON does not allow there. What needs neither is given as it is.
func Repair(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	marked := MarkControls(text)
	if bytes.Equal(marked, text) {
		return text
	}
	repaired := make([]byte, 0, len(text)+64)
	for i, c := range text {
		if c != marked[i] {
			repaired = fmt.Appendf(repaired, `\u%04x`, c)
		} else {
			repaired = append(repaired, c)
		}
	}
	return repaired
}
