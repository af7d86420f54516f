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

// The query parameters that hold codes, and the fields of a form or of JSON: js_code's unless another is configured.
const (
	jsCodeName    = "js_code"
	phoneCodeName = "phone_code"
)

// maxCode is the longest code that is passed on to WeChat, whose own have some 32 characters, and those for a phone number 64.
const maxCode = 256

// place is where a request may have a code.
type place struct{ param, field string }

// code is a code as a request has it.
type code struct {
	field.Text
	name string // what it is called where it was found, or would have been
}

// takeCodes takes codes out of the query, and out of the body.
func takeCodes(r *http.Request, places ...place) ([]code, error) {
	codes := make([]code, len(places))
	found := false
	for i, p := range places {
		codes[i] = code{codeOfQuery(r, p.param), p.param}
		found = found || !codes[i].Absent()
	}
	for i, p := range places {
		inBody, err := codeOfBody(r, p.field, found)
		if err != nil {
			return nil, err
		}
		switch {
		case codes[i].Absent():
			codes[i] = code{inBody, p.field}
		case !inBody.Absent():
			codes[i].Fault = field.FaultTwice
		}
		found = found || !codes[i].Absent()
	}
	return codes, nil
}

// check accepts whatever WeChat may have given to the client.
func (c code) check() error {
	if c.Fault == "" {
		c.Fault = field.FaultOf(c.S)
	}
	switch {
	case c.Fault != "":
		return problem.Invalid("%s %s", c.name, c.Fault)
	case c.S == "":
		return problem.Invalid("%s is missing", c.name)
	case field.TooLong(c.S, maxCode):
		return problem.Invalid("%s is longer than %d characters", c.name, maxCode)
	case !field.All(c.S, func(c byte) bool { return ' ' < c && c <= '~' }):
		return problem.Invalid("%s is not printable ASCII without blanks", c.name)
	}
	return nil
}

// codeOfQuery takes a code out of the query.
func codeOfQuery(r *http.Request, name string) field.Text {
	code, found := codeOfPairs(r.URL.RawQuery, name)
	if found {
		queries.Edit(r, func(raw string) string { return cutPairs(raw, name) })
	}
	return code
}

// codeOfPairs finds a code in a query or a form.
func codeOfPairs(raw, name string) (code field.Text, found bool) {
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

// codeOfBody takes a code out of a form or a JSON body. When one has been found already, a body that cannot be read is not
// looked into.
func codeOfBody(r *http.Request, name string, have bool) (field.Text, error) {
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
		code, found := codeOfPairs(form, name)
		if found {
			bodies.Set(r, []byte(cutPairs(form, name)))
		}
		return code, nil
	}
	// JSON under a form's type is what clients send that were not told the type of what they wrote
	return codeOfJSON(r, body, name, have)
}

// codeOfJSON takes a code out of a JSON body.
func codeOfJSON(r *http.Request, body []byte, name string, have bool) (field.Text, error) {
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
