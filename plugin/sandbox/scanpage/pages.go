package scanpage

import (
	"html/template"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

const head = `<!DOCTYPE html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>授权 · sandbox</title>
`

// refusedPage is what WeChat shows for a request that it does not take.
var refusedPage = template.Must(template.New("refused").Parse(head + `<h1>无法授权</h1>
<p id="why">{{.}}</p>
`))

// accountsPage is where the owner says which account it is; or says so at the phone, which the page waits for.
var accountsPage = template.Must(template.New("accounts").Parse(head + `<h1>{{if .Mobile}}选择账号{{else}}扫码授权{{end}}</h1>
<p>{{.Component}}</p>
<ul>
{{- range .Accounts}}
<li><a id="account-{{.AppID}}" href="{{$.Choice}}?request={{$.Request}}&amp;app_id={{.AppID}}">{{.Name}}</a> {{if .MiniProgram}}小程序{{else}}公众号{{end}} {{.AppID}}
{{- end}}
</ul>
{{- if .Any}}
<form action="{{.Choice}}">
<input type="hidden" name="request" value="{{.Request}}">
<label>AppID <input id="other" name="app_id" required pattern="wx[0-9a-zA-Z]+"></label> <button>继续 Continue</button>
</form>
{{- end}}
<p id="wait" data-wait="{{.Wait}}">或在沙箱的手机上确认 · or confirm on the sandbox’s phone</p>
<script>` + waits + `</script>
`))

// waits goes where the owner's answer at the phone leads.
const waits = `const ask = document.getElementById("wait").dataset.wait;
setInterval(async () => {
  const answer = await fetch(ask).then((r) => r.json()).catch(() => ({}));
  if (answer.to) location.replace(answer.to);
}, 500);`

// setsPage is where the owner says what he grants.
var setsPage = template.Must(template.New("sets").Parse(head + `<h1>{{.Name}}</h1>
<p>{{.AppID}} → {{.Component}}</p>
<form action="{{.Confirm}}">
<input type="hidden" name="request" value="{{.Request}}">
<input type="hidden" name="app_id" value="{{.AppID}}">
<ul>
{{- range .Sets}}
<li><label><input type="checkbox" name="set" value="{{.ID}}" checked> {{.ID}} {{.Name}}</label>
{{- end}}
</ul>
<button id="confirm">授权 Authorise</button>
</form>
`))

// policy lets a page run the one script that there is.
var policy = wire.Policy("'self'", waits)

func refuse(w http.ResponseWriter, status int, why string) { show(w, status, refusedPage, why) }

func show(w http.ResponseWriter, status int, page *template.Template, data any) {
	wire.Page(w, status, policy, page, data)
}
