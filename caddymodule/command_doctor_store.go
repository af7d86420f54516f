package caddymodule

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
)

const checkStore = "store"

// checkStore tries the store, unless that would leave files behind that the running Caddy cannot read.
func (d *doctor) checkStore(ctx context.Context, app *App, names []string) {
	report := d.report("")
	classic := false
	for _, name := range names {
		classic = classic || app.Accounts[name].TokenSource.name() == plugin.Classic
	}
	if app.Store() == nil {
		f := plugin.Finding{Check: checkStore, Text: "off: each process fetches its own credentials, and again after a restart"}
		if classic {
			f.Verdict, f.Todo = plugin.Warning, "with token_source classic each process ends the access_token of the others: give them a store, or use stable"
		}
		report(f)
		return
	}
	files, isFiles := app.Store().(fileStore)
	if !isFiles {
		plugin.CheckStore(ctx, app.Store(), storeName(app.Store()), report)
		return
	}
	where := "files in " + files.Path
	info, err := os.Stat(files.Path)
	switch {
	case err != nil:
		report(plugin.Finding{
			Check: checkStore, Verdict: plugin.Warning, Text: where + ", where nothing is yet: no Caddy has used it, or this runs as another user than Caddy",
			Todo: "run this as the user that Caddy runs as",
		})
		return
	case !ownedByUs(info):
		report(plugin.Finding{
			Check: checkStore, Verdict: plugin.Warning, Text: where + ", which belong to another user: not tried, lest it leave files that Caddy cannot read",
			Todo: "run this as the user that Caddy runs as",
		})
		return
	}
	plugin.CheckStore(ctx, app.Store(), where, report)
	f := plugin.Finding{Check: checkStore, Text: "the folder is on this machine's own disk: it shares credentials with Caddys of this machine only"}
	switch kind := fileSystem(files.Path); {
	case isShared(kind):
		f.Text = "the folder is on a file system that machines can share (" + kind + "): with those it shares credentials"
	case kind == "":
		f.Text = "it shares credentials with the machines that have this folder, if any have"
	}
	if classic && !isShared(fileSystem(files.Path)) {
		f.Verdict, f.Todo = plugin.Warning, "with token_source classic every machine has to share one store: if there are several, use store redis or a shared folder"
	}
	report(f)
}

// storeName says what the store is, where that is not files.
func storeName(store credential.Store) string {
	if _, isRedis := store.(*redisstore.Store); isRedis {
		return "redis"
	}
	return fmt.Sprintf("%T", store)
}

// fileSystem tells on Linux what kind of file system a folder is on; empty where nobody says.
func fileSystem(path string) string {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	if path, err = filepath.Abs(path); err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return fileSystemOf(path, string(mounts))
}

// fileSystemOf finds the mount that a path is below: `36 35 98:0 /root /mount/point options - type source options`, of
// which the last that fits best counts.
func fileSystemOf(path, mounts string) string {
	kind, longest := "", -1
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\134`, `\`)
	for line := range strings.Lines(mounts) {
		before, after, found := strings.Cut(line, " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if !found || len(fields) < 5 || len(rest) == 0 {
			continue
		}
		point := unescape.Replace(fields[4])
		below := point == "/" || path == point || strings.HasPrefix(path, point+"/")
		if below && len(point) >= longest {
			kind, longest = rest[0], len(point)
		}
	}
	return kind
}

// isShared tells whether a kind of file system is one that several machines can see.
func isShared(kind string) bool {
	for _, prefix := range []string{"nfs", "cifs", "smb", "9p", "fuse.", "ceph", "glusterfs", "lustre", "gpfs", "ocfs2", "gfs2", "afs", "virtiofs"} {
		if strings.HasPrefix(kind, prefix) {
			return true
		}
	}
	return false
}
