// Package directory finds accounts that are data: objects in a folder, in a Redis, behind a URL, or whoever authorised a component.
package directory

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
)

// Entry is one account that is data.
type Entry struct {
	AppID    string
	Alias    string          // empty: none
	Key      string          // what relay and credentials want with each call; empty: they are refused
	Object   json.RawMessage // the whole object, its sealed values opened: never shown
	Source   string          // which source it came from, as the configuration has it: "file /etc/accounts", "platform shop"
	Version  string          // another one whenever anything of it changes
	Platform string          // the component whose authorisation it is; empty: it has its own app_secret or token_source

	IsMiniProgram bool // with Platform: WeChat says that it is a mini program
}

// EntryOf makes an Entry of an object that was read.
func EntryOf(a *object.Account, source string) Entry {
	return Entry{AppID: a.AppID, Alias: a.Alias, Key: a.Key, Object: a.Whole, Source: source, Version: a.Version}
}

// isCalled tells whether a name is this account's.
func (e Entry) isCalled(name string) bool { return name == e.AppID || name == e.Alias }

// Config is what a Directory needs to know.
type Config struct {
	Sources []Source
	Taken   func(name string) bool // whether a configured account has this name or this app id; required
	Logger  *slog.Logger           // nil: silent
	Now     func() time.Time       // nil: time.Now
}

// Directory finds accounts in its sources, the first that has a name wins, and remembers them and unknown names, in bounded memory.
// Any number of goroutines may use it.
type Directory struct {
	shelves []*shelf
	taken   func(string) bool
	now     func() time.Time
	bounds  *bounds
	log     *complaints
}

// New makes a Directory. It calls nobody and starts nothing.
func New(cfg Config) *Directory {
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	d := &Directory{
		taken: cfg.Taken, now: now, bounds: newBounds(),
		log: newComplaints(cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))),
	}
	for _, source := range cfg.Sources {
		d.shelves = append(d.shelves, newShelf(source, now, d.log))
	}
	return d
}

// Sources names the sources, in their order.
func (d *Directory) Sources() []string {
	names := make([]string, len(d.shelves))
	for i, s := range d.shelves {
		names[i] = s.source.Name()
	}
	return names
}
