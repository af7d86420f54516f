package request

import (
	"bytes"
	"net/http"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// Read fills q from the query of a GET or HEAD request, or from the body of a POST.
func (q *Cards) Read(r *http.Request, sh *Shape) error {
	if r.Method != http.MethodPost {
		return q.readPairs(r.URL.RawQuery, sh, false)
	}
	if err := sh.checkQueryOfPost(r.URL.RawQuery); err != nil {
		return err
	}
	body, err := bodies.Read(r)
	if err != nil || len(body) == 0 {
		return err
	}
	mediaType, err := bodies.MediaType(r.Header)
	if err != nil {
		return err
	}
	switch {
	case mediaType == "application/json", mediaType == bodies.Form && beginsAsJSON(body):
		if !utf8.Valid(body) {
			return jsonscan.Broken(body)
		}
		return q.readJSON(body, sh)
	case mediaType == bodies.Form:
		return q.readPairs(string(body), sh, true)
	}
	return bodies.UnsupportedMediaType("the body must be application/json or application/x-www-form-urlencoded")
}

// beginsAsJSON tells JSON that was sent as a form: jQuery's $.post, axios and others say so of every text unless they are
// told otherwise.
func beginsAsJSON(body []byte) bool {
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\uFEFF")), " \t\r\n")
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}
