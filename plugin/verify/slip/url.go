package slip

import (
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// URL are pages that are signed in the place of the one that the browser shows.
func URL(bare, fragment string) []*Slip {
	var list []*Slip
	try := func(id report.ID, value string) {
		if value != bare && value != "" {
			list = append(list, Set(id, "url", value).As(strconv.Itoa(len(list))))
		}
	}
	each := func(id report.ID, change func(string) string) {
		if changed := change(bare); changed != bare && changed != "" {
			list = append(list, New(id, "url", func(d *draft.Draft) { d.Change("url", change) }, "url "+string(id)).As(strconv.Itoa(len(list))))
		}
	}
	for i, f := range []string{fragment, "", "/"} { // one that is not known may be the usual one
		if i > 0 && f == fragment {
			continue
		}
		list = append(list, New(report.URLWithFragment, "url", func(d *draft.Draft) {
			d.Change("url", func(u string) string { return u + "#" + f })
		}, "fragment").As(f))
	}
	path, query, hasQuery := strings.Cut(bare, "?")
	try(report.URLWithoutQuery, path)
	each(report.URLEncoded, url.QueryEscape)
	each(report.URLEncoded, func(u string) string { return strings.ToLower(url.QueryEscape(u)) })
	each(report.URLEncoded, escapeURI)
	each(report.URLDecoded, func(u string) string { d, _ := url.PathUnescape(u); return d })
	each(report.URLDecoded, func(u string) string { d, _ := url.QueryUnescape(u); return d })
	each(report.URLEscaped, html.EscapeString)
	each(report.URLEscaped, html.UnescapeString)
	each(report.URLScheme, func(u string) string {
		if rest, ok := strings.CutPrefix(u, "https://"); ok {
			return "http://" + rest
		}
		if rest, ok := strings.CutPrefix(u, "http://"); ok {
			return "https://" + rest
		}
		return u
	})
	each(report.URLSlash, func(u string) string {
		p, q, has := strings.Cut(u, "?")
		if trimmed, has := strings.CutSuffix(p, "/"); has {
			p = trimmed
		} else {
			p += "/"
		}
		if has {
			p += "?" + q
		}
		return p
	})
	each(report.URLPort, func(u string) string { return swapPort(u) })
	each(report.URLHost, func(u string) string { return swapWWW(u) })
	if hasQuery {
		params := strings.Split(query, "&")
		for i := range min(len(params), maxParameters) {
			// one of them, and all from there on: WeChat appends its own where a page is shared
			try(report.URLParameter, path+"?"+strings.Join(slices.Delete(slices.Clone(params), i, i+1), "&"))
			if i > 0 {
				try(report.URLParameter, path+"?"+strings.Join(params[:i], "&"))
			}
		}
	}
	if scheme, rest, ok := strings.Cut(path, "://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		try(report.URLOrigin, scheme+"://"+host)
		try(report.URLOrigin, scheme+"://"+host+"/")
	}
	return list
}

// maxParameters is how many parameters of a query are left out one by one.
const maxParameters = 10

// escapeURI is JavaScript's encodeURI for what url.QueryEscape escapes too much.
func escapeURI(u string) string {
	var b strings.Builder
	for i := range len(u) {
		if c := u[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}%", c) >= 0 {
			b.WriteString("%" + strings.ToUpper(string("0123456789abcdef"[c>>4])+string("0123456789abcdef"[c&15])))
			continue
		}
		b.WriteByte(u[i])
	}
	return b.String()
}

// swapPort takes the default port off a URL, or puts it there.
func swapPort(u string) string {
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok {
		return u
	}
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	if name, _, has := strings.Cut(host, ":"); has {
		return scheme + "://" + name + path
	}
	port := map[string]string{"https": ":443", "http": ":80"}[scheme]
	return scheme + "://" + host + port + path
}

// swapWWW takes www. off a URL's host, or puts it there.
func swapWWW(u string) string {
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok {
		return u
	}
	if bare, has := strings.CutPrefix(rest, "www."); has {
		return scheme + "://" + bare
	}
	return scheme + "://www." + rest
}
