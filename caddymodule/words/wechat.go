package words

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// PlaceholderPrefix is what our placeholders begin with.
const PlaceholderPrefix = "http.wechat_card."

// ofProgram is the placeholder of a mini program's access_token; the app_id follows where it is configured.
const ofProgram = "access_token of mini_program"

// placeholders are those that actions set, without {http.wechat_card.}.
var placeholders = []string{
	"access_token", "api_ticket", "jsapi_ticket", ofProgram,
	"mini_openid", "openid", "unionid", "phone", "phone_pure", "phone_country",
}

// AddPlaceholder makes a placeholder {http.wechat_card.<name>} known, which another's action sets. It is for an init.
func AddPlaceholder(name string) { placeholders = append(placeholders, name) }

// UnknownPlaceholder says what is wrong with a name in {http.wechat_card.<name>}; empty: nothing.
func UnknownPlaceholder(name string) string {
	if slices.Contains(placeholders, name) || strings.HasPrefix(name, ofProgram+" ") {
		return ""
	}
	return "{" + PlaceholderPrefix + name + "} is set by no action: " + ThereAre(name, slices.Clone(placeholders)) +
		" (login sets mini_openid, unionid and, with phone, those of a phone; oauth openid and unionid; inject the others, with placeholder)"
}

// Placeholders are the names of those that Caddy would look for in a text. It is Caddy's own replacer that looks: what is escaped is none.
func Placeholders(text string) (keys []string) {
	if !IsDynamic(text) {
		return nil
	}
	repl := caddy.NewEmptyReplacer()
	repl.Map(func(key string) (any, bool) {
		keys = append(keys, key)
		return nil, false
	})
	repl.ReplaceKnown(text, "")
	return keys
}

// unknownIn says what is wrong with the placeholders of ours in a text.
func unknownIn(text string) string {
	if !strings.Contains(text, PlaceholderPrefix) {
		return ""
	}
	for _, key := range Placeholders(text) {
		if name, ours := strings.CutPrefix(key, PlaceholderPrefix); ours {
			if fault := UnknownPlaceholder(name); fault != "" {
				return fault
			}
		}
	}
	return ""
}

// CheckPlaceholders refuses tokens with placeholders of ours that nothing sets.
func CheckPlaceholders(d *caddyfile.Dispenser) error {
	defer d.Reset()
	for d.Reset(); d.Next(); {
		if fault := unknownIn(d.Val()); fault != "" {
			return d.Err(fault)
		}
	}
	return nil
}

// UnknownPlaceholders finds placeholders of ours in JSON that nothing sets, what is wrong with each once, and where in the JSON it stands
// first. What is no JSON has none.
func UnknownPlaceholders(raw json.RawMessage) (faults []Fault) {
	if !bytes.Contains(raw, []byte(PlaceholderPrefix)) && !bytes.Contains(raw, []byte(`\u`)) {
		return nil
	}
	eachText(raw, func(at, text string) {
		fault := unknownIn(text)
		if fault != "" && !slices.ContainsFunc(faults, func(f Fault) bool { return f.Text == fault }) {
			faults = append(faults, Fault{fault, at})
		}
	})
	return faults
}

// Fault is what is wrong in JSON, and where: /routes/0/handle/1/body.
type Fault struct{ Text, At string }

// PlaceholdersIn is Placeholders for all texts in JSON.
func PlaceholdersIn(raw json.RawMessage) (keys []string) {
	eachText(raw, func(_, text string) { keys = append(keys, Placeholders(text)...) })
	return keys
}

// eachText visits the texts in JSON, names of members too.
func eachText(raw json.RawMessage, visit func(at, text string)) {
	var decoded any
	if json.Unmarshal(raw, &decoded) != nil {
		return
	}
	var walk func(at string, value any)
	walk = func(at string, value any) {
		switch value := value.(type) {
		case string:
			visit(at, value)
		case []any:
			for i, item := range value {
				walk(fmt.Sprintf("%s/%d", at, i), item)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(value)) {
				visit(at, name)
				walk(at+"/"+name, value[name])
			}
		}
	}
	walk("", decoded)
}
