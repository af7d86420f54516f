package words

import (
	"fmt"
	"sync"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// places are where in Caddyfiles words with placeholders stand, the last time that they were read: `caddy run` reads a Caddyfile and
// loads what it says in one process, and what is wrong with a placeholder shows when it is loaded only.
var places sync.Map

// RememberPlaces notes where the words with placeholders stand that a dispenser has, for the errors of Expand.
func RememberPlaces(d *caddyfile.Dispenser) {
	defer d.Reset()
	for d.Reset(); d.Next(); {
		if IsDynamic(d.Val()) && len(d.Val()) > 1 {
			places.Store(d.Val(), fmt.Sprintf("%s:%d", d.File(), d.Line()))
		}
	}
}

// located says where a word stands, if that is known.
func located(word string, err error) error {
	if place, ok := places.Load(word); ok {
		return fmt.Errorf("%w, at %s", err, place)
	}
	return err
}
