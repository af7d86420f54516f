package words

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// places are where in Caddyfiles directives and words with placeholders stand, the last time that they were read: `caddy run` reads a Caddyfile and
// loads what it says in one process, and what is wrong with one of these shows when it is loaded only.
var places sync.Map

// place is where something stands, and how old the file was then.
type place struct {
	file string
	line int
	as   time.Time
}

// RememberPlaces notes where the words stand that a dispenser has and that depend on what is outside, such as placeholders and files, for
// the errors of Expand and others.
func RememberPlaces(d *caddyfile.Dispenser) {
	defer d.Reset()
	as := make(map[string]time.Time) // by file: there may be ten thousand accounts
	for d.Reset(); d.Next(); {
		if (IsDynamic(d.Val()) || strings.Contains(d.Val(), "/")) && len(d.Val()) > 1 {
			file := d.File()
			if _, known := as[file]; !known {
				as[file] = modified(file)
			}
			places.Store(d.Val(), place{file, d.Line(), as[file]})
		}
	}
}

// RememberPlace notes that a word, or whatever has this for its key, stands where a dispenser is.
func RememberPlace(word string, d *caddyfile.Dispenser) {
	places.Store(word, place{d.File(), d.Line(), modified(d.File())})
}

// modified is when a file was written last; zero where there is none.
func modified(name string) (at time.Time) {
	if info, err := os.Stat(name); err == nil {
		at = info.ModTime()
	}
	return at
}

// isPlaced tells an error that says where in a Caddyfile it is.
var isPlaced = regexp.MustCompile(`, at [^\n]+:\d+`)

// Placed says where a word stood that is remembered, if one is and the error does not say so. A file that was changed since is not
// spoken of: what is loaded may be another that a process beside this one has read. nil stays nil.
func Placed(word string, err error) error {
	if err == nil || isPlaced.MatchString(err.Error()) {
		return err
	}
	if at, ok := places.Load(word); ok {
		if at := at.(place); modified(at.file).Equal(at.as) {
			return fmt.Errorf("%w, at %s:%d", err, at.file, at.line)
		}
	}
	return err
}
