package routes_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/doctor/routes"
	_ "github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest" // all modules
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// found gives what is said of a Caddyfile.
func found(t *testing.T, text string) (all []string) {
	t.Helper()
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), nil)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	var config struct {
		Apps struct{ HTTP json.RawMessage }
	}
	if err := json.Unmarshal(out, &config); err != nil {
		t.Fatal(err)
	}
	routes.Check(config.Apps.HTTP, func(f doctor.Finding) {
		all = append(all, fmt.Sprintf("%s %s → %s", [...]string{"✓", "!", "✗"}[f.Verdict], f.Text, f.Todo))
	})
	return all
}

func TestCheck(t *testing.T) {
	const fine = "✓ every action is reached"
	for name, tc := range map[string]struct{ site, want string }{
		"oauth":                 {"route {\nwechat_card oauth {\norigin https://a.example\n}\nwechat_card /card add_card {\ncard p1 {\nopenid {http.wechat_card.openid}\n}\n}\n}", fine},
		"oauth too late":        {"route {\nwechat_card /card add_card {\ncard p1 {\nopenid {http.wechat_card.openid}\n}\n}\nwechat_card oauth {\norigin https://a.example\n}\n}", "✗ add_card at /card reads {http.wechat_card.openid} before oauth sets it → put both into a route { … }, oauth first"},
		"oauth not at its path": {"route {\nwechat_card /member/* oauth {\norigin https://a.example\n}\nrespond ok\n}", "✗ no request reaches oauth at /wechat/oauth/callback: respond stands before it and answers /wechat/oauth/callback → let what it matches, and the blocks around it, hold /wechat/oauth/*, too"},
		"oauth of another path": {"route {\n@o path /o/* /member/*\nwechat_card @o oauth {\norigin https://a.example\npath /o\n}\nrespond ok\n}", fine},
		"seven lines":           {"wechat_card /wechat/* cards p1\nreverse_proxy 127.0.0.1:1", fine},
		"no matcher":            {"wechat_card cards p1\nrespond ok", fine},
		"order as Caddy has it": {"reverse_proxy 127.0.0.1:1\nwechat_card /a add_card p1\nrespond ok\nfile_server", fine},
		"handle":                {"handle /wechat/* {\nwechat_card /wechat/addCard add_card p1\n}\nhandle {\nreverse_proxy 127.0.0.1:1\n}", fine},
		"handle in handle":      {"handle /api/* {\nhandle /api/w/* {\nwechat_card cards p1\n}\nreverse_proxy 127.0.0.1:1\n}", fine},
		"handle_path":           {"handle_path /api/* {\nwechat_card /wechat/addCard add_card p1\nreverse_proxy 127.0.0.1:1\n}", fine},
		"handle_path that strips its path": {
			"handle_path /wechat/* {\nwechat_card /wechat/addCard add_card p1\n}\nrespond ok", "✗ no request reaches add_card at /wechat/addCard: handle_path or uri makes /addCard of /wechat/addCard before it → let it match the path that is left",
		},
		"uri strip_prefix":                        {"uri strip_prefix /wechat\nwechat_card /wechat/addCard add_card p1", "✗ no request reaches add_card at /wechat/addCard: handle_path or uri makes /addCard of /wechat/addCard"},
		"handle of another path":                  {"handle /a/* {\nwechat_card /b/addCard add_card p1\n}", "✗ no request reaches add_card at /b/addCard"},
		"an SPA by not file":                      {"@spa not file\nrewrite @spa /index.html\nwechat_card /wechat/* cards p1\nfile_server", "✗ no request reaches cards at /wechat/*: rewrite makes /index.html of"},
		"an SPA by not file, in a block":          {"@spa {\nnot file\nnot path /api/*\n}\nrewrite @spa /index.html\nwechat_card /wechat/* cards p1\nfile_server", "✗ no request reaches cards at /wechat/*: rewrite makes /index.html of"},
		"an SPA that leaves the path alone":       {"@spa {\nnot file\nnot path /wechat/*\n}\nrewrite @spa /index.html\nwechat_card /wechat/* cards p1\nfile_server", fine},
		"rewritten by method":                     {"@g method GET POST\nrewrite @g /index.php\nwechat_card /wechat/* cards p1", "✗ no request reaches cards"},
		"rewritten by another method":             {"@g method PUT\nrewrite @g /index.php\nwechat_card /wechat/* cards p1", fine},
		"uri replace":                             {"uri replace /wechat/ /w/\nwechat_card /wechat/* cards p1", "✗ no request reaches cards at /wechat/*: handle_path or uri makes /w/"},
		"uri replace of another path":             {"uri replace /a/ /w/\nwechat_card /wechat/* cards p1", fine},
		"uri path_regexp":                         {"uri path_regexp ^/wechat /w\nwechat_card /wechat/* cards p1", "✗ no request reaches cards at /wechat/*: handle_path or uri makes /w/"},
		"proxy before it":                         {"route {\nreverse_proxy 127.0.0.1:1\nwechat_card /wechat/* cards p1\n}", "✗ no request reaches cards at /wechat/*: reverse_proxy stands before it and answers"},
		"respond before it":                       {"route {\nrespond /wechat/* ok\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card at /wechat/addCard: respond stands before it"},
		"redir of all":                            {"route {\nredir https://www.example.com{uri}\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card"},
		"files before it":                         {"route {\nfile_server\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card at /wechat/addCard: file_server stands before it"},
		"files with pass_thru":                    {"route {\nfile_server {\npass_thru\n}\nwechat_card /wechat/addCard add_card p1\n}", fine},
		"proxy of other paths":                    {"route {\nreverse_proxy /api/* 127.0.0.1:1\nwechat_card /wechat/addCard add_card p1\n}", fine},
		"proxy of some":                           {"route {\n@get method GET\nreverse_proxy @get 127.0.0.1:1\nwechat_card /wechat/addCard add_card p1\n}", fine},
		"forward_auth":                            {"forward_auth /wechat/* 127.0.0.1:1 {\nuri /session\n}\nroute {\nforward_auth 127.0.0.1:1 {\nuri /x\n}\nwechat_card /wechat/addCard add_card p1\n}", fine},
		"cards behind an action by length":        {"wechat_card /wechat/* cards p1\nwechat_card /wechat/addCard add_card p2", fine},
		"cards behind all that it answers":        {"route {\nwechat_card /wechat/addCard add_card p2\nwechat_card /wechat/openCard open_card p2\nwechat_card /wechat/memberCard member_card_component p2\nwechat_card /wechat/* cards p1\n}", "✗ no request reaches cards"},
		"cards before it":                         {"route {\nwechat_card /wechat/* cards p1\nwechat_card /wechat/addCard add_card p2\n}", "✗ no request reaches add_card at /wechat/addCard: wechat_card cards stands before it"},
		"cards behind it":                         {"route {\nwechat_card /wechat/addCard add_card p2\nwechat_card /wechat/* cards p1\n}", fine},
		"sorted by Caddy":                         {"wechat_card /wechat/openCard open_card p1\nwechat_card /wechat/addCard add_card p2", fine},
		"single-page application":                 {"root /srv\ntry_files {path} /index.html\nwechat_card /wechat/* cards p1\nfile_server", "✗ no request reaches cards at /wechat/*: try_files makes /index.html of /wechat/addCard before it → put both into a route"},
		"single-page application, its pages only": {"root /srv\nwechat_card /wechat/* cards p1\nhandle {\ntry_files {path} /index.html\nfile_server\n}", fine},
		"single-page application in a route":      {"root /srv\nroute {\nwechat_card /wechat/* cards p1\ntry_files {path} /index.html\nfile_server\n}", fine},
		"PHP":                                     {"root /srv\nwechat_card /wechat/* cards p1\nphp_fastcgi 127.0.0.1:9000\nfile_server", fine},
		"PHP in a route":                          {"root /srv\nroute {\nphp_fastcgi 127.0.0.1:9000\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card"},
		"PHP's front controller":                  {"root /srv\ntry_files {path} /index.php\nwechat_card /wechat/addCard add_card p1\nphp_fastcgi 127.0.0.1:9000", "✗ no request reaches add_card at /wechat/addCard: try_files makes /index.php"},
		"for the front controller":                {"root /srv\nroute {\ntry_files {path} /index.php\nwechat_card /index.php inject {\nheader X-T api_ticket\n}\nphp_fastcgi 127.0.0.1:9000\n}", fine},
		"scripts behind try_files":                {"root /srv\ntry_files {path} /index.php\nwechat_card /legacy/* inject {\nheader X-T api_ticket\n}\nphp_fastcgi 127.0.0.1:9000", "! inject at /legacy/* is reached by requests for files only"},
		"try_files of an error":                   {"root /srv\ntry_files {path} =404\nwechat_card /wechat/addCard add_card p1", "✗ no request reaches add_card"},
		"rewrite of all":                          {"rewrite * /index.php?p={path}\nwechat_card /wechat/addCard add_card p1", "✗ no request reaches add_card at /wechat/addCard: rewrite makes /index.php of /wechat/addCard"},
		"rewrite to it":                           {"route {\nrewrite /coupons/get /wechat/addCard\nwechat_card /wechat/addCard add_card p1\n}", fine},
		"rewrite in a block":                      {"handle /coupons/* {\nrewrite * /wechat/addCard\nwechat_card /wechat/addCard add_card p1\n}", fine},
		"rewrite by what is not known":            {"rewrite * {header.X-Path}\nwechat_card /wechat/addCard add_card p1", fine},
		"rewrite of what a map says":              {"map {path} {target} {\n/a /b\ndefault {path}\n}\nrewrite * {target}\nwechat_card /wechat/addCard add_card p1", fine},
		"rewrite of queries":                      {"rewrite * ?a=1&{query}\nwechat_card /wechat/addCard add_card p1", fine},
		"login first":                             {"route /mine {\nwechat_card login\nwechat_card add_card {\ncard p1 {\nopenid {http.wechat_card.mini_openid}\n}\n}\n}", fine},
		"login behind":                            {"route /mine {\nwechat_card add_card {\ncard p1 {\nopenid {http.wechat_card.mini_openid}\n}\n}\nwechat_card login\n}", "✗ add_card at /mine reads {http.wechat_card.mini_openid} before login sets it"},
		"login elsewhere":                         {"wechat_card /login login\nwechat_card /mine add_card {\ncard p1 {\nopenid {http.wechat_card.mini_openid}\n}\n}", "✗ add_card at /mine reads {http.wechat_card.mini_openid}, and nothing before it sets that"},
		"login's header":                          {"route {\nwechat_card /mine add_card {\ncard p1 {\nopenid {header.X-Mini-Openid}\n}\n}\nwechat_card /mine login {\nheader x-mini-openid mini_openid\n}\n}", "✗ add_card at /mine reads the header X-Mini-Openid before login sets it"},
		"login's phone":                           {"route /mine {\nwechat_card login {\nphone\n}\nwechat_card add_card {\ncard p1 {\nouter_str {http.wechat_card.phone_country}\n}\n}\n}", fine},
		"no phone of login's":                     {"route /mine {\nwechat_card login\nwechat_card add_card {\ncard p1 {\nouter_str {http.wechat_card.phone}\n}\n}\n}", "✗ add_card at /mine reads {http.wechat_card.phone}, and nothing before it sets that"},
		"a mini program's token":                  {"route {\nwechat_card inject {\nplaceholder \"access_token of mini_program\"\n}\nreverse_proxy 127.0.0.1:1 {\nheader_up X-T \"{http.wechat_card.access_token of mini_program}\"\n}\n}", fine},
		"another's header":                        {"wechat_card /mine add_card {\ncard p1 {\nopenid {header.X-Mini-Openid}\n}\n}\nwechat_card /other login {\nheader X-Mini-Openid mini_openid\n}", fine},
		"respond to all before it":                {"route {\nrespond ok\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card at /wechat/addCard: respond"},
		"error before it":                         {"route {\nerror 404\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card at /wechat/addCard: error"},
		"abort before it":                         {"route {\nabort\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card at /wechat/addCard: abort"},
		"redir before it":                         {"route {\nredir https://a.example/\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card at /wechat/addCard: redir"},
		"redir of a site":                         {"redir https://a.example/\nwechat_card /wechat/addCard add_card p1", "✗ no request reaches add_card at /wechat/addCard: redir"},
		"html redir before it":                    {"route {\nredir https://a.example/ html\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card at /wechat/addCard: re"},
		"browsing before it":                      {"route {\nroot /srv\nfile_server browse\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card at /wechat/addCard: file_server"},
		"PHP without an index before it":          {"route {\nroot /srv\nphp_fastcgi 127.0.0.1:9000 {\ntry_files {path} =404\n}\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card"},
		"PHP without try_files before it":         {"route {\nroot /srv\nphp_fastcgi 127.0.0.1:9000 {\ntry_files {path}\n}\nwechat_card /wechat/addCard add_card p1\n}", fine},
		"a handle of all before it":               {"route {\nhandle {\nrespond ok\n}\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card at /wechat/addCard: respond"},
		"handles that exclude each other":         {"handle /a/* {\nrespond ok\n}\nhandle {\nwechat_card /wechat/addCard add_card p1\n}", fine},
		"an error of other paths before it":       {"route {\nerror /private/* 403\nwechat_card /wechat/addCard add_card p1\n}", fine},
		"respond behind it":                       {"route {\nwechat_card /wechat/addCard add_card p1\nrespond ok\n}", fine},
		"a phone number's placeholder":            {"route /mine {\nwechat_card login {\nphone\n}\nwechat_card add_card {\ncard p1 {\nouter_str {http.wechat_card.phone}\n}\n}\n}", fine},
		"a phone number nobody asks for":          {"route /mine {\nwechat_card login\nwechat_card add_card {\ncard p1 {\nouter_str {http.wechat_card.phone}\n}\n}\n}", "✗ add_card at /mine reads {http.wechat_card.phone}, and nothing before it sets that"},
		"an escaped placeholder":                  {"wechat_card /mine add_card {\ncard p1 {\nouter_str \\{http.wechat_card.unionid\\}\n}\n}", fine},
		"in handle_response":                      {"reverse_proxy 127.0.0.1:1 {\n@ok status 200\nhandle_response @ok {\nwechat_card fill p1\ncopy_response\n}\n}", ""},
		"in handle_errors":                        {"handle_errors {\nwechat_card /x add_card p1\n}", ""},
		"placeholder of another directive":        {"wechat_card inject {\nplaceholder api_ticket\n}\nreverse_proxy 127.0.0.1:1 {\nheader_up X-T {http.wechat_card.apiticket}\n}", "✗ {http.wechat_card.apiticket} is set by no action"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(found(t, "shop.example.com {\n"+tc.site+"\n}\n"), "\n")
			if !strings.HasPrefix(got, tc.want) || tc.want == "" && strings.ContainsAny(got, "!✗") || strings.Count(got, "\n") > 0 {
				t.Errorf("%s\ngot  %s\nwant %s", tc.site, got, tc.want)
			}
		})
	}
}

