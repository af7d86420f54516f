package secure

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"slices"
	"strconv"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// The members that are added to what is sealed, and taken out of what was.
const (
	randomName = "_n"
	appIDName  = "_appid"
	timeName   = "_timestamp"
)

// ErrNoObject means that a call's body is no JSON object: uploads cannot be sealed.
var ErrNoObject = errors.New("the body is no JSON object")

// CheckBody tells by ErrNoObject that a call with this body cannot be sealed.
func CheckBody(body []byte) error {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && (body[0] != '{' || !json.Valid(body)) {
		return ErrNoObject
	}
	return nil
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
	if rest = bytes.TrimSpace(rest); len(rest) > len("{}") {
		b = append(append(b, ','), rest[1:]...)
		return b, nil
	}
	return append(b, '}'), nil
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
