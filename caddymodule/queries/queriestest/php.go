// Package queriestest reads queries as PHP does, for tests.
package queriestest

import (
	"net/url"
	"strings"
)

// PHPDecode is php_url_decode of a pair's name.
func PHPDecode(part string) string {
	name, _, _ := strings.Cut(part, "=")
	var b []byte
	for i := 0; i < len(name); i++ {
		if name[i] == '+' {
			b = append(b, ' ')
			continue
		}
		if name[i] == '%' && i+2 < len(name) {
			if c, err := url.PathUnescape(name[i : i+3]); err == nil {
				b = append(b, c...)
				i += 2
				continue
			}
		}
		b = append(b, name[i])
	}
	return string(b)
}
