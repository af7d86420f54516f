package bodies

import (
	"mime"
	"net/http"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
)

// Form is the media type of forms.
const Form = "application/x-www-form-urlencoded"

// UnsupportedMediaType is the 415.
func UnsupportedMediaType(format string) *problem.Problem {
	return problem.Newf(http.StatusUnsupportedMediaType, problem.ReasonUnsupportedMediaType, format)
}

// MediaType gives the type of the body, which must be UTF-8 and not compressed.
func MediaType(h http.Header) (string, error) {
	values := h["Content-Type"]
	if len(values) == 1 && values[0] == "application/json" && h["Content-Encoding"] == nil {
		return values[0], nil
	}
	if len(values) != 1 {
		return "", UnsupportedMediaType("there must be one Content-Type")
	}
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return "", UnsupportedMediaType("the body must not be compressed")
	}
	mediaType, params, err := mime.ParseMediaType(values[0])
	if err != nil {
		return "", UnsupportedMediaType("the Content-Type is malformed")
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8") {
		return "", UnsupportedMediaType("the body must be UTF-8")
	}
	return mediaType, nil
}