// TestNamedRoutes goes where invoke does.
func TestNamedRoutes(t *testing.T) {
	const fine = "✓ every action is reached"
	for name, tc := range map[string]struct{ named, site, want string }{
		"invoked":                 {"wechat_card /wechat/* cards p1", "invoke x\nrespond ok", fine},
		"invoked by its path":     {"wechat_card cards p1", "invoke /wechat/* x\nrespond ok", fine},
		"invoked by another":      {"wechat_card /wechat/addCard add_card p1", "invoke /shop/* x\nrespond ok", "✗ no request reaches add_card at /wechat/addCard"},
		"invoked behind":          {"wechat_card /wechat/addCard add_card p1", "route {\nrespond ok\ninvoke x\n}", "✗ no request reaches add_card at /wechat/addCard: respond"},
		"invoked in a block":      {"wechat_card /wechat/addCard add_card p1", "handle /wechat/* {\ninvoke x\n}\nhandle {\nreverse_proxy 127.0.0.1:1\n}", fine},
		"invoked where it is off": {"wechat_card /wechat/addCard add_card p1", "handle_path /wechat/* {\ninvoke x\n}", "✗ no request reaches add_card at /wechat/addCard: handle_path or uri makes /addCard"},
		"invoked twice":           {"wechat_card /wechat/addCard add_card p1", "handle_path /shop/* {\ninvoke x\n}\nhandle {\ninvoke x\n}", fine},
		"hidden in it":            {"reverse_proxy 127.0.0.1:1\nwechat_card /wechat/addCard add_card p1", "invoke x", fine},
		"hidden in its route":     {"route {\nreverse_proxy 127.0.0.1:1\nwechat_card /wechat/addCard add_card p1\n}", "invoke x", "✗ no request reaches add_card at /wechat/addCard: reverse_proxy"},
		"that answers":            {"respond ok", "route {\ninvoke x\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card at /wechat/addCard: respond"},
		"that passes on":          {"header X-A b", "route {\ninvoke x\nwechat_card /wechat/addCard add_card p1\n}", fine},
		"that rewrites":           {"rewrite * /index.php", "route {\ninvoke x\nwechat_card /wechat/addCard add_card p1\n}", "✗ no request reaches add_card at /wechat/addCard: rewrite makes /index.php"},
		"that logs in":            {"wechat_card login", "route /mine {\ninvoke x\nwechat_card add_card {\ncard p1 {\nopenid {http.wechat_card.mini_openid}\n}\n}\n}", fine},
		"that invokes itself":     {"invoke x\nwechat_card /wechat/addCard add_card p1", "invoke x", ""},
		"by invoke in it":         {"handle {\ninvoke y\n}\n}\n&(y) {\nwechat_card /wechat/addCard add_card p1", "invoke x\nrespond ok", fine},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(found(t, "&(x) {\n"+tc.named+"\n}\nshop.example.com {\n"+tc.site+"\n}\n"), "\n")
			if !strings.HasPrefix(got, tc.want) || tc.want == "" && strings.Contains(got, "✗") || strings.Count(got, "\n") > 0 {
				t.Errorf("%s\n%s\ngot  %s\nwant %s", tc.named, tc.site, got, tc.want)
			}
		})
	}
}

// TestSites keeps sites of one server apart.
func TestSites(t *testing.T) {
	got := found(t, "a.example.com {\nreverse_proxy 127.0.0.1:1\n}\nb.example.com {\nwechat_card /wechat/* cards p1\n}\nhttps:// {\nwechat_card /x add_card p1\nrespond ok\n}\n")
	if len(got) != 1 || got[0] != "✓ every action is reached → " {
		t.Errorf("got %q", got)
	}
}
