package folder

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
)

// settled is how old a file is when nobody writes to it any more without its time changing, however coarse the file system's times are.
const settled = 3 * time.Second

// file is a file as it was read.
type file struct {
	info  os.FileInfo
	read  time.Time
	entry directory.Entry // the last that was any good
	fault error           // *directory.Broken: what was read last is none
}

// isSame tells whether a file is still what was read.
func (f file) isSame(info os.FileInfo) bool {
	return f.info != nil && os.SameFile(f.info, info) && f.info.Size() == info.Size() && f.info.ModTime().Equal(info.ModTime()) &&
		f.read.Sub(info.ModTime()) > settled
}

// read reads the file of an app id, unless it is what last says. An error is not about what the file holds.
func (f *Folder) read(appID string, last file) (file, error) {
	path := f.path(appID)
	info, err := os.Stat(path)
	if err != nil {
		return file{}, err
	}
	if last.isSame(info) {
		return last, nil
	}
	now := file{info: info, read: f.cfg.Now(), entry: last.entry}
	raw, err := content(path, info)
	if errors.Is(err, os.ErrNotExist) {
		return file{}, err
	}
	var account *object.Account
	if err == nil {
		account, err = object.Parse(raw, f.cfg.Keys)
	}
	if err == nil && account.AppID != appID {
		err = fmt.Errorf("app_id is not what the file is named by: %s", account.AppID)
	}
	if err != nil {
		now.fault = &directory.Broken{Name: appID, Err: err}
		return now, nil
	}
	now.entry = directory.EntryOf(account, f.name)
	return now, nil
}

var errNoFile = errors.New("it is no file")

// content reads a file, of which no more than an object may have is of interest.
func content(path string, info os.FileInfo) ([]byte, error) {
	if !info.Mode().IsRegular() { // to open a pipe waits for whoever writes to it
		return nil, errNoFile
	}
	opened, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	return io.ReadAll(io.LimitReader(opened, object.MaxSize+1))
}
