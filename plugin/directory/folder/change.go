package folder

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
)

// Put implements directory.Source. The object is written as it is, sealed values sealed, in one step: no reader finds half of it.
func (f *Folder) Put(_ context.Context, appID string, raw json.RawMessage) error {
	account, err := object.Parse(raw, f.cfg.Keys)
	if err != nil {
		return err
	}
	if account.AppID != appID {
		return &object.Fault{Field: "app_id", Text: "is not " + appID}
	}
	defer f.rescan()
	return f.write(f.path(appID), raw)
}

// write writes a file beside the old one, which it replaces when it is whole on the disk. It is readable as the old one was, and a new one by
// its owner alone.
func (f *Folder) write(path string, raw []byte) (err error) {
	mode := os.FileMode(0o600)
	if old, err := os.Stat(path); err == nil {
		mode = old.Mode().Perm()
	}
	made, err := os.CreateTemp(f.cfg.Folder, ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(made.Name())
		}
	}()
	_, err = made.Write(raw)
	err = errors.Join(err, made.Chmod(mode), made.Sync(), made.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(made.Name(), path); err != nil {
		return err
	}
	f.sync()
	return nil
}

// sync has the folder's list of files reach the disk, where a system can do that.
func (f *Folder) sync() {
	if folder, err := os.Open(f.cfg.Folder); err == nil {
		_ = folder.Sync()
		_ = folder.Close()
	}
}

// Remove implements directory.Source.
func (f *Folder) Remove(_ context.Context, appID string) error {
	err := os.Remove(f.path(appID))
	if errors.Is(err, os.ErrNotExist) {
		return directory.ErrUnknown
	}
	if err == nil {
		f.rescan()
		f.sync()
	}
	return err
}
