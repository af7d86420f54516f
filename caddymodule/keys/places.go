package keys

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// line is one of a block: what it is called, what it says, and where the key in it stands.
type line struct {
	name string
	key  Key
	at   caddyfile.Token
}

// place is what a line is remembered by. The whole block belongs to it: where a line is wrong, the same one is right in another block, as
// the certificate that WeChat has of a mini program is in the sandbox's. It is a hash, for these are secrets.
func (k *Keys) place(name string, key Key) string {
	sum := sha256.Sum256(caddyconfig.JSON([]any{k, name, key}, nil))
	return "secure " + hex.EncodeToString(sum[:])
}

// remember notes where the keys of the block stand.
func (k *Keys) remember() {
	for _, l := range k.lines {
		d := caddyfile.NewDispenser([]caddyfile.Token{l.at})
		d.Next()
		words.RememberPlace(k.place(l.name, l.key), d)
	}
}

// Placed says where in a Caddyfile a key of the block stands that an error is about, by what its line is called. nil stays nil.
func (k *Keys) Placed(name string, key Key, err error) error {
	return words.Placed(k.place(name, key), err)
}

// New reads the keys that Expand gave. Its errors quote none, and say where the key stands.
func (k *Keys) New(cfg secure.Config) (*secure.Keys, error) {
	return k.NewWith("private_key", k.PrivateKey, cfg)
}

// NewWith is New with another private key in cfg, from a line that is called name.
func (k *Keys) NewWith(name string, key Key, cfg secure.Config) (*secure.Keys, error) {
	checked, err := secure.New(cfg)
	bad, ok := errors.AsType[*secure.BadKey](err)
	if !ok {
		return checked, err
	}
	switch bad.Which {
	case secure.Symmetric:
		name, key = "symmetric_key", k.SymmetricKey
	case secure.Certificate:
		name, key = "certificate", k.certificate(bad.Number)
	case secure.Private: // the one that was given
	}
	return nil, k.Placed(name, key, err)
}

// certificate finds the one that has a number once placeholders are evaluated; with "", one whose number is none.
func (k *Keys) certificate(number string) Key {
	for _, raw := range slices.Sorted(maps.Keys(k.Certificate)) {
		expanded, _ := words.Expand(raw)
		if expanded == number || number == "" && !secure.IsNumber(expanded) {
			return Key{raw, k.Certificate[raw]}
		}
	}
	return Key{}
}
