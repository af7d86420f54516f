package doctor

import (
	"context"
	"fmt"
	"os"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/doctor/filesystem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
)

const checkStore = "store"

// checkStore tries the store, unless that would leave files behind that the running Caddy cannot read.
func (d *checkup) checkStore(ctx context.Context, app *app.App, names []string) {
	report := d.report("")
	classic := false
	for _, name := range names {
		configured := app.Accounts[name]
		classic = classic || configured != nil && configured.TokenSource.Name() == plugin.Classic
	}
	if app.Store() == nil {
		f := doctor.Finding{Check: checkStore, Text: "off: each process fetches its own credentials, and again after a restart"}
		if classic {
			f.Verdict, f.Todo = doctor.Warning, "with token_source classic each process ends the access_token of the others: give them a store, or use stable"
		}
		report(f)
		return
	}
	files, isFiles := app.Store().(stores.Files)
	if !isFiles {
		doctor.CheckStore(ctx, app.Store(), storeName(app.Store()), report)
		return
	}
	where := "files in " + files.Path
	info, err := os.Stat(files.Path)
	switch {
	case err != nil:
		report(doctor.Finding{
			Check: checkStore, Verdict: doctor.Warning, Text: where + ", where nothing is yet: no Caddy has used it, or this runs as another user than Caddy",
			Todo: "run this as the user that Caddy runs as",
		})
		return
	case !ownedByUs(info):
		report(doctor.Finding{
			Check: checkStore, Verdict: doctor.Warning, Text: where + ", which belong to another user: not tried, lest it leave files that Caddy cannot read",
			Todo: "run this as the user that Caddy runs as",
		})
		return
	}
	doctor.CheckStore(ctx, app.Store(), where, report)
	f := doctor.Finding{Check: checkStore, Text: "the folder is on this machine's own disk: it shares credentials with Caddys of this machine only"}
	kind := filesystem.Kind(files.Path)
	shared := filesystem.Shared(kind)
	switch {
	case shared:
		f.Text = "the folder is on a file system that machines can share (" + kind + "): with those it shares credentials"
	case kind == "":
		f.Text = "it shares credentials with the machines that have this folder, if any have"
	}
	if classic && !shared {
		f.Verdict, f.Todo = doctor.Warning, "with token_source classic every machine has to share one store: if there are several, use store redis or a shared folder"
	}
	report(f)
}

// storeName says what the store is, where that is not files.
func storeName(store credential.Store) string {
	if named, ok := store.(interface{ StoreName() string }); ok { // ours on Redis, which a build may leave out
		return named.StoreName()
	}
	return fmt.Sprintf("%T", store)
}
