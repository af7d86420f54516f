// Package folder is the source of accounts that lie in a folder, a file each: <app_id>.json.
package folder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
)

// fresh is how long a file is believed to be as it was.
const fresh = 500 * time.Millisecond

const suffix = ".json"

// Config says which folder it is.
type Config struct {
	Folder string
	Keys   *sealed.Keys     // that open sealed values; nil: there are none
	Logger *slog.Logger     // nil: silent
	Now    func() time.Time // nil: time.Now
}

// Folder is a directory.Source. A file may be replaced or written to, and may be a symbolic link: what it holds counts within half a
// second. What is no <app_id>.json is left alone.
type Folder struct {
	cfg  Config
	name string

	mu    sync.Mutex
	files map[string]file // by app id: what was read last

	scanning sync.Mutex // one scan at a time
	scanned  time.Time  // when the last one ended
	took     time.Duration
	aliases  map[string]string // app ids by alias, of the last scan
	doubles  map[string]string // by app id, aliases that lead to other accounts
}

// New makes a Folder, which must be there.
func New(cfg Config) (*Folder, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	info, err := os.Stat(cfg.Folder)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder", cfg.Folder)
	}
	return &Folder{cfg: cfg, name: "file " + cfg.Folder, files: make(map[string]file)}, nil
}

// Name implements directory.Source.
func (f *Folder) Name() string { return f.name }

// Fresh implements directory.Source.
func (f *Folder) Fresh() time.Duration { return fresh }

// Close implements directory.Source.
func (f *Folder) Close() {}

// Look implements directory.Source. Whose an alias is all files tell together: a scan is made when the last one is half a second old,
// and where scans take long, less often.
func (f *Folder) Look(_ context.Context, name string) (directory.Entry, error) {
	if object.IsAppID(name) {
		return f.look(name)
	}
	if err := f.scan(); err != nil {
		return directory.Entry{}, err
	}
	f.mu.Lock()
	appID, ok := f.aliases[name]
	f.mu.Unlock()
	if !ok {
		return directory.Entry{}, directory.ErrUnknown
	}
	e, err := f.look(appID)
	if err == nil && e.Alias != name {
		return directory.Entry{}, directory.ErrUnknown
	}
	return e, err
}

// look reads the file of an app id, unless it is as it was.
func (f *Folder) look(appID string) (directory.Entry, error) {
	f.mu.Lock()
	last := f.files[appID]
	f.mu.Unlock()
	now, err := f.read(appID, last)
	f.mu.Lock()
	defer f.mu.Unlock()
	if errors.Is(err, os.ErrNotExist) {
		delete(f.files, appID)
		return directory.Entry{}, f.missing()
	}
	if err != nil {
		return directory.Entry{}, err
	}
	f.files[appID] = now
	return now.entry, now.fault
}

// missing tells a file that is not there from a folder that is not, of which nobody knows what it holds.
func (f *Folder) missing() error {
	if _, err := os.Stat(f.cfg.Folder); err != nil {
		return err
	}
	return directory.ErrUnknown
}

// path is where an account lies.
func (f *Folder) path(appID string) string { return filepath.Join(f.cfg.Folder, appID+suffix) }

// appIDOf gives the app id that a file is named by.
func appIDOf(name string) (appID string, ok bool) {
	appID, ok = strings.CutSuffix(name, suffix)
	return appID, ok && object.IsAppID(appID)
}

// Interface guards
var _ directory.Source = (*Folder)(nil)
