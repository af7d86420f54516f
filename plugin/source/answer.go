package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source/stored"
)

var errNoNumber = errors.New("it is no number of seconds, nor a moment")

// credentialOf takes the credential out of an answer. Its errors hold nothing of the answer, nor do those of lifeOf.
func credentialOf(answer []byte, field string) (string, error) {
	raw, err := find(answer, field)
	if err != nil {
		return "", err
	}
	if raw == nil {
		return "", fmt.Errorf("the answer has no %s", field)
	}
	var value string
	if json.Unmarshal(raw, &value) != nil {
		return "", fmt.Errorf("%s of the answer is not a string", field)
	}
	return value, nil
}

// lifeOf tells how long the credential of an answer lives.
func lifeOf(answer []byte, field string, now time.Time) (time.Duration, error) {
	raw, err := find(answer, field)
	if err != nil {
		return 0, err
	}
	if raw == nil {
		return shortLife, nil
	}
	life, err := parseLife(raw, now)
	if err != nil {
		return 0, fmt.Errorf("%s of the answer: %w", field, err)
	}
	return life, nil
}

// trueLife gives the true rest where the answer has one, else what was said.
func trueLife(answer []byte, said time.Duration, err error, now time.Time) (time.Duration, error) {
	if raw, _ := find(answer, trueExpiresField); err != nil || raw == nil {
		return said, err
	}
	life, err := lifeOf(answer, trueExpiresField, now)
	return min(life, said), err
}

// find gives the value of a field, of b in a for a.b; nil when it is absent or null. Members of a list are named by their
// place, from 0 on.
func find(object json.RawMessage, field string) (json.RawMessage, error) {
	for name := range strings.SplitSeq(field, ".") {
		var members map[string]json.RawMessage
		if json.Unmarshal(unwrapped(object), &members) != nil {
			var list []json.RawMessage
			place, err := strconv.ParseUint(name, 10, 16)
			if err != nil || json.Unmarshal(object, &list) != nil {
				return nil, fmt.Errorf("the answer is not the JSON that has a field %s", field)
			}
			members = make(map[string]json.RawMessage)
			if place < uint64(len(list)) {
				members[name] = list[place]
			}
		}
		if object = members[name]; object == nil || string(object) == "null" {
			return nil, nil
		}
	}
	return unwrapped(object), nil
}

// unwrapped opens JSON that stands in a text once more, and takes away the name of the Java class that Jackson writes beside
// a value: ["java.util.HashMap",{…}].
func unwrapped(value json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(value, &text) == nil {
		if opened, err := stored.JSON([]byte(text)); err == nil {
			value = opened
		}
	}
	var pair []json.RawMessage
	var class string
	if json.Unmarshal(value, &pair) == nil && len(pair) == 2 && json.Unmarshal(pair[0], &class) == nil && strings.HasPrefix(class, "java.") {
		return pair[1]
	}
	return value
}

// What a number in a field of lives may be: seconds that are left, or a moment, in seconds or milliseconds since 1970.
const (
	mostLeft    = 10 * 365 * 24 * 60 * 60 // so that it can be converted; whether it makes sense is judged behind
	firstMoment = 1_000_000_000           // in 2001; a moment in seconds
	firstMillis = 100_000_000_000         // in 1973; a moment in milliseconds, which in seconds is in 5138
	lastMillis  = 100_000_000_000_000     // in 5138
)

// parseLife reads how long a credential lives from now on: seconds, or the moment of its end. Some write a number as a
// string, and some a moment as RFC 3339 has it.
func parseLife(raw json.RawMessage, now time.Time) (time.Duration, error) {
	text := string(raw)
	var quoted string
	if json.Unmarshal(raw, &quoted) == nil {
		text = strings.TrimSpace(quoted)
	}
	var life time.Duration
	n, err := strconv.ParseFloat(text, 64)
	switch at, notAt := time.Parse(time.RFC3339, text); {
	case notAt == nil:
		life = at.Sub(now)
	case err != nil || !(n < lastMillis): // NaN too
		return 0, errNoNumber
	case n >= firstMillis:
		life = time.UnixMilli(int64(n)).Sub(now)
	case n >= firstMoment:
		life = time.Unix(int64(n), 0).Sub(now)
	case n >= mostLeft:
		return 0, errNoNumber
	case n < 1:
	default:
		life = time.Duration(n) * time.Second
	}
	if life < time.Second {
		return 0, errors.New("the credential has ended")
	}
	return life, nil
}
