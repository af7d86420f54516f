package fill

import (
	"net/http"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/component"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/fill"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/signer"
)

// fill writes b.filled: b.text with its parts filled. All of them are checked before the first one is.
func (f *Fill) fill(r *http.Request, account *plugin.Account, b *fillBuffer) error {
	sign := false
	for i := range b.parts {
		p := &b.parts[i]
		ext, err := f.ext(p)
		if err != nil {
			return byBackend(err)
		}
		b.exts = append(b.exts, ext)
		sign = sign || p.Kind == fill.CardExt
	}
	var signer signer.CardSigner
	var err error
	if sign {
		if signer, err = account.CardSigner(r.Context()); err != nil {
			return err
		}
	}
	b.filled, err = fill.Append(b.filled, b.text, b.parts, func(dst []byte, i int) ([]byte, error) {
		if b.parts[i].Kind == fill.CardExt {
			dst, err := signer.AppendCardExt(dst, &b.exts[i], true)
			if err != nil {
				err = byBackend(err)
			}
			return dst, err
		}
		extra, err := f.extraData(r, account, &b.exts[i])
		if err != nil {
			return dst, err
		}
		return extra.AppendJSON(dst), nil
	})
	return err
}

// ext puts together what the backend says of a card. Its values are held to what clients may send, for backends pass on what
// they were sent.
func (f *Fill) ext(p *fill.Part) (ext card.Ext, err error) {
	var fault language.Phrase
	if ext.CardID, fault = jsonscan.DecodeString(p.CardID); fault != "" {
		return ext, problem.Invalid("card_id %s", fault)
	}
	if _, err = f.cards.Find(ext.CardID); err != nil {
		return ext, err
	}
	if p.Unknown != nil {
		return ext, problem.Invalid("cardExt of card %s has a field %s, which the gateway does not know", ext.CardID, field.Quote(string(p.Unknown)))
	}
	if ext.Code, err = backendText(field.Code, p.Code); err != nil {
		return ext, err
	}
	if ext.OpenID, err = backendText(field.OpenID, p.OpenID); err != nil {
		return ext, err
	}
	if ext.OuterStr, err = backendText(field.OuterStr, p.OuterStr); err != nil {
		return ext, err
	}
	ext.FixedBeginTimestamp, err = backendText(field.FixedBegin, p.FixedBeginTimestamp)
	return ext, err
}

// backendText checks a JSON value; nil: there is none.
func backendText(f field.Field, raw []byte) (string, error) {
	if raw == nil {
		return "", nil
	}
	if f == field.FixedBegin && raw[0] != '"' { // a time may be a number
		return field.Text{S: string(raw)}.Check(f)
	}
	s, fault := jsonscan.DecodeString(raw)
	return field.Text{S: s, Fault: fault}.Check(f)
}

// extraData gives what opens the member-card component for a card.
func (f *Fill) extraData(r *http.Request, account *plugin.Account, ext *card.Ext) (card.ExtraData, error) {
	rule, err := f.cards.Find(ext.CardID)
	if err != nil {
		return card.ExtraData{}, err
	}
	extra, err := account.MemberCardComponent(r.Context(), component.Query{
		CardID: ext.CardID, OuterStr: ext.OuterStr, MaxAge: cards.ComponentAge,
		ClientChosen: !rule.Listed || ext.OuterStr != "", // where the backend has it from is not known
	})
	if err != nil && rule.Listed {
		err = &cards.ListedError{CardID: ext.CardID, Err: err}
	}
	return extra, err
}

// byBackend says of a Problem whose it is.
func byBackend(err error) error {
	p := problem.Of(err, time.Now())
	p.Within("the backend's answer: %s")
	p.Warn = true
	return p
}
