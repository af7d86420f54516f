package open

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
)

const head = `<!DOCTYPE html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>微信登录 · sandbox</title>
`

// refusedPage is what WeChat shows for a request that it does not take.
var refusedPage = template.Must(template.New("refused").Parse(head + `<h1>该链接无法访问</h1>
<p>{{.}}</p>
`))

// consentPage is where a visitor chooses.
var consentPage = template.Must(template.New("consent").Parse(head + `<h1>{{.App}} 申请获取你的昵称、头像</h1>
<p>{{.User}} → {{.To}}</p>
<ul>
<li><a id="allow" href="{{.Choose}}allow">允许 Allow</a>
<li><a id="deny" href="{{.Choose}}deny">拒绝 Deny</a>
<li><a id="snapshot" href="{{.Choose}}snapshot">快照页 Snapshot</a>
</ul>
`))

// twice opens the callback as WeChat's client sometimes does: two times, with one code.
const twice = `const to = document.getElementById("to").href;
fetch(to, {mode: "no-cors", credentials: "include", redirect: "manual"}).catch(() => {}).finally(() => location.replace(to));`

var doublePage = template.Must(template.New("double").Parse(head + `<p><a id="to" href="{{.}}">继续 Continue</a></p>
<script>` + twice + `</script>
`))

// policy lets a page run the one script that there is.
var policy = func() string {
	sum := sha256.Sum256([]byte(twice))
	return "default-src 'none'; connect-src *; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; frame-ancestors 'none'"
}()

func show(w http.ResponseWriter, status int, page *template.Template, data any) {
	var body bytes.Buffer
	_ = page.Execute(&body, data) // into memory, with data that it was made for
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the client may be gone
}
