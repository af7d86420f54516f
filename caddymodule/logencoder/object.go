package logencoder

import (
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/redact"
	"go.uber.org/zap/zapcore"
)

// object passes on to an encoder what may be logged of an object's members. Numbers, times and the like pass as they are.
type object struct {
	zapcore.ObjectEncoder `json:"-"`

	scrub  scrubber
	depth  *int // how many objects are being written in it: Caddy's filter, around us, writes their members here
	nested bool // in another: it may have the names of headers
}

func (o object) isHidden(key string) bool {
	if o.isNested() {
		return redact.Header(key)
	}
	return redact.Field(key)
}

func (o object) isNested() bool { return o.nested || *o.depth > 0 }

// scrubber is that for what stands here. What a client sent in an object, such as his address, is not to be hidden by sending it as
// a code, too.
func (o object) scrubber() scrubber {
	s := o.scrub
	s.repeated = s.repeated && !o.isNested()
	return s
}

// AddString implements zapcore.ObjectEncoder.
func (o object) AddString(key, value string) {
	if o.isHidden(key) {
		o.ObjectEncoder.AddString(key, o.scrubber().take(value))
		return
	}
	o.ObjectEncoder.AddString(key, o.scrubber().text(value))
}

// AddByteString implements zapcore.ObjectEncoder.
func (o object) AddByteString(key string, value []byte) {
	if o.isHidden(key) {
		o.ObjectEncoder.AddByteString(key, []byte(o.scrubber().take(string(value))))
		return
	}
	o.ObjectEncoder.AddByteString(key, []byte(o.scrubber().text(string(value))))
}

// AddBinary implements zapcore.ObjectEncoder.
func (o object) AddBinary(key string, value []byte) {
	if o.isHidden(key) {
		o.ObjectEncoder.AddString(key, o.scrubber().take(string(value)))
		return
	}
	o.ObjectEncoder.AddBinary(key, value)
}

// AddReflected implements zapcore.ObjectEncoder.
func (o object) AddReflected(key string, value any) error {
	clean, changed := o.scrubber().reflected(value)
	if o.isHidden(key) && o.scrubber().hide(clean) {
		o.ObjectEncoder.AddString(key, redact.Redacted)
		return nil
	}
	if changed {
		value = clean
	}
	return o.ObjectEncoder.AddReflected(key, value)
}

// AddArray implements zapcore.ObjectEncoder. What Caddy has taken out itself, such as cookies, stays as Caddy writes it.
func (o object) AddArray(key string, marshaler zapcore.ArrayMarshaler) error {
	hidden := o.isHidden(key)
	if hidden {
		all := zapcore.NewMapObjectEncoder()
		if err := all.AddArray(key, marshaler); err != nil {
			return err
		}
		items, _ := all.Fields[key].([]any)
		if slices.ContainsFunc(items, func(item any) bool { return item != redact.Redacted }) && o.scrubber().hide(items) {
			o.ObjectEncoder.AddString(key, redact.Redacted)
			return nil
		}
	}
	return o.ObjectEncoder.AddArray(key, zapcore.ArrayMarshalerFunc(func(to zapcore.ArrayEncoder) error {
		return marshaler.MarshalLogArray(array{to, o.scrubber(), hidden})
	}))
}

// AddObject implements zapcore.ObjectEncoder.
func (o object) AddObject(key string, marshaler zapcore.ObjectMarshaler) error {
	inner := o.inner(marshaler)
	*o.depth++
	defer func() { *o.depth-- }()
	return o.ObjectEncoder.AddObject(key, inner)
}

func (o object) inner(marshaler zapcore.ObjectMarshaler) zapcore.ObjectMarshaler {
	return zapcore.ObjectMarshalerFunc(func(to zapcore.ObjectEncoder) error {
		return marshaler.MarshalLogObject(object{to, o.scrub, o.depth, true})
	})
}

// array passes on to an encoder what may be logged of an array.
type array struct {
	zapcore.ArrayEncoder

	scrub  scrubber
	hidden bool // every text of it
}

func (a array) text(value string) string {
	if a.hidden {
		return a.scrub.take(value)
	}
	return a.scrub.text(value)
}

// AppendString implements zapcore.ArrayEncoder.
func (a array) AppendString(value string) { a.ArrayEncoder.AppendString(a.text(value)) }

// AppendByteString implements zapcore.ArrayEncoder.
func (a array) AppendByteString(value []byte) {
	a.ArrayEncoder.AppendByteString([]byte(a.text(string(value))))
}

// AppendReflected implements zapcore.ArrayEncoder.
func (a array) AppendReflected(value any) error {
	if clean, changed := a.scrub.reflected(value); changed {
		value = clean
	}
	if text, ok := value.(string); ok {
		value = a.text(text)
	}
	return a.ArrayEncoder.AppendReflected(value)
}

// AppendArray implements zapcore.ArrayEncoder.
func (a array) AppendArray(marshaler zapcore.ArrayMarshaler) error {
	return a.ArrayEncoder.AppendArray(zapcore.ArrayMarshalerFunc(func(to zapcore.ArrayEncoder) error {
		return marshaler.MarshalLogArray(array{to, a.scrub, a.hidden})
	}))
}

// AppendObject implements zapcore.ArrayEncoder.
func (a array) AppendObject(marshaler zapcore.ObjectMarshaler) error {
	return a.ArrayEncoder.AppendObject(object{scrub: a.scrub, depth: new(int)}.inner(marshaler))
}
