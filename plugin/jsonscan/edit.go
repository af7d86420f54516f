package jsonscan

// RewriteObject appends an object to dst, which must be valid JSON without blanks around it, with what change makes of its
// members' values: nil leaves the member out. Everything else stays byte for byte.
func RewriteObject(dst, object []byte, change func(name string, value []byte) []byte) []byte {
	rest := skipBlanks(object[1:])
	at := func() int { return len(object) - len(rest) }
	end := at() // of the last member that was read
	dst = append(dst, object[:end]...)
	kept := false
	for rest[0] != '}' {
		start := at()
		n := valueLen(rest)
		name, _ := DecodeString(rest[:n])
		rest = skipBlanks(rest[n:])
		rest = skipBlanks(rest[1:]) // the colon
		value := at()
		n = valueLen(rest)
		if changed := change(name, rest[:n]); changed != nil {
			if kept {
				dst = append(dst, object[end:start]...) // the comma
			}
			dst = append(dst, object[start:value]...)
			dst = append(dst, changed...)
			kept = true
		}
		end = value + n
		rest = skipComma(rest[n:])
	}
	return append(dst, object[end:]...)
}
