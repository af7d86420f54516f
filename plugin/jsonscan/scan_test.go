package jsonscan

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
)

// FuzzMembers takes JSON apart and puts it together again.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, `[ 1 , {"a\"":[[]]} ,"x\\" ,null]`, `{"a":1,"b" :{"c":"}"}, "d":[]}`, `[{}]`, `{"\u0061":-1.5E+3}`, ` "\u00e4\/" `, "-0.5e7"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		valid := json.Valid(b)
		if first := bytes.TrimLeft(b, " \t\r\n"); len(first) > 0 && first[0] != '{' && first[0] != '[' {
			if text := Text(first); valid != (text.Blanks(text.Scalar(0)) == len(text)) {
				t.Errorf("%q: valid is %v", b, valid)
			}
		}
		if !valid {
			return
		}
		b = bytes.TrimSpace(b)
		var again []byte
		switch b[0] {
		case '{':
			again = append(again, '{')
			for name, raw := range Members(b) {
				if len(again) > 1 {
					again = append(again, ',')
				}
				again = append(append(card.AppendString(again, name), ':'), raw...)
			}
			again = append(again, '}')
			if same := RewriteObject(nil, b, func(_ string, value []byte) []byte { return value }); !bytes.Equal(same, b) {
				t.Errorf("with nothing changed: got %s of %s", same, b)
			}
		case '[':
			again = append(again, '[')
			for raw := range Elements(b) {
				if len(again) > 1 {
					again = append(again, ',')
				}
				again = append(again, raw...)
			}
			again = append(again, ']')
		default:
			return
		}
		if strings.Contains(string(b), `\`) { // escaped names are not put together as they were
			if !json.Valid(again) {
				t.Errorf("got %s of %s", again, b)
			}
			return
		}
		var got, want bytes.Buffer
		if err := json.Compact(&got, again); err != nil {
			t.Fatalf("%v: got %s of %s", err, again, b)
		}
		if err := json.Compact(&want, b); err != nil {
			t.Fatal(err)
		}
		if utf8.Valid(b) && got.String() != want.String() {
			t.Errorf("got %s, want %s", got.String(), want.String())
		}
	})
}
