// Package search finds out how a signature was made, by trying mistakes until one gives it.
package search

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/tickets"
)

// Bounds of a search.
const (
	maxOfItem   = 4_600   // hashes of one item
	MaxHashes   = 9_200   // of a report
	maxBytes    = 8 << 20 // of a report, in all texts
	maxPermuted = 6       // values of which all orders are tried
)

// budget is what has been spent.
type budget struct{ hashes, bytes int }

// Search looks for the mistakes in what was sent at once. It remembers those of the item before: the next one was likely made
// alike.
type Search struct {
	known  *tickets.Known
	signed map[string]string // values that the signer had, by their names
	spent  budget
	used   map[string]bool // keys of the slips that explained an item
}

// New makes a Search. signed are values that the signer had, by the names of WeChat's documentation.
func New(known *tickets.Known, signed map[string]string) *Search {
	return &Search{known: known, signed: signed}
}

// Tried is how many signatures were made and compared.
func (s *Search) Tried() int { return s.spent.hashes }
