package object

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// The members that an object may have.
var (
	allMembers = []string{
		"app_id", "alias", "key", "app_secret", "token_source", "force_refresh", "mini_program", "message_push", "limit",
	}
	settingMembers = []string{"app_id", "alias", "key", "mini_program", "limit"}
)

const (
	maxText     = 512 // of a value, sealed or not
	minKey      = 16  // of the key of relay and credentials
	maxPrograms = 50
	maxLimit    = 1_000_000
)

// reader reads objects until something is wrong with them.
type reader struct {
	keys     *sealed.Keys
	settings bool   // of an account that authorised a component
	fault    *Fault // the first
}

func (r *reader) fail(at, text string) {
	if r.fault == nil {
		r.fault = &Fault{at, text}
	}
}

// read reads a whole object that may have these members.
func (r *reader) read(raw []byte, known []string) *Data {
	data := new(Data)
	switch raw = bytes.TrimPrefix(raw, []byte("\xEF\xBB\xBF")); {
	case len(raw) > MaxSize:
		r.fail("", fmt.Sprintf("the object is longer than %d bytes", MaxSize))
	case !utf8.Valid(raw):
		r.fail("", "the object is no UTF-8")
	}
	for _, m := range r.members("", raw, known) {
		switch name, value := m.name, m.value; name {
		case "app_id":
			data.AppID = r.appID(name, value)
		case "alias":
			if data.Alias = r.text(name, value); !IsAlias(data.Alias) {
				r.fail(name, "is not 1 to 63 of a-z, 0-9 and -, or looks like an app_id")
			}
		case "key":
			if data.Key = r.secret(name, value); len(data.Key) < minKey {
				r.fail(name, fmt.Sprintf("is shorter than %d characters", minKey))
			}
		case "app_secret":
			data.AppSecret = r.secret(name, value)
		case "token_source":
			data.TokenSource = r.tokenSource(name, value)
		case "force_refresh":
			if data.ForceRefresh = r.text(name, value); data.ForceRefresh != "on" && data.ForceRefresh != "off" {
				r.fail(name, "is on or off")
			}
		case "mini_program":
			data.MiniPrograms = r.programs(name, value)
		case "message_push":
			data.MessagePush = r.push(name, value)
		case "limit":
			data.Limit = r.limit(name, value)
		}
	}
	return data
}

// member is one of an object's.
type member struct {
	name  string
	value json.RawMessage
}

// members gives the members of an object as they stand. What is not known, or there twice, is a fault: of two values one would be ignored.
func (r *reader) members(at string, raw []byte, known []string) (found []member) {
	if r.fault != nil {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		r.fail(at, "is no JSON object")
		return nil
	}
	for dec.More() {
		token, err := dec.Token()
		name, _ := token.(string)
		var value json.RawMessage
		if err == nil {
			err = dec.Decode(&value)
		}
		if err != nil {
			r.fail(at, "is no JSON: "+syntax(err))
			return nil
		}
		if !slices.Contains(known, name) {
			r.fail(join(at, strings.Trim(field.Quote(name), "'")), "is unknown here; there are "+strings.Join(known, ", ")+why(name))
			return nil
		}
		if slices.ContainsFunc(found, func(m member) bool { return m.name == name }) {
			r.fail(join(at, name), "is there twice")
			return nil
		}
		found = append(found, member{name, value})
	}
	if _, err := dec.Token(); err != nil {
		r.fail(at, "is no JSON: "+syntax(err))
	} else if dec.More() {
		r.fail(at, "is followed by something")
	}
	return found
}

// syntax is what is wrong with a text that is no JSON.
func syntax(err error) string {
	if strings.Contains(err.Error(), "EOF") {
		return "it ends too early"
	}
	return err.Error()
}

