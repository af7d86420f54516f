package caddymodule

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"
)

// jsCodeName is the query parameter and the JSON field that hold a js_code.
const jsCodeName = "js_code"

// maxJSCode is the longest js_code that is passed on to WeChat, whose own have some 32 characters.
const maxJSCode = 512

// takeJSCode takes the js_code out of the query, or out of a JSON body, of a request.
func takeJSCode(r *http.Request) (string, error) {
	code := jsCodeOfQuery(r)
	inBody, err := jsCodeOfBody(r, !code.absent())
	if err != nil {
		return "", err
	}
	switch {
	case code.absent():
		code = inBody
	case !inBody.absent():
		code.fault = faultTwice
	}
	return code.s, checkJSCode(code)
}

// checkJSCode accepts whatever WeChat may have given to the client.
func checkJSCode(code text) error {
	if code.fault == "" {
		code.fault = textFault(code.s)
	}
	switch {
	case code.fault != "":
		return invalid("%s %s", jsCodeName, code.fault)
	case code.s == "":
		return invalid("%s is missing", jsCodeName)
	case tooLong(code.s, maxJSCode):
		return invalid("%s is longer than %d characters", jsCodeName, maxJSCode)
	}
	return nil
}

// jsCodeOfQuery takes the js_code out of the query.
func jsCodeOfQuery(r *http.Request) text {
	var code text
	n := 0
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, ok := unescape(name); !ok || name != jsCodeName {
			continue
		}
		if n++; n > 1 {
			code.fault = faultTwice
		} else if s, ok := unescape(value); ok {
			code.s = s
		} else {
			code.fault = faultEscape
		}
	}
	if n > 0 {
		editQuery(r, func(raw string) string {
			return cutParams(raw, func(name string) bool { return name == jsCodeName })
		})
	}
	return code
}

// jsCodeOfBody takes the js_code out of a JSON body. When there is one already, a body that cannot be read is not looked
// into.
func jsCodeOfBody(r *http.Request, have bool) (text, error) {
	if r.Body == nil || r.ContentLength == 0 {
		return text{}, nil
	}
	if mediaType, err := mediaTypeOf(r.Header); err != nil || mediaType != "application/json" {
		return text{}, nil //nolint:nilerr // a body of another type is none of ours
	}
	body, whole, err := peekBody(r)
	if err != nil {
		return text{}, err
	}
	object := bytes.TrimSpace(body)
	var fault error
	switch {
	case !whole:
		fault = bodyTooLarge()
	case len(object) == 0:
		return text{}, nil
	case !utf8.Valid(object) || !json.Valid(object):
		fault = brokenJSON(body)
	case object[0] != '{':
		fault = invalid("the body is no JSON object")
	}
	if fault != nil && have {
		return text{}, nil
	}
	if fault != nil {
		return text{}, fault
	}

	var code text
	n := 0
	rest := rewriteObject(nil, object, func(name string, value []byte) []byte {
		if name != jsCodeName {
			return value
		}
		if n++; n > 1 {
			code.fault = faultTwice
		} else {
			code.s, code.fault = decodeString(value)
		}
		return nil
	})
	if n > 0 {
		// the blanks around the object stay, too
		start := bytes.IndexByte(body, '{')
		setBody(r, bytes.Join([][]byte{body[:start], rest, body[start+len(object):]}, nil))
	}
	return code, nil
}
