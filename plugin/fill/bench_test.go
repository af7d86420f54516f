package fill

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// listing is about 10 KiB of JSON as a shop answers it, with what is given put into its middle.
func listing(given string) string {
	var b strings.Builder
	b.WriteString(`{"code":0,"msg":"ok","data":{"list":[`)
	for i := range 60 {
		fmt.Fprintf(&b, `{"id":%d,"name":"商品名称 %d","price":"%d.90","stock":%d,"cover":"https:\/\/cdn.example.com\/goods\/%d.jpg","hot":%t,"tags":["新品","\u5305\u90ae"]},`, i, i, i, i*7, i, i%2 == 0)
		if i == 30 {
			b.WriteString(given + ",")
		}
	}
	b.WriteString(`null]}}`)
	return b.String()
}

func BenchmarkFind(b *testing.B) {
	for _, tc := range []struct{ name, given string }{
		{"card", `{"cardId":"pjZ8Yt1XGILfi-FUsewpnnolGgZk","cardExt":{"outer_str":"shop"}}`},
		{"nothing", `{"cardId":"pjZ8Yt1XGILfi-FUsewpnnolGgZk"}`},
	} {
		text := []byte(listing(tc.given))
		var parts []Part
		b.Run(fmt.Sprintf("%s/%d", tc.name, len(text)), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				var ok bool
				if parts, ok = Find(parts[:0], text); !ok {
					b.Fatal("broken")
				}
			}
		})
	}
	text := []byte(listing(`{}`))
	b.Run("encoding/json.Valid", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			_ = json.Valid(text)
		}
	})
}
