package inject

// text is text with its percent-encoding resolved to the last layer.
type text struct {
	bytes  []textByte
	length int // of the encoded text
}

// textByte is one decoded byte. The separators of a URL lie one layer deeper than those of the URL that it is part of.
type textByte struct {
	c     byte
	layer uint8 // how often it was encoded
	start int   // where it begins in the encoded text
}

func decodedFully(s string) string {
	var t text
	t.decode(s)
	decoded := make([]byte, 0, len(t.bytes))
	for _, b := range t.bytes {
		decoded = append(decoded, b.c)
	}
	return string(decoded)
}
