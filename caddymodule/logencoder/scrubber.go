package logencoder

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/redact"
)

// scrubber takes out what must not be logged, and remembers it.
type scrubber struct {
	taken    *[]string
	repeated bool // what was taken out elsewhere is taken out, too
}

func (s scrubber) keep(value string) { *s.taken = redact.Keep(*s.taken, value) }

// take remembers a value that is taken out as a whole.
func (s scrubber) take(value string) string {
	s.keep(value)
	if i := strings.LastIndexByte(value, ' '); i >= 0 {
		s.keep(value[i+1:]) // Bearer …
	}
	return redact.Redacted
}

// text gives what may be logged of a text.
func (s scrubber) text(text string) string {
	if scheme, _, ok := strings.Cut(text, " "); ok && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Basic")) {
		return s.take(text)
	}
	text = redact.Secrets(redact.Text(text, s.keep))
	if s.repeated {
		text = redact.Repeated(text, *s.taken)
	}
	return text
}

// reflected gives what may be logged of a value that is going to be JSON, as that has it, and whether anything was taken out.
func (s scrubber) reflected(value any) (clean any, changed bool) {
	raw, err := json.Marshal(value)
	if err != nil {
		return value, false
	}
	var decoded any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&decoded) != nil {
		return value, false
	}
	return s.decoded(decoded, false)
}

// decoded goes through what was JSON; ours: in a handler of ours, as Caddy logs its whole configuration at DEBUG.
func (s scrubber) decoded(value any, ours bool) (clean any, changed bool) {
	switch value := value.(type) {
	case string:
		clean := s.text(value)
		return clean, clean != value
	case []any:
		for i := range value {
			var c bool
			value[i], c = s.decoded(value[i], ours)
			changed = changed || c
		}
	case map[string]any:
		ours = ours || isOurs(value)
		for name, member := range value {
			if (redact.Header(name) || ours && redact.Configured(name)) && s.hide(member) {
				value[name], changed = redact.Redacted, true
				continue
			}
			var c bool
			value[name], c = s.decoded(member, ours)
			changed = changed || c
		}
	}
	return value, changed
}

// isOurs tells whether an object is the configuration of a handler of ours.
func isOurs(object map[string]any) bool {
	handler, _ := object["handler"].(string)
	return handler == "wechat_card" || handler == "wechat_sandbox"
}

// hide remembers the texts of a value that is taken out as a whole, and tells whether there were any.
func (s scrubber) hide(value any) (hidden bool) {
	switch value := value.(type) {
	case string:
		s.take(value)
		return true
	case []any:
		for _, item := range value {
			hidden = s.hide(item) || hidden
		}
	}
	return hidden
}