// why says why data may not have what a configuration may.
func why(name string) string {
	if name == "ticket_source" {
		return ": data have the gateway connect to nobody"
	}
	return ""
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// text reads a text as it stands.
func (r *reader) text(at string, raw json.RawMessage) string {
	var text *string
	switch err := json.Unmarshal(raw, &text); {
	case err != nil || text == nil:
		r.fail(at, "is no text")
		return ""
	case *text == "":
		r.fail(at, "is empty")
	case len(*text) > maxText:
		r.fail(at, fmt.Sprintf("is longer than %d characters", maxText))
	}
	r.plain(at, *text)
	return *text
}

// plain refuses what a replacer of placeholders would read: data must not get at the gateway's environment and files.
func (r *reader) plain(at, text string) {
	if strings.ContainsAny(text, "{}") {
		r.fail(at, "has braces: there are no placeholders in data")
	}
}

// secret reads a text that may be sealed.
func (r *reader) secret(at string, raw json.RawMessage) string {
	text := r.text(at, raw)
	if r.fault != nil {
		return ""
	}
	opened, err := r.keys.Open(text)
	if err != nil {
		r.fail(at, "cannot be opened: "+err.Error())
		return ""
	}
	r.plain(at, opened)
	if len(opened) > maxText || !field.All(opened, func(c byte) bool { return c > ' ' && c < 0x7F }) {
		r.fail(at, "has blanks, or characters that no secret has")
	}
	return opened
}

func (r *reader) appID(at string, raw json.RawMessage) string {
	text := r.text(at, raw)
	if !IsAppID(text) {
		r.fail(at, "is no app_id: that is wx and 16 hex digits, in lower case")
	}
	return text
}

// tokenSource reads where tokens come from, as a configuration has it: a text, or an object that says no more.
func (r *reader) tokenSource(at string, raw json.RawMessage) string {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		members := r.members(at, raw, []string{"source"})
		if at = join(at, "source"); len(members) == 0 {
			r.fail(at, "is missing")
			return ""
		}
		raw = members[0].value
	}
	text := r.text(at, raw)
	if text != "stable" && text != "classic" {
		r.fail(at, "is stable or classic: data have the gateway connect to nobody else")
	}
	return text
}

func (r *reader) items(at string, raw json.RawMessage) []json.RawMessage {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil || items == nil {
		r.fail(at, "is no JSON array")
	}
	if len(items) > maxPrograms {
		r.fail(at, fmt.Sprintf("has more than %d", maxPrograms))
	}
	return items
}

func (r *reader) programs(at string, raw json.RawMessage) (programs []Program) {
	for i, item := range r.items(at, raw) {
		at := at + "[" + strconv.Itoa(i) + "]"
		var one Program
		for _, m := range r.members(at, item, []string{"app_id", "app_secret"}) {
			if m.name == "app_id" {
				one.AppID = r.appID(join(at, m.name), m.value)
			} else {
				one.AppSecret = r.secret(join(at, m.name), m.value)
			}
		}
		r.want(join(at, "app_id"), one.AppID)
		if !r.settings { // else it may have authorised the component, too
			r.want(join(at, "app_secret"), one.AppSecret)
		}
		if slices.ContainsFunc(programs, func(p Program) bool { return p.AppID == one.AppID }) {
			r.fail(join(at, "app_id"), "is listed twice")
		}
		programs = append(programs, one)
	}
	return programs
}

func (r *reader) want(at, value string) {
	if value == "" {
		r.fail(at, "is missing")
	}
}

func (r *reader) push(at string, raw json.RawMessage) *Push {
	one := new(Push)
	for _, m := range r.members(at, raw, []string{"token", "encoding_aes_key"}) {
		if m.name == "token" {
			one.Token = r.secret(join(at, m.name), m.value)
			continue
		}
		one.EncodingAESKey = r.secret(join(at, m.name), m.value)
		if _, err := push.NewCipher(one.EncodingAESKey); err != nil {
			r.fail(join(at, m.name), "is not 43 letters and digits")
		}
	}
	r.want(join(at, "token"), one.Token)
	return one
}

func (r *reader) limit(at string, raw json.RawMessage) *Limit {
	one := new(Limit)
	into := map[string]*int{"decrypt": &one.Decrypt, "geturl": &one.Geturl, "login": &one.Login, "activation": &one.Activation}
	for _, m := range r.members(at, raw, []string{"decrypt", "geturl", "login", "activation"}) {
		if n := into[m.name]; json.Unmarshal(m.value, n) != nil || *n < 1 || *n > maxLimit {
			r.fail(join(at, m.name), fmt.Sprintf("is no number from 1 to %d", maxLimit))
		}
	}
	return one
}
