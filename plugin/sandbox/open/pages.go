package open

import (
	"html/template"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
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
var policy = wire.Policy("*", twice)

func show(w http.ResponseWriter, status int, page *template.Template, data any) {
	wire.Page(w, status, policy, page, data)
}
