package api

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// messageKey is what a template calls its values: the kind of a value, and a number.
var messageKey = regexp.MustCompile(`^([a-z_]+)[0-9]+$`)

// messageKinds say what a value of a kind may be.
var messageKinds = map[string]func(value string) bool{
	"thing":            atMost(20, nil),
	"number":           atMost(32, func(r rune) bool { return unicode.IsDigit(r) || r == '.' || r == '-' }),
	"letter":           atMost(32, isLatin),
	"symbol":           atMost(5, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }),
	"character_string": atMost(32, func(r rune) bool { return r < utf8.RuneSelf }),
	"phone_number":     atMost(17, func(r rune) bool { return unicode.IsDigit(r) || r == '+' || r == '-' }),
	"car_number":       atMost(8, nil),
	"phrase":           atMost(5, isHan),
	"name": func(value string) bool {
		return atMost(10, nil)(value) || atMost(20, func(r rune) bool { return isLatin(r) || r == ' ' })(value)
	},
	"amount": atMost(wire.MaxText, nil),
	"date":   atMost(wire.MaxText, nil),
	"time":   atMost(wire.MaxText, nil),
}

func isLatin(r rune) bool { return r < utf8.RuneSelf && unicode.IsLetter(r) }

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

// atMost allows so many characters, all of a kind; nil: of any.
func atMost(n int, kind func(rune) bool) func(string) bool {
	return func(value string) bool {
		return value != "" && utf8.RuneCountInString(value) <= n &&
			(kind == nil || !strings.ContainsFunc(value, func(r rune) bool { return !kind(r) }))
	}
}

// badMessage is WeChat's refusal of a message whose values do not fit; it names the first that does not.
func badMessage(format string, args ...any) error {
	return &wire.Error{Code: wire.ErrBadValue.Code, Msg: wire.ErrBadValue.Msg + " " + fmt.Sprintf(format, args...)}
}

// sendSubscribeMessage uses up a consent that the user gave by wx.requestSubscribeMessage. The sandbox has no templates: any id is one.
func sendSubscribeMessage(c *call) (any, error) {
	req, err := wire.Decode[struct {
		OpenID   string `json:"touser"`
		Template string `json:"template_id"`
		Data     map[string]struct {
			Value string `json:"value"`
		} `json:"data"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	switch person, known := c.world.Users.Find(req.OpenID); {
	case !known || person.App != c.app.ID:
		return nil, wire.ErrBadOpenID
	case req.Template == "":
		return nil, wire.ErrBadTemplate
	}
	if len(req.Data) == 0 { // every template has values
		return nil, badMessage("data is empty")
	}
	for _, key := range slices.Sorted(maps.Keys(req.Data)) {
		kind, value := messageKey.FindStringSubmatch(key), req.Data[key].Value
		switch {
		case value == "":
			return nil, badMessage("data.%.128s.value is empty", key)
		case kind == nil || messageKinds[kind[1]] == nil || !messageKinds[kind[1]](value):
			return nil, badMessage("data.%.128s.value invalid", key)
		}
	}
	if !c.world.Consents.Take(c.app.ID, req.OpenID, req.Template) {
		return nil, wire.ErrNoConsent
	}
	return wire.OK, nil
}
