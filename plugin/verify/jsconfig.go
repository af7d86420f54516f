package verify

import (
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// What the client reads out of the argument of wx.config; url stands beside it.
var configSpecs = []spec{
	{name: "appId"},
	{name: "timestamp", signed: "timestamp", others: []string{"time", "ts"}, number: true},
	{name: "nonceStr", signed: "noncestr", others: []string{"nonce"}},
	{name: "signature", others: []string{"sign"}},
}

// jsConfig checks the argument of wx.config.
func (c *checker) jsConfig(members []member) {
	c.report.Items = make([]Item, 1)
	it := &c.report.Items[0]
	page := c.in.URL
	var kept []member
	apis := false
	for _, m := range members {
		switch plainKey(m.key) {
		case "url", "link":
			if text, ok := stringOf(m.raw); ok && page == "" {
				page = text
			}
		case "jsapilist":
			_, apis = listOf(m.raw)
			if m.key != "jsApiList" {
				it.about(KeyName, "jsApiList", m.key)
			}
		default:
			kept = append(kept, m)
		}
	}
	f := readFields(it, kept, configSpecs, "debug", "beta", "openTagList")
	c.judgeTime(it, f, "timestamp")
	nonce := f["nonceStr"].value
	if nonce == "" {
		it.about(FieldMissing, "nonceStr", "")
	}
	if !apis {
		it.found(APIListMissing)
	}
	p := &problem{
		sent:    f["signature"].value,
		account: c.account(""),
		ticket:  jsapiTicket,
		must:    "url",
	}
	appID := f["appId"].value
	if p.account == nil {
		p.account = c.byAppID(appID)
	}
	if id := appIDIs(c.known, p.account, appID); id != "" {
		it.about(id, "appId", appID)
	}
	if page == "" {
		p.lacks = append(p.lacks, URLNeeded)
	}
	bare, fragment, _ := strings.Cut(page, "#")
	p.signed = draft{
		values: []part{
			{name: jsapiTicket, camel: "jsapiTicket", secret: true},
			{name: "noncestr", camel: "nonceStr", value: nonce},
			{name: "timestamp", camel: "timeStamp", value: f["timestamp"].value},
			{name: "url", camel: "url", value: bare},
		},
		order: asTheyStand,
		join:  pairs("&"),
	}
	p.slip(configSlips(p.signed.values)...)
	if page != "" {
		p.slip(urlSlips(bare, fragment)...)
	}
	c.search(it, p)
}

// byAppID gives the official account of an app id, nil if none has it.
func (c *checker) byAppID(appID string) *Account {
	i := slices.IndexFunc(c.known.Accounts, func(a Account) bool { return a.AppID == appID && appID != "" && !a.MiniProgram })
	if i < 0 {
		return nil
	}
	return &c.known.Accounts[i]
}

// urlSlips are pages that are signed in the place of the one that the browser shows.
func urlSlips(bare, fragment string) []*slip {
	var list []*slip
	try := func(id ID, value string) {
		if value != bare && value != "" {
			list = append(list, setValue(id, "url", value).as(strconv.Itoa(len(list))))
		}
	}
	each := func(id ID, change func(string) string) {
		if changed := change(bare); changed != bare && changed != "" {
			list = append(list, &slip{
				finding: newFinding(id, "url", ""), variant: strconv.Itoa(len(list)), groups: []string{"url " + string(id)},
				apply: func(d *draft) { d.change("url", change) },
			})
		}
	}
	if fragment != "" {
		s := &slip{finding: newFinding(URLWithFragment, "url", ""), groups: []string{"fragment"}, apply: func(d *draft) {
			d.change("url", func(u string) string { return u + "#" + fragment })
		}}
		list = append(list, s)
	}
	path, query, hasQuery := strings.Cut(bare, "?")
	try(URLWithoutQuery, path)
	each(URLEncoded, url.QueryEscape)
	each(URLEncoded, func(u string) string { return strings.ToLower(url.QueryEscape(u)) })
	each(URLEncoded, escapeURI)
	each(URLDecoded, func(u string) string { d, _ := url.PathUnescape(u); return d })
	each(URLDecoded, func(u string) string { d, _ := url.QueryUnescape(u); return d })
	each(URLEscaped, html.EscapeString)
	each(URLEscaped, html.UnescapeString)
	each(URLScheme, func(u string) string {
		if rest, ok := strings.CutPrefix(u, "https://"); ok {
			return "http://" + rest
		}
		if rest, ok := strings.CutPrefix(u, "http://"); ok {
			return "https://" + rest
		}
		return u
	})
	each(URLSlash, func(u string) string {
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
	each(URLPort, func(u string) string { return swapPort(u) })
	each(URLHost, func(u string) string { return swapWWW(u) })
	if hasQuery {
		params := strings.Split(query, "&")
		for i := range min(len(params), maxParameters) {
			// one of them, and all from there on: WeChat appends its own where a page is shared
			try(URLParameter, path+"?"+strings.Join(slices.Delete(slices.Clone(params), i, i+1), "&"))
			if i > 0 {
				try(URLParameter, path+"?"+strings.Join(params[:i], "&"))
			}
		}
	}
	if scheme, rest, ok := strings.Cut(path, "://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		try(URLOrigin, scheme+"://"+host)
		try(URLOrigin, scheme+"://"+host+"/")
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
