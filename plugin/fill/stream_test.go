package fill

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
)

// isStream has a Stream look at a text in pieces of a size.
func isStream(text []byte, size int) bool {
	var s Stream
	for len(text) > 0 {
		n := min(size, len(text))
		if s.Next(text[:n]) {
			return true
		}
		text = text[n:]
	}
	return false
}

func TestStream(t *testing.T) {
	for _, tc := range []struct{ one, second string }{
		{"", `{}`},
		{" \r\n\t", `"`},
		{"\uFEFF", "{"},
		{`{}`, `{`},
		{"{\"a\":[1,{}]}\n", "{"},
		{`["]","[",{"\"}":"\\"}]` + "\n\n", `[`},
		{`"a\"b\\"`, `"`},
		{"\"\"", "n"},
		{"12.5e-3\n", "1"},
		{"-0", `{`},
		{"true ", "f"},
		{"null", `"`},
		{"[]", ","},
		{"{}\n", "\x1e"},
	} {
		for size := 1; size < 4; size++ {
			first := tc.one
			if isStream([]byte(first), size) {
				t.Errorf("%q is more than one, in pieces of %d", first, size)
			}
			if got := isStream([]byte(first+tc.second), size); got != (len(bytes.Trim([]byte(first), " \r\n\t\uFEFF")) > 0) {
				t.Errorf("%q with %q behind it, in pieces of %d: got %v", first, tc.second, size, got)
			}
		}
	}
}

// FuzzStream asks encoding/json where the first text ends.
func FuzzStream(f *testing.F) {
	for _, seed := range []string{`{"a":"}{"} {`, "1\n2\n", `"\\""`, `[[]`, "\uFEFF{}", ` true"`, `{}x`, `-`, `[1,"\u005d"]`} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		got := isStream(text, max(size, 1))
		if got != isStream(text, 1) {
			t.Errorf("%q: it depends on the pieces", text)
		}
		if json.Valid(bytes.TrimPrefix(text, []byte("\uFEFF"))) && got {
			t.Errorf("%q is more than one", text)
		}
		var first json.RawMessage
		d := json.NewDecoder(bytes.NewReader(text))
		switch err := d.Decode(&first); {
		case err == nil:
			rest := text[d.InputOffset():]
			if !bytes.ContainsAny(first[:1], `"{[`) && len(rest) > 0 && !bytes.ContainsAny(rest[:1], " \t\r\n\"{[") {
				return // nothing parts a number or a literal from what stands behind it, as in 00
			}
			if more := len(bytes.Trim(rest, " \t\r\n")) > 0; got != more {
				t.Errorf("%q: got %v, with %s as the first", text, got, first)
			}
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			if got {
				t.Errorf("%q is more than one, and not even one is complete", text)
			}
		}
	})
}
