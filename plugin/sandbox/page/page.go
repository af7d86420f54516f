// Package page is the page that is a phone, to try a gateway on, in a browser. Its files are plain HTML, CSS and ES modules,
// served as they lie here, with the version put into index.html; it loads nothing from elsewhere.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html"
	"net"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/version"
)

//go:embed *.css *.html *.js *.svg
var embedded embed.FS

// types are the kinds of file here.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// policy lets the page load its own files and talk to the sandbox, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// file is a file of the page.
type file struct {
	contentType, etag string
	body              []byte
}

// files gives the files of the page by name.
var files = sync.OnceValue(func() map[string]file {
	all := make(map[string]file)
	entries, _ := embedded.ReadDir(".") // is there, or nothing would have been built
	for _, e := range entries {
		body, _ := embedded.ReadFile(e.Name())
		if e.Name() == "index.html" {
			body = bytes.ReplaceAll(body, []byte("{version}"), []byte(html.EscapeString(version.String())))
		}
		sum := sha256.Sum256(body)
		all[e.Name()] = file{types[path.Ext(e.Name())], `"` + hex.EncodeToString(sum[:12]) + `"`, body}
	}
	return all
})

// IsWanted says whether somebody has opened the sandbox's address: a browser, or on this machine a program that takes
// anything. A HEAD that does not say what it takes asks whether the API answers, as the doctor does.
func IsWanted(r *http.Request) bool {
	if r.URL.Path != "/" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	switch {
	case strings.Contains(accept, "text/html"):
		return true
	case !local.IsLoopback(r.RemoteAddr) || !local.IsName(r.Host):
		return false
	case accept == "":
		return r.Method == http.MethodGet
	}
	return strings.Contains(accept, "*/*")
}

// Serve serves a file of the page, to browsers on this machine only.
func Serve(w http.ResponseWriter, r *http.Request, name string) {
	if !local.IsLoopback(r.RemoteAddr) || !local.IsName(r.Host) {
		_, port, _ := net.SplitHostPort(r.Host)
		local.Error(w, http.StatusForbidden, fmt.Sprintf("the sandbox's page is shown on the same machine only, at http://%s/", net.JoinHostPort("localhost", port)))
		return
	}
	f, found := files()[name]
	switch {
	case !found || f.contentType == "":
		local.Error(w, http.StatusNotFound, "no such file")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		local.Error(w, http.StatusMethodNotAllowed, "want GET")
		return
	}
	h := w.Header()
	for name, value := range map[string]string{
		"Content-Type": f.contentType, "ETag": f.etag, "Cache-Control": "no-cache", "Vary": "Accept",
		"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		h[http.CanonicalHeaderKey(name)] = []string{value}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}
