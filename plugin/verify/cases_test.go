package verify

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // only to recognise it
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// example is a case of testdata/cases.txt, which says how to read it.
type example struct {
	Name, About string
	Input       Input
	Verdict     Verdict
	Expect      []string // identifier and field
}

// cases reads testdata/cases.txt: its cases, and what its names stand for.
func cases(t testing.TB) ([]example, map[string]string) {
	t.Helper()
	text, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]string)
	var list []example
	for block := range strings.SplitSeq(string(text), "\n\n") {
		var lines []string
		for line := range strings.Lines(block) {
			switch line = strings.TrimSuffix(line, "\n"); {
			case line == "", strings.HasPrefix(line, "#"):
			case strings.HasPrefix(line, " "):
				lines[len(lines)-1] += strings.TrimSpace(line)
			case strings.HasPrefix(line, "$"):
				name, value, _ := strings.Cut(line[1:], "=")
				names[strings.TrimSpace(name)] = strings.TrimSpace(value)
			default:
				lines = append(lines, line)
			}
		}
		if len(lines) > 0 {
			list = append(list, readCase(t, lines, names))
		}
	}
	return list, names
}

// readCase reads the lines of one case.
func readCase(t testing.TB, lines []string, names map[string]string) example {
	t.Helper()
	c := example{Input: Input{Account: "default"}}
	signatures := make(map[string]string)
	expand := func(text string) string {
		return os.Expand(text, func(name string) string {
			if value, ok := names[name]; ok {
				return value
			}
			if value, ok := signatures[name]; ok {
				return value
			}
			t.Fatalf("%s: there is no $%s", lines[0], name)
			return ""
		})
	}
	var ok bool
	if c.Name, c.About, ok = strings.Cut(strings.TrimPrefix(lines[0], "["), "] "); !ok {
		t.Fatalf("no name: %q", lines)
	}
	sent, hashed := "", 0
	for _, line := range lines[1:] {
		key, text, _ := strings.Cut(line, " ")
		text = strings.TrimSpace(text)
		switch key {
		case "account":
			c.Input.Account = text
		case "url":
			c.Input.URL = expand(text)
		case "signed":
			name, value, _ := strings.Cut(text, "=")
			c.Input.Signed = map[string]string{name: expand(value)}
		case "sent":
			sent = text
		case "card":
			sent = `{"cardId":"$card","cardExt":‹` + text + `›}`
		case "refused", "fine", "open":
			c.Verdict = Verdict(key)
			if text != "" {
				c.Expect = strings.Split(text, "; ")
			}
		default:
			sum := hashes[key]
			if sum == nil {
				t.Fatalf("%s: what is %q?", c.Name, line)
			}
			number := ""
			if hashed++; hashed > 1 {
				number = strconv.Itoa(hashed)
			}
			for form, signature := range writings(sum(strings.ReplaceAll(expand(text), `\n`, "\n"))) {
				signatures[form+number] = signature
			}
		}
	}
	c.Input.Value = json.RawMessage(unmark(expand(sent)))
	if sent == "" || c.Verdict == "" || !json.Valid(c.Input.Value) {
		t.Fatalf("%s is not complete: %s", c.Name, c.Input.Value)
	}
	return c
}

// hashes are the ways to hash a text, by the words of the table.
var hashes = map[string]func(text string) []byte{
	"sha1":       func(text string) []byte { sum := sha1.Sum([]byte(text)); return sum[:] },
	"md5":        func(text string) []byte { sum := md5.Sum([]byte(text)); return sum[:] }, //nolint:gosec // only to recognise it
	"sha256":     func(text string) []byte { sum := sha256.Sum256([]byte(text)); return sum[:] },
	"sha1-lower": func(text string) []byte { sum := sha1.Sum([]byte(strings.ToLower(text))); return sum[:] },
	"sha1-utf16": func(text string) []byte {
		var wide []byte
		for _, unit := range utf16.Encode([]rune(text)) {
			wide = append(wide, byte(unit), byte(unit>>8))
		}
		sum := sha1.Sum(wide)
		return sum[:]
	},
	"sha1-twice": func(text string) []byte {
		first := sha1.Sum([]byte(text))
		sum := sha1.Sum([]byte(hex.EncodeToString(first[:])))
		return sum[:]
	},
	"hmac-sha1":   func(text string) []byte { return keyed(sha1.New, text) },
	"hmac-sha256": func(text string) []byte { return keyed(sha256.New, text) },
}

// keyed is the HMAC of a key, a blank and a text.
func keyed(function func() hash.Hash, text string) []byte {
	key, text, _ := strings.Cut(text, " ")
	h := hmac.New(function, []byte(key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// writings are the ways to write a hash, by the names of the table.
func writings(sum []byte) map[string]string {
	lossy, signed := "", ""
	var pairs []string
	for _, b := range sum {
		lossy += strconv.FormatUint(uint64(b), 16)
		signed += strconv.FormatUint(uint64(uint32(int32(int8(b)))), 16)
		pairs = append(pairs, fmt.Sprintf("%02X", b))
	}
	return map[string]string{
		"hex": hex.EncodeToString(sum), "HEX": fmt.Sprintf("%X", sum), "base64": base64.StdEncoding.EncodeToString(sum),
		"lossy": lossy, "signed": signed, "dashes": strings.Join(pairs, "-"), "trimmed": strings.TrimLeft(hex.EncodeToString(sum), "0"),
	}
}

// unmark puts JSON strings in the place of ‹…›, and without their quotes in that of «…», from the inside out.
func unmark(text string) string {
	for {
		end := strings.IndexAny(text, "›»")
		if end < 0 {
			return text
		}
		start := strings.LastIndexAny(text[:end], "‹«")
		size := len("‹")
		if strings.HasPrefix(text[start:], "«") {
			size = len("«")
		}
		var quoted strings.Builder
		enc := json.NewEncoder(&quoted)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(text[start+size : end]) // a string can always be written
		inside := strings.TrimSuffix(quoted.String(), "\n")
		if size == len("«") {
			inside = inside[1 : len(inside)-1]
		}
		text = text[:start] + inside + text[end+size:]
	}
}

// caseKnown is what the cases are checked with: the accounts that the table's names belong to.
func caseKnown(names map[string]string) Known {
	signed := time.Unix(1700000000, 0)
	now := signed.Add(time.Minute)
	ticket := func(name string, ends time.Time) Ticket { return Ticket{Text: names[name], Ends: ends} }
	good := now.Add(time.Hour)
	return Known{Now: now, Accounts: []Account{
		{
			Name: "default", AppID: names["appid"], MiniPrograms: []string{names["miniappid"]},
			APITickets:   []Ticket{ticket("ticket", good), ticket("previous", now.Add(time.Minute)), ticket("ended", signed)},
			JSAPITickets: []Ticket{ticket("jsapi", good), ticket("jsapiended", signed)},
			AccessTokens: []Ticket{ticket("token", good)}, AppSecrets: []string{names["secret"], names["minisecret"]},
			Cards: []string{names["card"], names["card2"], names["card3"]},
		},
		{Name: "other", AppID: names["otherappid"], APITickets: []Ticket{ticket("other", good)}},
		{Name: "mini", AppID: names["miniappid"], MiniProgram: true, APITickets: []Ticket{ticket("mini", good)}},
		{Name: "empty", AppID: "wx0000000000000000"},
		{Name: "nothing", AppSecrets: []string{"s3cr3t"}},
		{Name: "noid", APITickets: []Ticket{ticket("noid", time.Time{})}},
	}}
}
