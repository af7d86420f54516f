package exchanges

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// leftToCurl are header fields that curl fills in by itself, or that belong to the connection.
var leftToCurl = []string{
	"Accept-Encoding", "Connection", "Content-Length", "Expect", "Keep-Alive", "Sec-Fetch-Mode", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	"User-Agent",
}

var (
	plainMethod = regexp.MustCompile(`^[A-Z]+$`)
	dotSegment  = regexp.MustCompile(`/\.{1,2}(?:/|$)`)
	notInNames  = regexp.MustCompile(`[^A-Z0-9]+`)
)

// Curl is a request as a command of curl, for a POSIX shell. Where a secret stood, a variable stands, without which the shell
// says its name and runs nothing: known secrets, and those that Masked goes by. "": the request is not curl's to repeat, as it
// stayed in the phone, was not kept whole, or holds control characters, which a terminal does not take as text.
func Curl(x *Exchange, known []string) string {
	if x.Origin == "" || !strings.HasPrefix(x.Address, "/") || x.Clipped || x.Method == http.MethodHead && len(x.Request) > 0 {
		return ""
	}
	if !isText(x.Origin, x.Address, x.Method, string(x.Request)) {
		return ""
	}
	var holes []string // names of variables; the rune firstHole+i stands for the one at i until all is quoted
	hole := func(name, secret string) string {
		if secret == "" {
			return ""
		}
		holes = append(holes, variable(name))
		return string(firstHole + rune(len(holes)-1))
	}
	quote := func(text string) string {
		text = "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
		for i, name := range holes {
			text = strings.ReplaceAll(text, string(firstHole+rune(i)), `'"${`+name+`:?}"'`)
		}
		return text
	}

	words := []string{"curl"}
	add := func(option, value string) { words = append(words, "\\\n  "+option, value) }
	address := x.Origin + x.Address
	path, _, _ := strings.Cut(x.Address, "?")
	if strings.ContainsAny(address, "[]{}") {
		words = append(words, "-g") // these letters would mean several addresses
	}
	if dotSegment.MatchString(path) {
		words = append(words, "--path-as-is")
	}
	switch body := len(x.Request) > 0; {
	case x.Method == http.MethodHead:
		words = append(words, "--head")
	case x.Method == http.MethodGet && !body, x.Method == http.MethodPost && body:
	case plainMethod.MatchString(x.Method):
		words = append(words, "-X", x.Method)
	default:
		words = append(words, "-X", quote(x.Method))
	}
	words = append(words, quote(replaced(address, known, hole)))
	typed := false
	for _, f := range fieldsOf(x.Header, known, hole) {
		switch {
		case slices.Contains(leftToCurl, f[0]):
			continue
		case !isText(x.Header[f[0]]...):
			return ""
		case f[1] == "":
			add("-H", quote(f[0]+";")) // how curl sends a field without a value
		default:
			add("-H", quote(f[0]+": "+f[1]))
		}
		typed = typed || f[0] == "Content-Type"
	}
	if len(x.Request) > 0 {
		if !typed {
			add("-H", quote("Content-Type:")) // none, as it was
		}
		add("--data-raw", quote(replaced(string(x.Request), known, hole)))
	}
	return strings.Join(words, " ")
}

// firstHole is the first of many runes that nobody uses.
const firstHole = '\U000F0000'

// isText says whether texts come out of a terminal as they went in.
func isText(texts ...string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool {
		return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
			return unicode.IsControl(r) && r != '\n' && r != '\t' || r >= firstHole
		})
	})
}

// variable names a variable for a secret of that name.
func variable(name string) string {
	switch name = strings.Trim(notInNames.ReplaceAllString(strings.ToUpper(name), "_"), "_"); name {
	case "":
		return "CREDENTIAL"
	case "SECRET", "APPSECRET":
		return "APP_SECRET"
	}
	return name
}
