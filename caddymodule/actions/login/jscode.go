package login

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// jsCodeName is the query parameter and the JSON field that hold a js_code.
const jsCodeName = "js_code"

// maxJSCode is the longest js_code that is passed on to WeChat, whose own have some 32 characters.
const maxJSCode = 512

// takeJSCode takes the js_code out of the query, or out of a JSON body, of a request.
func takeJSCode(r *http.Request) (string, error) {
	code := jsCodeOfQuery(r)
	inBody, err := jsCodeOfBody(r, !code.Absent())
	if err != nil {
		return "", err
	}
	switch {
	case code.Absent():
		code = inBody
	case !inBody.Absent():
		code.Fault = field.FaultTwice
	}
	return code.S, checkJSCode(code)
}

// checkJSCode accepts whatever WeChat may have given to the client.
func checkJSCode(code field.Text) error {
	if code.Fault == "" {
		code.Fault = field.FaultOf(code.S)
	}
	switch {
	case code.Fault != "":
		return problem.Invalid("%s %s", jsCodeName, code.Fault)
	case code.S == "":
		return problem.Invalid("%s is missing", jsCodeName)
	case field.TooLong(code.S, maxJSCode):
		return problem.Invalid("%s is longer than %d characters", jsCodeName, maxJSCode)
	}
	return nil
}

// jsCodeOfQuery takes the js_code out of the query.
func jsCodeOfQuery(r *http.Request) field.Text {
	var code field.Text
	n := 0
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, ok := queries.Unescape(name); !ok || name != jsCodeName {
			continue
		}
		if n++; n > 1 {
			code.Fault = field.FaultTwice
		} else if s, ok := queries.Unescape(value); ok {
			code.S = s
		} else {
			code.Fault = field.FaultEscape
		}
	}
	if n > 0 {
		queries.Edit(r, func(raw string) string {
			return queries.Cut(raw, func(name string) bool { return name == jsCodeName })
		})
	}
	return code
}

// jsCodeOfBody takes the js_code out of a JSON body. When there is one already, a body that cannot be read is not looked
// into.
func jsCodeOfBody(r *http.Request, have bool) (field.Text, error) {
	if r.Body == nil || r.ContentLength == 0 {
		return field.Text{}, nil
	}
	if mediaType, err := bodies.MediaType(r.Header); err != nil || mediaType != "application/json" {
		return field.Text{}, nil //nolint:nilerr // a body of another type is none of ours
	}
	body, whole, err := bodies.Peek(r)
	if err != nil {
		return field.Text{}, err
	}
	object := bytes.TrimSpace(body)
	var fault error
	switch {
	case !whole:
		fault = bodies.TooLarge()
	case len(object) == 0:
		return field.Text{}, nil
	case !utf8.Valid(object) || !json.Valid(object):
		fault = jsonscan.Broken(body)
	case object[0] != '{':
		fault = problem.Invalid("the body is no JSON object")
	}
	if fault != nil && have {
		return field.Text{}, nil
	}
	if fault != nil {
		return field.Text{}, fault
	}

	var code field.Text
	n := 0
	rest := jsonscan.RewriteObject(nil, object, func(name string, value []byte) []byte {
		if name != jsCodeName {
			return value
		}
		if n++; n > 1 {
			code.Fault = field.FaultTwice
		} else {
			code.S, code.Fault = jsonscan.DecodeString(value)
		}
		return nil
	})
	if n > 0 {
		// the blanks around the object stay, too
		start := bytes.IndexByte(body, '{')
		bodies.Set(r, bytes.Join([][]byte{body[:start], rest, body[start+len(object):]}, nil))
	}
	return code, nil
}
