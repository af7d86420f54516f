package words

import (
	"fmt"
	"sync"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// places are where in Caddyfiles directives and words with placeholders stand, the last time that they were read: `caddy run` reads a Caddyfile and
// loads what it says in one process, and what is wrong with one of these shows when it is loaded only.
var places sync.Map

// RememberPlaces notes where the words with placeholders stand that a dispenser has, for the errors of Expand.
func RememberPlaces(d *caddyfile.Dispenser) {
	defer d.Reset()
	for d.Reset(); d.Next(); {
		if IsDynamic(d.Val()) && len(d.Val()) > 1 {
			RememberPlace(d.Val(), d)
		}
	}
}

// RememberPlace notes that a word, or a directive with its action, stands where a dispenser is.
func RememberPlace(word string, d *caddyfile.Dispenser) {
	places.Store(word, fmt.Sprintf("%s:%d", d.File(), d.Line()))
}

// Placed says where a word stood that is remembered, if one is.
func Placed(word string, err error) error {
	if place, ok := places.Load(word); ok {
		return fmt.Errorf("%w, at %s", err, place)
	}
	return err
}
