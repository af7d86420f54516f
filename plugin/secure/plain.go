package secure

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// The members that are added to what is sealed, and taken out of what was.
const (
	randomName = "_n"
	appIDName  = "_appid"
	timeName   = "_timestamp"
)

// ErrNoObject means that a call's body is no JSON object in UTF-8: uploads cannot be sealed.
var ErrNoObject = errors.New("the body is no JSON object in UTF-8")

// CheckBody tells by ErrNoObject that a call with this body cannot be sealed.
func CheckBody(body []byte) error {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && (body[0] != '{' || !json.Valid(body) || !utf8.Valid(body)) {
		return ErrNoObject
	}
	return nil
}

// BadParam is the error of a call whose query cannot be a part of what is sealed.
type BadParam struct {
	Name  string // as it is decoded; empty: the query cannot be read
	Twice bool   // a JSON object has a name once
}

func (e *BadParam) Error() string {
	switch {
	case e.Name == "":
		return "the query cannot be read"
	case e.Twice:
		return "the query has twice: " + field.Quote(e.Name)
	}
	return "the query has what is no UTF-8: " + field.Quote(e.Name)
}

// ParseQuery reads the query of a call that is to be sealed. The error is a *BadParam.
func ParseQuery(query string) (url.Values, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, &BadParam{}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(values[name]) > 1 {
			return nil, &BadParam{Name: name, Twice: true}
		}
		if !utf8.ValidString(name) || !utf8.ValidString(values.Get(name)) {
			return nil, &BadParam{Name: name}
		}
	}
	return values, nil
}

// plainCall is what is sealed of a call: its query, its body, and what makes it this call and no other. Of a name that is in both the
// body counts.
func plainCall(random io.Reader, appID string, timestamp int64, query url.Values, body []byte) ([]byte, error) {
	if err := CheckBody(body); err != nil {
		return nil, err
	}
	if body = bytes.TrimSpace(body); len(body) == 0 {
		body = []byte("{}")
	}
	var nonce [16]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return nil, err
	}
	b := append([]byte(`{"`+randomName+`":"`), base64.RawStdEncoding.EncodeToString(nonce[:])...)
	b = append(b, `","`+appIDName+`":`...)
	b = card.AppendString(b, appID)
	b = append(b, `,"`+timeName+`":`...)
	b = strconv.AppendInt(b, timestamp, 10)
	taken := map[string]bool{randomName: true, appIDName: true, timeName: true}
	rest := jsonscan.RewriteObject(nil, body, func(name string, value []byte) []byte {
		if isOurs(name) {
			return nil
		}
		taken[name] = true
		return value
	})
	names := make([]string, 0, len(query))
	for name := range query {
		if !taken[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		b = append(b, ',')
		b = card.AppendString(b, name)
		b = append(b, ':')
		b = card.AppendString(b, query.Get(name))
	}
	if rest = bytes.TrimSpace(rest[1:]); rest[0] != '}' {
		b = append(b, ',')
	}
	return append(b, rest...), nil
}

// isOurs tells whether a member is one of those that are added.
func isOurs(name string) bool { return name == randomName || name == appIDName || name == timeName }

// plainText takes out of what was sealed what makes it this call or answer, and tells whose and of when it says to be.
func plainText(plain []byte) (rest []byte, appID string, timestamp int64, err error) {
	if plain = bytes.TrimSpace(plain); len(plain) == 0 || plain[0] != '{' || !json.Valid(plain) {
		return nil, "", 0, errors.New("what was sealed is no JSON object")
	}
	rest = jsonscan.RewriteObject(nil, plain, func(name string, value []byte) []byte {
		switch name {
		case appIDName:
			appID, _ = jsonscan.DecodeString(value)
		case timeName:
			timestamp, _ = strconv.ParseInt(string(value), 10, 64)
		case randomName:
		default:
			return value
		}
		return nil
	})
	return rest, appID, timestamp, nil
}
