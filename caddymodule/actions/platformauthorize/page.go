package platformauthorize

import (
	"bytes"
	"crypto/rand"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/visit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
)

// pageKind is what a page says.
type pageKind string

// The kinds of pages.
const (
	pageOffer pageKind = "offer" // here are the ways to WeChat
	pageLeave pageKind = "leave" // on to WeChat
	pageDone  pageKind = "done"  // this was authorised
	pageFault pageKind = "fault" // this went wrong
)

// page is one page.
type page struct {
	kind       pageKind
	links      asked // what the links of the page say again
	to         string
	authorised platform.Authorisation
	missing    []int
	problem    *problem.Problem
}

// view is what the template shows.
type view struct {
	Texts
	Kind      pageKind
	Lang      language.Tag
	Nonce     string // of the page's own style and script
	Heading   string
	PC        string // link
	Mobile    string // link
	IsPhone   bool
	To        string // address
	Name      string
	AppID     string
	Sets      []set
	Missing   []set
	Detail    string
	HasDetail bool
}

// set is a permission set (权限集).
type set struct {
	ID   int
	Name string
	Why  string // it is missed
}

// show answers with a page. Nothing of another host's is in it, and no other page can put it into a frame.
func (p *PlatformAuthorize) show(w http.ResponseWriter, r *http.Request, status int, shown page) {
	lang := language.Preferred(r.Header["Accept-Language"])
	texts := textsOf(lang)
	v := view{
		Texts: texts, Kind: shown.kind, Lang: lang, Nonce: rand.Text(), PC: link(startPC, shown.links), Mobile: link(startMobile, shown.links),
		IsPhone: isPhone(r.UserAgent()), To: shown.to, Name: shown.authorised.Name, AppID: shown.authorised.AppID,
	}
	switch shown.kind {
	case pageOffer:
		v.Heading = texts.Offer
	case pageLeave:
		v.Heading = texts.Leave
	case pageDone:
		v.Heading = texts.Done
		for _, id := range shown.authorised.Sets {
			v.Sets = append(v.Sets, set{ID: id, Name: texts.nameOf(id)})
		}
		for _, id := range shown.missing {
			v.Missing = append(v.Missing, set{id, texts.nameOf(id), texts.Why[id]})
		}
	case pageFault:
		v.Heading = texts.Fault
		v.Detail = shown.problem.DetailIn(lang)
		if hint := shown.problem.Hint; hint != "" {
			v.Detail += " — " + language.Phrase(hint).In(lang)
		}
	}
	var b bytes.Buffer
	if err := layout.Execute(&b, v); err != nil {
		p.logger.Error("page of platform_authorize cannot be written: " + err.Error())
	}
	h := w.Header()
	visit.NoStore(w)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(lang))
	h.Add("Vary", "Accept-Language, User-Agent")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "origin") // WeChat wants the host, and nobody needs the rest
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "+
		"style-src 'nonce-"+v.Nonce+"'; script-src 'nonce-"+v.Nonce+"'")
	if r.Method == http.MethodHead {
		h.Set("Content-Length", strconv.Itoa(b.Len()))
		w.WriteHeader(status)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// showProblem is a problem.Form for people.
func (p *PlatformAuthorize) showProblem(w http.ResponseWriter, r *http.Request, shown *problem.Problem) {
	shown.SetHeader(w.Header())
	links, err := p.readAsked(r)
	if err != nil {
		links = asked{}
	}
	if attempt, ok := p.attempt(r, visit.Param(r, paramNonce).S); ok {
		links.back = attempt.Return
	}
	p.show(w, r, shown.Status, page{kind: pageFault, links: links, problem: shown})
}

// link is the address on this very page at which a merchant begins.
func link(device string, a asked) string {
	s := "?" + paramStart + "=" + device
	if a.appID != "" {
		s += "&" + paramAppID + "=" + url.QueryEscape(a.appID)
	}
	if a.back != "" {
		s += "&" + paramReturn + "=" + url.QueryEscape(a.back)
	}
	return s
}

// isPhone tells by its User-Agent whether a page is shown on a phone. WeChat for computers says that it is one of these.
func isPhone(agent string) bool {
	if strings.Contains(agent, "WindowsWechat") || strings.Contains(agent, "MacWechat") {
		return false
	}
	return strings.Contains(agent, "Mobile") || strings.Contains(agent, "MicroMessenger")
}

var layout = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="origin">
<title>{{.Heading}}</title>
<style nonce="{{.Nonce}}">
body { margin: 0; font: 16px/1.6 system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", sans-serif; color: #1a1a1a; background: #f5f5f5; }
main { max-width: 34rem; margin: 8vh auto; padding: 2rem 1.5rem; background: #fff; border-radius: 12px; }
h1 { margin: 0 0 1rem; font-size: 1.4rem; }
a.button { display: block; margin: .75rem 0; padding: .7rem 1rem; border: 1px solid #07c160; border-radius: 8px; color: #067a41; text-align: center; text-decoration: none; }
a.first { background: #07853f; border-color: #07853f; color: #fff; }
li.missing { color: #a3341f; }
p.small, small { color: #595959; font-size: .9rem; }
</style>
</head>
<body>
<main>
<h1>{{.Heading}}</h1>
{{if eq .Kind "offer"}}
<p>{{.Explain}}</p>
{{template "links" .}}
{{else if eq .Kind "leave"}}
<p><a class="button first" id="to" href="{{.To}}">{{.Continue}}</a></p>
<script nonce="{{.Nonce}}">location.replace(document.getElementById("to").href)</script>
{{else if eq .Kind "done"}}
<p id="account">{{with .Name}}{{.}} · {{end}}<code>{{.AppID}}</code></p>
{{if .Sets}}<p>{{.Granted}}</p>
<ul>{{range .Sets}}<li>{{.Name}} <small>({{.ID}})</small></li>{{end}}</ul>{{end}}
{{if .Missing}}<p>{{.MissingSets}}</p>
<ul>{{range .Missing}}<li class="missing">{{.Name}} <small>({{.ID}})</small>: {{.Why}}</li>{{end}}</ul>
<p class="small">{{.Remedy}}</p>
{{template "links" .}}{{end}}
{{if .To}}<p><a class="button first" href="{{.To}}">{{.GoOn}}</a></p>{{else if not .Missing}}<p>{{.Close}}</p>{{end}}
{{else}}
<p>{{.Detail}}</p>
{{template "links" .}}
{{end}}
</main>
</body>
</html>
{{define "links"}}{{if .IsPhone}}<a class="button first" id="mobile" href="{{.Mobile}}">{{.ByPhone}}</a>
<a class="button" id="pc" href="{{.PC}}">{{.ByPC}}</a>{{else}}<a class="button first" id="pc" href="{{.PC}}">{{.ByPC}}</a>
<a class="button" id="mobile" href="{{.Mobile}}">{{.ByPhone}}</a>{{end}}
{{end}}`))
