package request

import (
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
	body, err := bodies.Read(r)
	if err != nil || len(body) == 0 {
		return err
	}
	mediaType, err := bodies.MediaType(r.Header)
	if err != nil {
		return err
	}
	switch mediaType {
	case "application/json":
		if !utf8.Valid(body) {
			return jsonscan.Broken(body)
		}
		return q.readJSON(body, sh)
	case "application/x-www-form-urlencoded":
		return q.readPairs(string(body), sh, true)
	}
	return bodies.UnsupportedMediaType("the body must be application/json or application/x-www-form-urlencoded")
}
