package sandbox

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"
)

// The page is a phone to try a gateway on, in a browser. Its files are plain HTML, CSS and ES modules, served as they lie
// in page/; it loads nothing from elsewhere.

//go:embed page
var pageFiles embed.FS

const pagePrefix = "page/" // below controlPrefix

// pageTypes are the kinds of file in page/.
var pageTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// pagePolicy lets the page load its own files and talk to the sandbox, and nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// pageFile is a file of the page.
type pageFile struct {
	contentType, etag string
	body              []byte
}

// page gives the files of the page by name.
var page = sync.OnceValue(func() map[string]pageFile {
	files := make(map[string]pageFile)
	entries, _ := pageFiles.ReadDir("page") // is there, or nothing would have been built
	for _, e := range entries {
		body, _ := pageFiles.ReadFile("page/" + e.Name())
		sum := sha256.Sum256(body)
		files[e.Name()] = pageFile{pageTypes[path.Ext(e.Name())], `"` + hex.EncodeToString(sum[:12]) + `"`, body}
	}
	return files
})

// wantsPage says whether somebody has opened the sandbox's address: a browser, or on this machine a program that takes
// anything. A HEAD that does not say what it takes asks whether the API answers, as the doctor does.
func wantsPage(r *http.Request) bool {
	if r.URL.Path != "/" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	switch {
	case strings.Contains(accept, "text/html"):
		return true
	case !isLoopback(r.RemoteAddr) || !isLocalName(r.Host):
		return false
	case accept == "":
		return r.Method == http.MethodGet
	}
	return strings.Contains(accept, "*/*")
}

// servePage serves a file of the page, to browsers on this machine only.
func servePage(w http.ResponseWriter, r *http.Request, name string) {
	if !isLoopback(r.RemoteAddr) || !isLocalName(r.Host) {
		_, port, _ := net.SplitHostPort(r.Host)
		controlError(w, http.StatusForbidden, fmt.Sprintf("the sandbox's page is shown on the same machine only, at http://%s/", net.JoinHostPort("localhost", port)))
		return
	}
	f, found := page()[name]
	switch {
	case !found || f.contentType == "":
		controlError(w, http.StatusNotFound, "no such file")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		controlError(w, http.StatusMethodNotAllowed, "want GET")
		return
	}
	h := w.Header()
	for name, value := range map[string]string{
		"Content-Type": f.contentType, "ETag": f.etag, "Cache-Control": "no-cache", "Vary": "Accept",
		"Content-Security-Policy": pagePolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		h[http.CanonicalHeaderKey(name)] = []string{value}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

// foreign says whether a browser sends a request for somebody else than the page: no web site that a developer visits may
// use the controls, neither from its own origin nor under a name of its own that leads to this machine. Programs that are
// no browsers say neither where they come from nor what for, and are let through.
func foreign(r *http.Request) bool {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	switch {
	case origin == "" && site == "":
		return false
	case site != "" && site != "same-origin" && (site != "none" || r.Method != http.MethodGet): // none: the user typed the address
		return true
	case origin != "":
		if u, err := url.Parse(origin); err != nil || u.Host != r.Host {
			return true
		}
	}
	return !isLocalName(r.Host)
}

// fromPage says whether it is surely the page that asks.
func fromPage(r *http.Request) bool {
	return (r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") == "same-origin") && !foreign(r)
}

// isLocalName says whether a Host can only mean this machine.
func isLocalName(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}
