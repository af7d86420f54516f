package words

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Unrecognized is the error for the word at the cursor, a subdirective that nothing reads: what there is, and what comes closest.
func Unrecognized(d *caddyfile.Dispenser, known ...string) error {
	return d.Errf("unrecognized subdirective '%s': %s", d.Val(), ThereAre(d.Val(), known))
}

// ThereAre says what a word could have been.
func ThereAre(word string, known []string) string {
	slices.Sort(known)
	text := "there are " + strings.Join(known, ", ")
	switch len(known) {
	case 0:
		return "there is none here"
	case 1:
		text = "there is " + known[0]
	}
	if near := Closest(word, known); near != "" {
		text += fmt.Sprintf("; did you mean %s?", near)
	}
	return text
}

// names are those of subdirectives.
func (s Subdirectives) names() []string {
	return slices.DeleteFunc(slices.Collect(maps.Keys(s)), func(name string) bool { return name == Arguments })
}

// Closest gives what of known is nearest to a word; empty when nothing is near.
func Closest(word string, known []string) (near string) {
	best := 1 + max(2, len(word)/3)
	folded := fold(word)
	for _, candidate := range known {
		distance := Distance(folded, fold(candidate))
		if distance < best && distance < len(candidate) {
			near, best = candidate, distance
		}
	}
	for _, candidate := range known {
		if near == "" && len(folded) > 2 && (strings.HasPrefix(candidate, folded) || strings.HasSuffix(candidate, folded)) {
			near = candidate // app_secret for secret
		}
	}
	return near
}

// fold makes one word of addCard, AddCard, add-card and add_card.
func fold(word string) string {
	var b strings.Builder
	for i, c := range word {
		switch {
		case c == '-' || c == '.':
			c = '_'
		case 'A' <= c && c <= 'Z':
			if i > 0 && !strings.HasSuffix(b.String(), "_") && word[i-1] >= 'a' {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// Distance is how many letters are to be put in, left out, changed or exchanged with the next to make one word of another.
func Distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			changed := 1
			if a[i-1] == b[j-1] {
				changed = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+changed)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
