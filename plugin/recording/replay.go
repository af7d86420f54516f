package recording

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Replay answers calls with what was recorded. Any number of goroutines may use it.
type Replay struct {
	mu     sync.Mutex
	byCall map[string][]Exchange
	next   map[string]int
}

// NewReplay makes a Replay. Answers of one call come in the order that they were recorded in, and then again from the first.
func NewReplay(r *Recording) *Replay {
	p := &Replay{byCall: make(map[string][]Exchange), next: make(map[string]int)}
	for _, x := range r.Exchanges {
		p.byCall[x.Path] = append(p.byCall[x.Path], x)
	}
	return p
}

// Answer gives the next answer that was recorded of a call; false: none was. In the place of what was not kept stand values of the
// same type and length, which mean nothing.
func (p *Replay) Answer(path string) (status int, body []byte, recorded bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.byCall[path]
	if len(all) == 0 {
		return 0, nil, false
	}
	x := all[p.next[path]%len(all)]
	p.next[path]++
	return x.Status, Fill(x.Answer), true
}

var marks = regexp.MustCompile(`"<(string|number|text|name):(\d{1,6})>"`)

// Fill puts values in the place of what was not kept.
func Fill(shape json.RawMessage) []byte {
	return marks.ReplaceAllFunc(shape, func(m []byte) []byte {
		parts := marks.FindSubmatch(m)
		n, _ := strconv.Atoi(string(parts[2])) // the pattern takes digits only
		if string(parts[1]) == kindNumber {
			return []byte(digits(n))
		}
		return []byte(`"` + letters(n) + `"`)
	})
}

// digits is a number of n digits.
func digits(n int) string {
	n = min(max(n, 1), 15)
	return "1" + strings.Repeat("0", n-1)
}

// letters is a text of n letters.
func letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + rand.IntN(26)) //nolint:gosec // they mean nothing
	}
	return string(b)
}
