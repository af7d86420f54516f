package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
)

// Policy lets a page run this one script, which may ask what connect says.
func Policy(connect, script string) string {
	sum := sha256.Sum256([]byte(script))
	return "default-src 'none'; connect-src " + connect + "; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; frame-ancestors 'none'"
}

// Page answers with a page of WeChat's, under a Policy. data must be what it was made for.
func Page(w http.ResponseWriter, status int, policy string, page *template.Template, data any) {
	var body bytes.Buffer
	_ = page.Execute(&body, data) // into memory
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
