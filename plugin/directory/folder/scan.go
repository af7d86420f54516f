package folder

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
)

// A scan of a folder on a slow file system takes no more than a tenth of the time.
const rarely = 10

// scan reads what is new in the folder, if the last scan is old, and notes whose the aliases are.
func (f *Folder) scan() error {
	f.scanning.Lock()
	defer f.scanning.Unlock()
	began := f.cfg.Now()
	if f.aliases != nil && began.Sub(f.scanned) < max(fresh, rarely*f.took) {
		return nil
	}
	entries, _, err := f.all()
	if err != nil {
		return err
	}
	aliases, doubles := make(map[string]string), make(map[string]string)
	for _, e := range entries { // sorted: of two with one alias the smaller app id wins
		if e.Alias == "" {
			continue
		}
		other, twice := aliases[e.Alias]
		if !twice {
			aliases[e.Alias] = e.AppID
			continue
		}
		if doubles[e.AppID] = e.Alias; f.doubles[e.AppID] != e.Alias {
			f.cfg.Logger.Warn("two accounts have one alias; it is the first one's", "source", f.name, "alias", e.Alias, "account", other, "other", e.AppID)
		}
	}
	f.mu.Lock()
	f.aliases = aliases
	f.mu.Unlock()
	f.doubles = doubles
	f.scanned = f.cfg.Now()
	f.took = f.scanned.Sub(began)
	return nil
}

// rescan has the next scan begin at once.
func (f *Folder) rescan() {
	f.scanning.Lock()
	defer f.scanning.Unlock()
	f.scanned = time.Time{}
}

// all reads all files: the accounts, sorted by app id, those that are broken as they were last, and what is wrong with these.
func (f *Folder) all() (entries []directory.Entry, faults []error, err error) {
	names, err := os.ReadDir(f.cfg.Folder)
	if err != nil {
		return nil, nil, err
	}
	present := make(map[string]bool, len(names))
	for _, name := range names { // sorted
		appID, ok := appIDOf(name.Name())
		if !ok {
			continue
		}
		e, err := f.look(appID)
		if errors.Is(err, directory.ErrUnknown) {
			continue
		}
		present[appID] = true
		if err != nil {
			faults = append(faults, err)
		}
		if e.AppID != "" {
			entries = append(entries, e)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for appID := range f.files {
		if !present[appID] {
			delete(f.files, appID)
		}
	}
	return entries, faults, nil
}

// List implements directory.Source.
func (f *Folder) List(context.Context) ([]directory.Entry, error) {
	entries, faults, err := f.all()
	if err != nil {
		return nil, err
	}
	return slices.Clip(entries), errors.Join(faults...)
}
