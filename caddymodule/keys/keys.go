// Package keys is the keys of API 安全 (服务端 API 签名与加密) as a configuration has them: by their numbers.
package keys

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Key is a key with its number in the mini program's console.
type Key struct {
	// The number: letters, digits, `_` and `-`.
	Number string `json:"number,omitempty"`

	// The key. It may be a placeholder such as `{file./run/secrets/key}` or `{env.KEY}`, and should be.
	Key string `json:"key,omitempty"`
}

// Keys are those that a mini program has set in its console, under 开发管理, 开发设置, API 安全.
type Keys struct {
	// The symmetric key (对称密钥) in base64, as the console shows it, with its number (sym_sn): 32 bytes are AES256_GCM, 16 are SM4_GCM.
	SymmetricKey Key `json:"symmetric_key,omitzero"`

	// The private key whose public half (非对称密钥) the console has, as PEM, with its number (asym_sn): an RSA key signs by
	// RSAwithSHA256, an SM2 key by SM2withSM3.
	PrivateKey Key `json:"private_key,omitzero"`

	// The certificates of the platform (开放平台证书), or their public keys, as PEM, by the numbers that the console shows: these are not the
	// certificates' own serial numbers. While WeChat changes certificates there are two. They are no secrets.
	Certificate map[string]string `json:"certificate,omitempty"`

	lines []line // of the Caddyfile that is being read
}

// Words reads the lines of the block.
//
//	symmetric_key <number> <key>
//	private_key   <number> <pem>
//	certificate   <number> <pem>
func (k *Keys) Words(d *caddyfile.Dispenser) words.Subdirectives {
	return words.Subdirectives{
		"symmetric_key": func() error { return k.Unmarshal(d, &k.SymmetricKey) },
		"private_key":   func() error { return k.Unmarshal(d, &k.PrivateKey) },
		"certificate":   func() error { return k.unmarshalCertificate(d) },
	}
}

// Unmarshal reads `<number> <key>`, the key of this block that is called what the line begins with.
func (k *Keys) Unmarshal(d *caddyfile.Dispenser, into *Key) error {
	if *into != (Key{}) {
		return words.AlreadySpecified(d, d.Val())
	}
	var err error
	*into, err = k.unmarshalKey(d)
	return err
}

func (k *Keys) unmarshalKey(d *caddyfile.Dispenser) (key Key, err error) {
	name := d.Val()
	if !d.AllArgs(&key.Number, &key.Key) { // and does not quote where it stopped reading, as ArgErr does: that may be the key
		return key, d.Errf("%s wants its number and the key, nothing else", name)
	}
	switch {
	case !words.IsDynamic(key.Number) && !secure.IsNumber(key.Number):
		return key, d.Errf("%s wants its number first, 1 to 64 letters, digits, _ and -", name) // and does not quote what may be the key
	case key.Key == "":
		return key, d.Errf("%s is empty", name)
	case !utf8.ValidString(key.Key):
		return key, d.Errf("%s is no text: it is base64 or PEM", name)
	}
	k.lines = append(k.lines, line{name, key, d.Token()})
	return key, nil
}

func (k *Keys) unmarshalCertificate(d *caddyfile.Dispenser) error {
	key, err := k.unmarshalKey(d)
	if err != nil {
		return err
	}
	if _, twice := k.Certificate[key.Number]; twice {
		return d.Errf("certificate %s already specified", key.Number)
	}
	if k.Certificate == nil {
		k.Certificate = make(map[string]string)
	}
	k.Certificate[key.Number] = key.Key
	return nil
}

// End checks, at the end of the block, that nothing is missing, which is all that is looked for when a Caddyfile is read, and remembers
// where its keys stand.
func (k *Keys) End(d *caddyfile.Dispenser) error {
	if err := k.missing(); err != nil {
		return words.Located(d, fmt.Errorf("secure: %w", err))
	}
	k.remember()
	return nil
}

func (k *Keys) missing() error {
	switch {
	case k.SymmetricKey.Key == "":
		return errors.New("symmetric_key is missing")
	case k.PrivateKey.Key == "":
		return errors.New("private_key is missing")
	case len(k.Certificate) == 0:
		return errors.New("certificate is missing")
	}
	return nil
}

// LiteralSecrets names the secrets that stand in the configuration as they are.
func (k *Keys) LiteralSecrets() (names []string) {
	if k.SymmetricKey.IsLiteral() {
		names = append(names, "symmetric_key")
	}
	if k.PrivateKey.IsLiteral() {
		names = append(names, "private_key")
	}
	return names
}

// IsLiteral tells whether the key stands in the configuration as it is.
func (k Key) IsLiteral() bool { return k.Key != "" && !words.IsDynamic(k.Key) }

// Expand evaluates placeholders.
func (k *Keys) Expand() (cfg secure.Config, err error) {
	if err := k.missing(); err != nil {
		return cfg, err
	}
	for _, value := range []struct {
		what string
		from string
		into *string
	}{
		{"number of symmetric_key", k.SymmetricKey.Number, &cfg.SymmetricNumber},
		{"symmetric_key", k.SymmetricKey.Key, &cfg.SymmetricKey},
		{"number of private_key", k.PrivateKey.Number, &cfg.AsymmetricNumber},
		{"private_key", k.PrivateKey.Key, &cfg.PrivateKey},
	} {
		if *value.into, err = words.Expand(value.from); err != nil {
			return cfg, fmt.Errorf("%s: %w", value.what, err)
		}
	}
	cfg.Certificates = make(map[string]string, len(k.Certificate))
	for _, raw := range slices.Sorted(maps.Keys(k.Certificate)) {
		number, err := words.Expand(raw)
		if err != nil {
			return cfg, fmt.Errorf("number of certificate: %w", err)
		}
		if _, twice := cfg.Certificates[number]; twice {
			return cfg, k.Placed("certificate", Key{raw, k.Certificate[raw]}, fmt.Errorf("certificate: two have the number of %s", raw))
		}
		if cfg.Certificates[number], err = words.Expand(k.Certificate[raw]); err != nil {
			return cfg, fmt.Errorf("certificate %s: %w", raw, err)
		}
	}
	return cfg, nil
}
