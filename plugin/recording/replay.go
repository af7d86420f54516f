package recording

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// NoCard and NoCode are nobody's: what WeChat answers to them is recorded, too.
const (
	NoCard = "p1Pj9jr90_SQRaVqYI239Ka1erkI"
	NoCode = "bm90IGEgY29kZSBvZiB0aGlzIHdvcmxkIGF0IGFsbA=="
)

// odd has the exchanges that ask for what is not there, by their names, and what their requests hold. Their answers are for such
// requests only, as long as others were recorded of the call.
var odd = map[string]string{
	"ticket_of_no_type":     "type=none",
	"card_that_is_not_ours": NoCard,
	"escape_in_json":        `\u0070`,
}

// Replay answers calls with what was recorded. Any number of goroutines may use it.
type Replay struct {
	mu     sync.Mutex
	byCall map[string][]*replayed
}

// replayed is an exchange, and how often it was given out.
type replayed struct {
	Exchange
	times int
}

// NewReplay makes a Replay. Answers to like calls come in the order that they were recorded in, and then again from the first.
func NewReplay(r *Recording) *Replay {
	p := &Replay{byCall: make(map[string][]*replayed)}
	for _, x := range r.Exchanges {
		p.byCall[x.Path] = append(p.byCall[x.Path], &replayed{Exchange: x})
	}
	return p
}

// Answer gives the next answer that was recorded of a call; false: none was. In the place of what was not kept stand values of the
// same type and length, which mean nothing.
func (p *Replay) Answer(path string, query url.Values, body []byte) (status int, answer []byte, recorded bool) {
	query = maps.Clone(query)
	delete(query, "access_token")
	shape, asked := RedactQuery(query), query.Encode()+" "+string(body)
	p.mu.Lock()
	defer p.mu.Unlock()
	var next *replayed
	best := 0
	for _, x := range p.byCall[path] {
		fits := 1
		if maps.Equal(x.Query, shape) {
			fits += 2
		}
		if key, isOdd := odd[x.Name]; !isOdd {
			fits++
		} else if strings.Contains(asked, key) {
			fits += 2
		}
		if fits > best || fits == best && x.times < next.times {
			best, next = fits, x
		}
	}
	if next == nil {
		return 0, nil, false
	}
	next.times++
	return next.Status, Fill(next.Answer), true
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
