package jsonscan

// RewriteObject appends an object to dst, which must be valid JSON without blanks around it, with what change makes of its
// members' values: nil leaves the member out. Everything else stays byte for byte.
func RewriteObject(dst, object []byte, change func(name string, value []byte) []byte) []byte {
	end := 0 // of what was read
	kept := false
	for m := range Walk(object) {
		if end == 0 {
			dst = append(dst, object[:m.Start]...)
			end = m.Start
		}
		if changed := change(m.Name, object[m.Value:m.End]); changed != nil {
			if kept {
				dst = append(dst, object[end:m.Start]...) // the comma
			}
			dst = append(dst, object[m.Start:m.Value]...)
			dst = append(dst, changed...)
			kept = true
		}
		end = m.End
	}
	return append(dst, object[end:]...)
}
