// Package redact knows what must not lie about in logs: by which names secrets and people are called, and how to take what stands
// under them out of a text.
package redact

import (
	"maps"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
)

// Redacted stands in the place of what was taken out. Caddy writes the same.
const Redacted = "REDACTED"

// always are the names that are never logged, folded: of query parameters, of fields in JSON and in log entries, of headers.
var always = setOf(
	"authorization", "proxyauthorization", "cookie", "setcookie", // headers
	"secret", "appsecret", "password", "encodingaeskey", "previousencodingaeskey", "sealkey", "key", // of accounts, components, relay and credentials
	"token", "accesstoken", "refreshtoken", "rejectedtoken", "authorizeraccesstoken", "authorizerrefreshtoken", "componentaccesstoken",
	"ticket", "apiticket", "cardticket", "jsapiticket", "activateticket", "componentverifyticket",
	"code", "jscode", "phonecode", "encryptcode", "authcode", "preauthcode", "authorizationcode", "cardcode", "usercardcode", "oldusercardcode", "membershipnumber", // what can be exchanged, or used up
	"sessionkey", "encrypteddata", "iv", "signature", "msgsignature", "cardsign", "echostr", "state", // what proves something
	"openid", "miniopenid", "fromopenid", "fromusername", "friendusername", "unionid", "phone", "phonenumber", "purephonenumber", "phonepure", "mobile", // who somebody is
)

// plain are names that mean nothing secret in log entries and headers, for they are too common there.
var plain = setOf("key", "state", "signature", "iv", "phone", "mobile")

// endings are those that say what it is also at the end of a longer name: X-Wechat-Api-Ticket, user_openid.
var endings = []string{
	"authorization", "appsecret", "accesstoken", "refreshtoken", "apiticket", "jsapiticket", "activateticket", "jscode", "encryptcode",
	"sessionkey", "openid", "unionid", "phonenumber",
}

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// names is a set that grows as configurations are loaded. Logging is provisioned before what would tell it these names, and
// goes on when they are configured no more; so one set holds for the process, and forgets none.
type names struct {
	mu  sync.Mutex
	set atomic.Pointer[map[string]bool]
}

func (n *names) add(name string) {
	name = fold(name)
	if name == "" {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	set := setOf(name)
	if old := n.set.Load(); old != nil {
		maps.Copy(set, *old)
	}
	n.set.Store(&set)
}

func (n *names) has(folded string) bool {
	set := n.set.Load()
	return set != nil && (*set)[folded]
}

var headers, params names

// AddHeader has a header never be logged from now on, as long as the process lives.
func AddHeader(name string) { headers.add(name) }

// AddParam has a parameter of queries and forms never be logged from now on, as long as the process lives.
func AddParam(name string) { params.add(name) }

// source finds in a value's placeholders where in a request they look.
var source = regexp.MustCompile(`\{(?:http\.request\.)?(?:(header)|(?:uri\.)?query)\.([^{}:]+)[^{}]*\}`)

// AddSources has what the placeholders of a configured value read from a request never be logged from now on.
func AddSources(value string) {
	for _, m := range source.FindAllStringSubmatch(value, -1) {
		if m[1] != "" {
			AddHeader(m[2])
		} else {
			AddParam(m[2])
		}
	}
}

// Header tells whether a header, or a member of an object in a log entry, must not be logged.
func Header(name string) bool {
	folded := fold(name)
	return Field(name) || headers.has(folded)
}

// Field tells whether a field of a log entry must not be logged.
func Field(name string) bool {
	folded := fold(name)
	return always[folded] && !plain[folded] || hasEnding(folded)
}

// Configured tells whether a member of a handler of ours in a configuration must not be logged, beside those of Field: there, `key` is that of
// relay, of credentials and of API 安全.
func Configured(name string) bool { return name == "key" }

// param tells whether the value of a parameter must not be logged: by its own name, or by one in brackets.
func param(name string) bool {
	if strings.ContainsAny(name, "%+") {
		name = unescape(name)
	}
	name, _, _ = strings.Cut(name, "\x00") // where PHP ends it
	folded := fold(name)
	if isParam(folded) {
		return true
	}
	if !strings.ContainsAny(name, "[]") {
		return false
	}
	for part := range strings.FieldsFuncSeq(name, func(c rune) bool { return c == '[' || c == ']' }) {
		if isParam(fold(part)) {
			return true
		}
	}
	return false
}

func isParam(folded string) bool { return always[folded] || hasEnding(folded) || params.has(folded) }

func hasEnding(folded string) bool {
	for _, ending := range endings {
		if strings.HasSuffix(folded, ending) {
			return true
		}
	}
	return false
}

// fold makes one name of all spellings of it: js_code, jsCode, JS-Code.
func fold(name string) string {
	clean := true
	for i := range len(name) {
		if c := name[i]; c < '0' || c > '9' && c < 'a' || c > 'z' {
			clean = false
			break
		}
	}
	if clean {
		return name
	}
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		switch c := name[i]; {
		case 'A' <= c && c <= 'Z':
			b = append(b, c+'a'-'A')
		case c == '_', c == '-', c == '.', c == ' ':
		default:
			b = append(b, c)
		}
	}
	return string(b)
}
