package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

var errNoNumber = errors.New("it is no number of seconds")

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
func lifeOf(answer []byte, field string) (time.Duration, error) {
	raw, err := find(answer, field)
	if err != nil {
		return 0, err
	}
	if raw == nil {
		return shortLife, nil
	}
	life, err := parseSeconds(raw)
	if err != nil {
		return 0, fmt.Errorf("%s of the answer: %w", field, err)
	}
	return life, nil
}

// trueLife gives the true rest where the answer has one, else what was said.
func trueLife(answer []byte, said time.Duration, err error) (time.Duration, error) {
	if raw, _ := find(answer, trueExpiresField); err != nil || raw == nil {
		return said, err
	}
	life, err := lifeOf(answer, trueExpiresField)
	return min(life, said), err
}

// find gives the value of a field, of b in a for a.b; nil when it is absent or null.
func find(object json.RawMessage, field string) (json.RawMessage, error) {
	for name := range strings.SplitSeq(field, ".") {
		var members map[string]json.RawMessage
		if json.Unmarshal(object, &members) != nil {
			return nil, fmt.Errorf("the answer is not the JSON that has a field %s", field)
		}
		if object = members[name]; object == nil || string(object) == "null" {
			return nil, nil
		}
	}
	return object, nil
}

// parseSeconds reads a number of seconds, which some write as a string.
func parseSeconds(raw json.RawMessage) (time.Duration, error) {
	text := string(raw)
	var quoted string
	if json.Unmarshal(raw, &quoted) == nil {
		text = quoted
	}
	n, err := strconv.ParseFloat(text, 64)
	const most = 10 * 365 * 24 * 60 * 60 // so that it can be converted; whether it makes sense is judged behind
	switch {
	case err != nil || !(n < most): // NaN too
		return 0, errNoNumber
	case n < 1:
		return 0, errors.New("the credential has ended")
	}
	return time.Duration(n) * time.Second, nil
}
