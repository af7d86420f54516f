package login

import (
	"bytes"
	"encoding/json"
	"net/http"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// jsCodeName is the query parameter that holds a js_code, and the field of a form or of JSON unless another is configured.
const jsCodeName = "js_code"

// maxJSCode is the longest js_code that is passed on to WeChat, whose own have some 32 characters.
const maxJSCode = 256

// takeJSCode takes the js_code out of the query, or out of the body, where its field is called name.
func takeJSCode(r *http.Request, name string) (string, error) {
	code := jsCodeOfQuery(r)
	inBody, err := jsCodeOfBody(r, name, !code.Absent())
	if err != nil {
		return "", err
	}
	switch {
	case code.Absent():
		return inBody.S, checkJSCode(name, inBody)
	case !inBody.Absent():
		code.Fault = field.FaultTwice
	}
	return code.S, checkJSCode(jsCodeName, code)
}

// checkJSCode accepts whatever WeChat may have given to the client. name is where it was found.
func checkJSCode(name string, code field.Text) error {
	if code.Fault == "" {
		code.Fault = field.FaultOf(code.S)
	}
	switch {
	case code.Fault != "":
		return problem.Invalid("%s %s", name, code.Fault)
	case code.S == "":
		return problem.Invalid("%s is missing", name)
	case field.TooLong(code.S, maxJSCode):
		return problem.Invalid("%s is longer than %d characters", name, maxJSCode)
	case !field.All(code.S, func(c byte) bool { return ' ' < c && c <= '~' }):
		return problem.Invalid("%s is not printable ASCII without blanks", name)
	}
	return nil
}

// jsCodeOfQuery takes the js_code out of the query.
func jsCodeOfQuery(r *http.Request) field.Text {
	code, found := jsCodeOfPairs(r.URL.RawQuery, jsCodeName)
	if found {
		queries.Edit(r, func(raw string) string { return cutPairs(raw, jsCodeName) })
	}
	return code
}

// jsCodeOfPairs finds the js_code in a query or a form.
func jsCodeOfPairs(raw, name string) (code field.Text, found bool) {
	for key, value := range queries.Pairs(raw) {
		if key != name {
			continue
		}
		if found {
			code.Fault = field.FaultTwice
		} else if s, ok := queries.Unescape(value); ok {
			code.S = s
		} else {
			code.Fault = field.FaultEscape
		}
		found = true
	}
	return code, found
}

// cutPairs is a query or a form without what has a name.
func cutPairs(raw, name string) string {
	return queries.Cut(raw, func(key string) bool { return key == name })
}

// jsCodeOfBody takes the js_code out of a form or a JSON body. When there is one already, a body that cannot be read is not
// looked into.
func jsCodeOfBody(r *http.Request, name string, have bool) (field.Text, error) {
	if r.Body == nil || r.ContentLength == 0 {
		return field.Text{}, nil
	}
	mediaType, err := bodies.MediaType(r.Header)
	isForm := mediaType == bodies.Form
	if err != nil || !isForm && mediaType != "application/json" {
		return field.Text{}, nil //nolint:nilerr // a body of another type is none of ours
	}
	body, whole, err := bodies.Peek(r)
	if err != nil {
		return field.Text{}, err
	}
	if !whole {
		if have {
			return field.Text{}, nil
		}
		return field.Text{}, bodies.TooLarge()
	}
	trimmed := bytes.TrimSpace(body)
	if isForm && !bytes.HasPrefix(trimmed, []byte{'{'}) && !bytes.HasPrefix(trimmed, []byte{'['}) {
		form := string(body)
		code, found := jsCodeOfPairs(form, name)
		if found {
			bodies.Set(r, []byte(cutPairs(form, name)))
		}
		return code, nil
	}
	// JSON under a form's type is what clients send that were not told the type of what they wrote
	return jsCodeOfJSON(r, body, name, have)
}

// jsCodeOfJSON takes the js_code out of a JSON body.
func jsCodeOfJSON(r *http.Request, body []byte, name string, have bool) (field.Text, error) {
	object := bytes.TrimSpace(body)
	var fault error
	switch {
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
	rest := jsonscan.RewriteObject(nil, object, func(key string, value []byte) []byte {
		if key != name {
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
