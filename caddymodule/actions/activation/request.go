package activation

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// activationRequest is what a client sent to activation.
type activationRequest struct {
	object []byte // everything, as a JSON object without blanks around it
	ticket string
	cardID string
	code   string // as it came; encrypted if it is no plain one
}

// The names that activation knows.
const (
	activateTicketName = "activate_ticket"
	cardIDName         = "card_id"
	codeName           = "code"
	encryptCodeName    = "encrypt_code"
	userInfoName       = "user_info"
)

// redirectParams are what WeChat adds to the URL of the merchant, and what would stand beside it to no purpose.
var redirectParams = map[string]bool{
	activateTicketName: true, cardIDName: true, codeName: true, encryptCodeName: true, "openid": true, "outer_str": true,
	userInfoName: true,
}

// read takes in the query of a GET request, or the body of a POST.
func (q *activationRequest) read(r *http.Request) error {
	if r.Method == http.MethodPost {
		if err := q.readBody(r); err != nil {
			return err
		}
	} else {
		var err error
		if q.object, err = pairsObject(r.URL.RawQuery); err != nil {
			return err
		}
		queries.Edit(r, func(raw string) string {
			return queries.Cut(raw, func(name string) bool { return redirectParams[name] })
		})
	}
	return q.check()
}

func (q *activationRequest) readBody(r *http.Request) error {
	body, err := bodies.Read(r)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		q.object = []byte("{}")
		return nil
	}
	mediaType, err := bodies.MediaType(r.Header)
	if err != nil {
		return err
	}
	switch mediaType {
	case "application/json":
		q.object = bytes.TrimSpace(body)
		if !utf8.Valid(body) || !json.Valid(body) {
			return jsonscan.Broken(body)
		}
		if q.object[0] != '{' {
			return problem.Invalid("the body is no JSON object")
		}
		return nil
	case bodies.Form:
		q.object, err = pairsObject(string(body))
		return err
	}
	return bodies.UnsupportedMediaType("the body must be application/json or application/x-www-form-urlencoded")
}

// pairsObject makes a JSON object of a query or a form. Of several pairs with one name the last counts, as in PHP; of those
// that have a meaning here there may be no several. A pair that is malformed and has none is left out.
func pairsObject(raw string) ([]byte, error) {
	var names []string
	values := make(map[string]string)
	for name, value := range queries.Pairs(raw) {
		if name == "" || !utf8.ValidString(name) {
			continue
		}
		known := redirectParams[name] && name != userInfoName
		_, seen := values[name]
		if known && seen {
			return nil, problem.Invalid("%s %s", name, field.FaultTwice)
		}
		value, ok := queries.Unescape(value)
		fault := field.FaultEscape
		if ok {
			fault = field.FaultOf(value)
		}
		if known && fault != "" {
			return nil, problem.Invalid("%s %s", name, fault)
		}
		if !ok || !utf8.ValidString(value) {
			continue
		}
		if !seen {
			names = append(names, name)
		}
		values[name] = value
	}
	b := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = card.AppendString(b, name)
		b = append(b, ':')
		b = card.AppendString(b, values[name])
	}
	return append(b, '}'), nil
}

// check finds what is needed.
func (q *activationRequest) check() error {
	found := make(map[string]field.Text)
	for name, raw := range jsonscan.Members(q.object) {
		switch name {
		case activateTicketName, cardIDName, codeName, encryptCodeName:
		default:
			continue
		}
		if _, seen := found[name]; seen {
			return problem.Invalid("%s %s", name, field.FaultTwice)
		}
		if raw[0] == 'n' { // null
			found[name] = field.Text{}
			continue
		}
		s, fault := jsonscan.DecodeString(raw)
		if fault == "" {
			fault = field.FaultOf(s)
		}
		found[name] = field.Text{S: s, Fault: fault}
	}

	ticket := found[activateTicketName]
	switch q.ticket = field.MendBase64(ticket.S); {
	case ticket.Fault != "":
		return problem.Invalid("%s %s", activateTicketName, ticket.Fault)
	case q.ticket == "":
		return problem.Invalid("%s is missing", activateTicketName)
	case !isActivateTicket(q.ticket):
		return problem.Invalid("%s is not an activate_ticket of WeChat's", activateTicketName)
	}
	id := found[cardIDName]
	switch q.cardID = id.S; {
	case id.Fault != "":
		return problem.Invalid("%s %s", cardIDName, id.Fault)
	case q.cardID == "":
		return problem.Invalid("%s is missing", cardIDName)
	case !field.IsCardID(q.cardID):
		return problem.Invalid("%s is not 1 to 64 letters, digits, _ and -", cardIDName)
	}
	code := found[codeName]
	if encrypted := found[encryptCodeName]; code.Absent() {
		code = encrypted
	} else if !encrypted.Absent() {
		return problem.Invalid("%s and %s exclude each other", codeName, encryptCodeName)
	}
	var err error
	q.code, err = field.AnyCode(code)
	return err
}

// isActivateTicket accepts printable ASCII. WeChat's are base64 of some 130 characters, which is nowhere documented.
func isActivateTicket(s string) bool {
	return len(s) <= 512 && field.All(s, func(c byte) bool { return ' ' < c && c <= '~' && c != '%' })
}

// body is what the backend gets. The code must be plain by now.
func (q *activationRequest) body(info wechat.UserInfo) []byte {
	b := make([]byte, 0, len(q.object)+len(info.Common)+len(info.Custom)+128)
	hasCode := false
	b = jsonscan.RewriteObject(b, q.object, func(name string, value []byte) []byte {
		switch name {
		case activateTicketName:
			return mendedString(value, q.ticket)
		case encryptCodeName:
			s, _ := jsonscan.DecodeString(value)
			return mendedString(value, field.MendBase64(s))
		case codeName:
			hasCode = true
			return mendedString(value, q.code)
		}
		if strings.EqualFold(name, userInfoName) { // there are decoders that do not mind
			return nil
		}
		return value
	})
	b = b[:len(b)-1] // the }
	if !hasCode {
		b = append(b, `,"code":`...)
		b = card.AppendString(b, q.code)
	}
	b = append(b, `,"user_info":`...)
	b = info.AppendJSON(b)
	return append(b, '}')
}

// asItCame is what the backend gets of a card of generation 2: everything, but a user_info that only WeChat's answers have.
func (q *activationRequest) asItCame() []byte {
	return jsonscan.RewriteObject(nil, q.object, func(name string, value []byte) []byte {
		if strings.EqualFold(name, userInfoName) {
			return nil
		}
		return value
	})
}

// mendedString is value, a JSON string or null, unless it stands for anything else than s.
func mendedString(value []byte, s string) []byte {
	if was, _ := jsonscan.DecodeString(value); was == s {
		return value
	}
	return card.AppendString(nil, s)
}
