package request

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// encryptCode is what wx.chooseCard, and addresses to which WeChat sends users, call an encrypted code.
const encryptCode = "encrypt_code"

// named finds a field of the shape by one of its names.
func (sh *Shape) named(name string) (f field.Field, ok bool) {
	if name == encryptCode && sh.CardList {
		return field.Code, true
	}
	f, ok = field.Named(name)
	return f, ok && sh.Fields.Has(f)
}

// seen keeps which fields of one card, or of all, have been read.
type seen struct {
	fields          field.Set
	code, encrypted bool // the field code, by each of its names
}

// set takes in the value of field f, which came by a name.
func (n *seen) set(to *field.Texts, f field.Field, name, s string, fault language.Phrase) {
	text := &to[f]
	if f != field.Code {
		text.Set(&n.fields, f, s, fault)
		return
	}
	before := &n.code
	if name == encryptCode {
		before = &n.encrypted
	}
	got := field.Text{S: s, Fault: fault}
	switch {
	case *before, !text.Absent() && !got.Absent():
		text.Fault = field.FaultTwice
	case text.Absent():
		*text = got
	}
	*before = true
}
