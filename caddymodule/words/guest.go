package words

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Guest loads the module that is called name in namespace from the segment at the cursor.
func Guest(d *caddyfile.Dispenser, namespace, name, what string) (caddyfile.Unmarshaler, error) {
	if _, err := caddy.GetModule(namespace + "." + name); err != nil {
		mods := caddy.GetModules(namespace) // sorted
		known := make([]string, len(mods))
		for i, mod := range mods {
			known[i] = mod.ID.Name()
		}
		return nil, d.Errf("unknown %s '%s': %s", what, name, ThereAre(name, known))
	}
	return caddyfile.UnmarshalModule(d, namespace+"."+name)
}
