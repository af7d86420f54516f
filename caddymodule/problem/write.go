package problem

import (
	"cmp"
	"math"
	"net/http"
	"strconv"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// Form writes the answer for a Problem in the place of a problem document: some clients read another form only.
type Form func(w http.ResponseWriter, r *http.Request, p *Problem)

// SetHeader sets what belongs to the problem whoever writes the body: Caddy's error routes, or write.
func (p *Problem) SetHeader(h http.Header) {
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
}

// Write answers with the problem document.
func (p *Problem) Write(w http.ResponseWriter, r *http.Request) {
	if p.Form != nil {
		p.Form(w, r, p)
		return
	}
	lang := language.English
	if p.message.In(language.Chinese) != "" {
		lang = language.Preferred(r.Header["Accept-Language"])
	}
	body := p.appendJSON(nil, lang)
	h := w.Header()
	p.SetHeader(h)
	h.Add("Vary", "Accept-Language")
	h.Set("Content-Language", string(lang))
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	isHead := r.Method == http.MethodHead
	if isHead { // else the server counts: a length of ours would stay where intercept writes another body
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(p.Status)
	if !isHead {
		_, _ = w.Write(body) //nolint:gosec // JSON; and a client that is gone needs no answer
	}
}

// DetailIn gives the detail in a language, or in English where there is no text for it.
func (p *Problem) DetailIn(lang language.Tag) string { return cmp.Or(p.message.In(lang), p.Detail) }

// appendJSON writes the problem document. What lang has no text for is English.
func (p *Problem) appendJSON(b []byte, lang language.Tag) []byte {
	b = append(b, `{"type":"about:blank","title":`...)
	b = card.AppendString(b, language.Phrase(http.StatusText(p.Status)).In(lang))
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(p.Status), 10)
	b = AppendMember(b, "detail", p.DetailIn(lang))
	b = AppendMember(b, "reason", p.Reason)
	refused := p.Status == http.StatusUnprocessableEntity
	failed := p.Status == http.StatusBadGateway || p.Status == http.StatusServiceUnavailable
	if p.ErrCode != 0 && (refused || failed || p.ShowErrCode) {
		b = append(b, `,"errcode":`...)
		b = strconv.AppendInt(b, int64(p.ErrCode), 10)
		if refused || p.ShowErrCode {
			b = AppendMember(b, "errmsg", p.ErrMsg)
		}
	}
	if p.Hint != "" && (refused || p.Status == http.StatusForbidden) {
		b = AppendMember(b, "hint", language.Phrase(p.Hint).In(lang))
	}
	if p.RID != "" && failed {
		b = AppendMember(b, "rid", p.RID)
	}
	return append(b, '}')
}

// AppendMember appends a member with its comma in front, `,"name":"value"`. Control characters of value are replaced.
func AppendMember(b []byte, name, value string) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	return card.AppendString(b, field.Printable(value))
}
