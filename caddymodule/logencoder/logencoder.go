// Package logencoder is the log encoder wechat_card: Caddy's own, without what must not lie about in logs.
package logencoder

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/redact"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/logging"
)

// namespace is where Caddy has its encoders.
const namespace = "caddy.logging.encoders"

// Encoder writes log entries as another encoder does, with REDACTED in the place of what must not lie about in logs: app secrets,
// access_tokens, tickets, keys, js_codes and codes of cards, session keys, signatures, and who somebody is (openids, unionids, phone
// numbers). It knows their names in addresses, however they are encoded and wherever in an entry they stand, in headers, in JSON and
// as fields of an entry, in any letter case and with or without `_` and `-`; and those that the loaded configurations have for them:
// headers and query parameters of `inject`, headers and `field` of `login`, and what placeholders for codes, openids and js_codes read.
// Credentials that `inject` has handed on it takes out wherever they stand, by their values: other directives may call them anything.
// In the configuration that Caddy logs at DEBUG it takes out `key` of relay and credentials and the keys of API 安全 (服务端 API 签名与加密).
// What it has taken out of a request it takes out of the entry's own fields, too, such as those of `log_append`, whatever they are called.
type Encoder struct {
	// The encoder that writes what is left. Default: json, or console where the output is a terminal.
	WrappedRaw json.RawMessage `json:"wrap,omitempty" caddy:"namespace=caddy.logging.encoders inline_key=format"`

	wrapped zapcore.Encoder
	taken   []string // from what was added before an entry
	object
}

// CaddyModule returns the Caddy module information.
func (Encoder) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: namespace + ".wechat_card", New: func() caddy.Module { return new(Encoder) }}
}

// Provision loads the encoder that writes.
func (e *Encoder) Provision(ctx caddy.Context) error {
	if e.WrappedRaw == nil {
		filter := new(logging.FilterEncoder) // without filters, it is what Caddy has by default
		if err := filter.Provision(ctx); err != nil {
			return err
		}
		e.wrap(filter)
		return nil
	}
	mod, err := ctx.LoadModule(e, "WrappedRaw")
	if err != nil {
		return fmt.Errorf("loading the wrapped encoder: %w", err)
	}
	encoder, ok := mod.(zapcore.Encoder)
	if !ok {
		return fmt.Errorf("%T is no encoder", mod)
	}
	e.wrap(encoder)
	return nil
}

// wrap sets the encoder that writes.
func (e *Encoder) wrap(encoder zapcore.Encoder) {
	e.wrapped = encoder
	e.object = object{encoder, scrubber{&e.taken, true}, new(int), false}
}

// ConfigureDefaultFormat implements caddy.ConfiguresFormatterDefault.
func (e *Encoder) ConfigureDefaultFormat(opener caddy.WriterOpener) error {
	if c, ok := e.wrapped.(caddy.ConfiguresFormatterDefault); ok {
		return c.ConfigureDefaultFormat(opener)
	}
	return nil
}

// Clone implements zapcore.Encoder.
func (e *Encoder) Clone() zapcore.Encoder {
	clone := &Encoder{taken: slices.Clone(e.taken)}
	clone.wrap(e.wrapped.Clone())
	return clone
}

// EncodeEntry implements zapcore.Encoder. Where something is taken out it goes through all twice, for it may have stood elsewhere
// before.
func (e *Encoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	taken := slices.Clone(e.taken)
	for {
		before := len(taken)
		s := scrubber{&taken, true}
		scrubbed := entry
		scrubbed.Message = redact.Secrets(redact.Text(entry.Message, s.keep))
		encoder := e.wrapped.Clone()
		for _, field := range fields {
			field.AddTo(object{encoder, s, new(int), false})
		}
		if len(taken) == before {
			return encoder.EncodeEntry(scrubbed, nil)
		}
	}
}

// UnmarshalCaddyfile sets up the encoder from Caddyfile tokens. Syntax:
//
//	wechat_card {
//		wrap <encoder> ...
//	}
func (e *Encoder) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return words.UnmarshalGuest(d, words.Subdirectives{
		"wrap": func() error {
			if e.WrappedRaw != nil {
				return words.AlreadySpecified(d, "wrap")
			}
			if !d.NextArg() {
				return d.ArgErr()
			}
			name := d.Val()
			encoder, err := words.Guest(d, namespace, name, "encoder")
			if err != nil {
				return err
			}
			e.WrappedRaw = caddyconfig.JSONModuleObject(encoder, "format", name, nil)
			return nil
		},
	})
}

// Interface guards
var (
	_ caddy.Provisioner                = (*Encoder)(nil)
	_ caddy.ConfiguresFormatterDefault = (*Encoder)(nil)
	_ caddyfile.Unmarshaler            = (*Encoder)(nil)
	_ zapcore.Encoder                  = (*Encoder)(nil)
)
