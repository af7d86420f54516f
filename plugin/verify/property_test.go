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
	"html"
	"math/rand/v2"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// signing is one thing that is signed rightly, with random values. The rules are written down here anew: a fault in the check
// must not be a fault of its test as well.
type signing struct {
	rand *rand.Rand

	appID, secret, token   string
	ticket, jsapi          string
	otherTicket            string
	card, otherCard        string
	timestamp, nonce       string
	code, openid, outerStr string // may be ""
	page                   string
	now                    time.Time
}

const (
	digits = "0123456789"
	alnum  = digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	word   = alnum + "_-"
)

func (g *signing) text(letters string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[g.rand.IntN(len(letters))]
	}
	return string(b)
}

func newSigning(seed uint64) *signing {
	g := &signing{rand: rand.New(rand.NewPCG(seed, 17))}
	g.appID, g.secret = "wx"+g.text("0123456789abcdef", 16), g.text("0123456789abcdef", 32)
	g.token = strconv.Itoa(50+g.rand.IntN(50)) + "_" + g.text(word, 133)
	g.ticket, g.jsapi, g.otherTicket = g.text(word, 86), g.text(word, 86), g.text(word, 86)
	g.card, g.otherCard = "p"+g.text(word, 27), "p"+g.text(word, 27)
	g.now = time.Unix(1_500_000_000+int64(g.rand.IntN(800_000_000)), 0)
	g.timestamp = strconv.FormatInt(g.now.Unix()-int64(g.rand.IntN(60)), 10)
	g.nonce = g.text(alnum, 32)
	if g.rand.IntN(3) == 0 {
		g.nonce = g.text(alnum, 1+g.rand.IntN(32))
	}
	if g.rand.IntN(2) == 0 {
		g.code = g.text(alnum, 1+g.rand.IntN(20))
	}
	if g.rand.IntN(2) == 0 {
		g.openid = "o" + g.text(word, 27)
	}
	if g.rand.IntN(3) == 0 {
		g.outerStr = []string{"渠道 1", `"%22&quot;+`, "b'x'", "a&b=c", "🎁"}[g.rand.IntN(5)]
	}
	g.page = "https://" + strings.ToLower(g.text(alnum, 8)) + ".example.com/" + g.text(word, g.rand.IntN(10))
	switch g.rand.IntN(3) {
	case 0:
		g.page += "?id=" + g.text(alnum, 5) + "&from=singlemessage"
	case 1:
		g.page += "?name=%E5%8D%A1&x=a%2Bb+c"
	}
	return g
}

// known is what is known of the account, of its cards, and of another account.
func (g *signing) known() Known {
	ends := g.now.Add(time.Hour)
	return Known{Now: g.now, Accounts: []Account{
		{
			Name: "default", AppID: g.appID, APITickets: []Ticket{{Text: g.ticket, Ends: ends}}, JSAPITickets: []Ticket{{Text: g.jsapi, Ends: ends}},
			AccessTokens: []Ticket{{Text: g.token, Ends: ends}}, AppSecrets: []string{g.secret}, Cards: []string{g.card, g.otherCard},
		},
		{Name: "other", AppID: "wx" + g.text("0123456789abcdef", 16), APITickets: []Ticket{{Text: g.otherTicket, Ends: ends}}},
	}}
}

func hexOf(sum []byte) string { return hex.EncodeToString(sum) }

func sha1Of(text string) []byte {
	sum := sha1.Sum([]byte(text))
	return sum[:]
}

// filled are the values that are not empty.
func filled(values ...string) []string {
	return slices.DeleteFunc(values, func(s string) bool { return s == "" })
}

// sorted are the values that are not empty, by their bytes.
func sorted(values ...string) []string {
	values = filled(values...)
	sort.Strings(values)
	return values
}

func joined(values ...string) string { return strings.Join(sorted(values...), "") }

func hmacOf(key, text string) []byte {
	h := hmac.New(sha1.New, []byte(key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// config is the text of wx.config.
func (g *signing) config(ticket, page string) string {
	return "jsapi_ticket=" + ticket + "&noncestr=" + g.nonce + "&timestamp=" + g.timestamp + "&url=" + page
}

// values are those of a card, with the ticket.
func (g *signing) values() []string {
	return filled(g.ticket, g.timestamp, g.card, g.code, g.openid, g.nonce)
}

// with are the values with another one in the place of one.
func (g *signing) with(old, other string) []string {
	values := g.values()
	values[slices.Index(values, old)] = other
	return values
}

// ext is a cardExt with this signature.
func (g *signing) ext(signature string) string {
	fields := map[string]string{"timestamp": g.timestamp, "nonce_str": g.nonce, "signature": signature}
	for name, value := range map[string]string{"code": g.code, "openid": g.openid, "outer_str": g.outerStr} {
		if value != "" {
			fields[name] = value
		}
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func entry(cardID, cardExt string) string {
	raw, err := json.Marshal(map[string]any{"cardList": []any{map[string]string{"cardId": cardID, "cardExt": cardExt}}})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func (g *signing) cardWith(signature string) Input {
	return Input{Value: json.RawMessage(entry(g.card, g.ext(signature))), Account: "default"}
}

func (g *signing) configWith(signature string) Input {
	value := fmt.Sprintf(`{"appId":%q,"timestamp":%s,"nonceStr":%q,"signature":%q,"jsApiList":["addCard"]}`, g.appID, g.timestamp, g.nonce, signature)
	return Input{Value: json.RawMessage(value), Account: "default", URL: g.page}
}

func (g *signing) chooseWith(cardType, signature string) Input {
	value := fmt.Sprintf(`{"timestamp":%s,"nonceStr":%q,"signType":"SHA1","cardSign":%q`, g.timestamp, g.nonce, signature)
	if cardType != "" {
		value += fmt.Sprintf(`,"shopId":"","cardId":%q,"cardType":%q`, g.card, cardType)
	}
	return Input{Value: json.RawMessage(value + "}"), Account: "default"}
}

const signings = 8 // of each

// TestRightIsNeverAccused: whatever is signed rightly, with random values, has no finding.
func TestRightIsNeverAccused(t *testing.T) {
	for seed := range uint64(10 * signings) {
		g := newSigning(seed)
		for name, in := range map[string]Input{
			"card":    g.cardWith(hexOf(sha1Of(joined(g.values()...)))),
			"config":  g.configWith(hexOf(sha1Of(g.config(g.jsapi, g.page)))),
			"choose":  g.chooseWith("GROUPON", hexOf(sha1Of(joined(g.ticket, g.appID, g.timestamp, g.nonce, g.card, "GROUPON")))),
			"all":     g.chooseWith("", hexOf(sha1Of(joined(g.ticket, g.appID, g.timestamp, g.nonce)))),
			"invoice": g.chooseWith("", hexOf(sha1Of(joined(g.ticket, g.appID, g.timestamp, g.nonce, "INVOICE")))),
		} {
			for _, account := range []string{"default", ""} {
				in.Account = account
				r := Check(in, g.known())
				if got := found(r); len(got) > 0 || r.Verdict != Fine {
					t.Errorf("seed %d, %s: %s is %s: %q", seed, name, in.Value, r.Verdict, got)
				}
			}
		}
	}
}

// distortions sign wrongly. Each says which findings there must be; "": these values do not allow the mistake.
var distortions = map[string]func(g *signing) (in Input, want string){
	"access_token": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of(joined(g.with(g.ticket, g.token)...)))), "access_token"
	},
	"app_secret": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of(joined(g.with(g.ticket, g.secret)...)))), "app_secret"
	},
	"jsapi_ticket": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of(joined(g.with(g.ticket, g.jsapi)...)))), "jsapi_ticket"
	},
	"ticket_of_other_account": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of(joined(g.with(g.ticket, g.otherTicket)...)))), "ticket_of_other_account"
	},
	"ticket_word": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of(joined(g.with(g.ticket, "undefined")...)))), "ticket_word"
	},
	"other_card": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of(joined(g.with(g.card, g.otherCard)...)))), "other_card card_id"
	},
	"value_case": func(g *signing) (Input, string) {
		upper := strings.ToUpper(g.card)
		if upper == g.card {
			return Input{}, ""
		}
		return g.cardWith(hexOf(sha1Of(joined(g.with(g.card, upper)...)))), "value_case card_id"
	},
	"value_padded": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of(joined(g.with(g.card, " "+g.card)...)))), "value_padded card_id"
	},
	"card_id_spelling": func(g *signing) (Input, string) {
		listed := g.card
		if g.card = "p" + strings.ToUpper(g.card[1:]); g.card == listed {
			return Input{}, ""
		}
		in := g.cardWith(hexOf(sha1Of(joined(g.values()...))))
		g.card = listed
		return in, "card_id_spelling cardId"
	},
	"signed_twice": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of(joined(append(g.values(), g.card)...)))), "signed_twice card_id"
	},
	"field_twice": func(g *signing) (Input, string) {
		signature := hexOf(sha1Of(joined(g.with(g.nonce, "first7")...)))
		ext := strings.Replace(g.ext(signature), "{", `{"nonce_str":"first7",`, 1)
		return Input{Value: json.RawMessage(entry(g.card, ext)), Account: "default"}, "field_twice nonce_str; value_differs nonce_str"
	},
	"word_sent": func(g *signing) (Input, string) {
		g.code = "undefined"
		return g.cardWith(hexOf(sha1Of(joined(g.values()...)))), "word_sent code"
	},
	"bytes_sent": func(g *signing) (Input, string) {
		return g.cardWith("b'" + hexOf(sha1Of(joined(g.values()...))) + "'"), "bytes_sent signature"
	},
	"config_signature": func(g *signing) (Input, string) {
		in := g.cardWith(hexOf(sha1Of(g.config(g.jsapi, g.page))))
		in.URL = g.page
		return in, "config_signature"
	},
	"hash_hmac": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(hmacOf(g.ticket, joined(g.timestamp, g.card, g.code, g.openid, g.nonce)))), "hash_hmac"
	},
	"hash_hmac with a secret": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(hmacOf(g.secret, joined(g.values()...)))), "hash_hmac"
	},
	"hash_twice": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of(hexOf(sha1Of(joined(g.values()...)))))), "hash_twice"
	},
	"hash_md5": func(g *signing) (Input, string) {
		sum := md5.Sum([]byte(joined(g.values()...))) //nolint:gosec // only to recognise it
		return g.cardWith(hexOf(sum[:])), "hash_md5"
	},
	"hash_sha256": func(g *signing) (Input, string) {
		sum := sha256.Sum256([]byte(joined(g.values()...)))
		return g.cardWith(hexOf(sum[:])), "hash_sha256"
	},
	"json_signed": func(g *signing) (Input, string) {
		raw, _ := json.Marshal(sorted(g.values()...))
		return g.cardWith(hexOf(sha1Of(string(raw)))), "json_signed"
	},
	"json_signed map": func(g *signing) (Input, string) {
		fields := map[string]string{"api_ticket": g.ticket, "timestamp": g.timestamp, "card_id": g.card, "nonce_str": g.nonce}
		for name, value := range map[string]string{"code": g.code, "openid": g.openid} {
			if value != "" {
				fields[name] = value
			}
		}
		raw, _ := json.Marshal(fields)
		return g.cardWith(hexOf(sha1Of(string(raw)))), "json_signed"
	},
	"list_signed": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of("[" + strings.Join(sorted(g.values()...), ", ") + "]"))), "list_signed"
	},
	"list_signed python": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of("['" + strings.Join(sorted(g.values()...), "', '") + "']"))), "list_signed"
	},
	"constant_signed": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of("[object Object]"))), "constant_signed"
	},
	"bytes_signed": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of("b'" + joined(g.values()...) + "'"))), "bytes_signed"
	},
	"bytes_signed ticket": func(g *signing) (Input, string) {
		return g.cardWith(hexOf(sha1Of(joined(g.with(g.ticket, "b'"+g.ticket+"'")...)))), "bytes_signed api_ticket"
	},
	"text_ascii": func(g *signing) (Input, string) {
		g.code = "会员" + g.text(digits, 6)
		return g.cardWith(hexOf(sha1Of(strings.ReplaceAll(joined(g.values()...), "会员", "??")))), "code_malformed code; text_ascii"
	},
	"card_ext_html": func(g *signing) (Input, string) {
		g.outerStr = ""
		ext := html.EscapeString(g.ext(hexOf(sha1Of(joined(g.values()...)))))
		return Input{Value: json.RawMessage(entry(g.card, ext)), Account: "default"}, "card_ext_html"
	},
	"card_ext_percent": func(g *signing) (Input, string) {
		ext := url.QueryEscape(g.ext(hexOf(sha1Of(joined(g.values()...)))))
		return Input{Value: json.RawMessage(entry(g.card, ext)), Account: "default"}, "card_ext_percent"
	},
	"signature_separated": func(g *signing) (Input, string) {
		var pairs []string
		for _, b := range sha1Of(joined(g.values()...)) {
			pairs = append(pairs, fmt.Sprintf("%02x", b))
		}
		return g.cardWith(strings.Join(pairs, "-")), "signature_separated"
	},
	"signature_signed_bytes": func(g *signing) (Input, string) {
		signature := ""
		for _, b := range sha1Of(joined(g.values()...)) {
			signature += strconv.FormatUint(uint64(uint32(int32(int8(b)))), 16)
		}
		return g.cardWith(signature), "signature_signed_bytes"
	},
	"signature_base64": func(g *signing) (Input, string) {
		return g.cardWith(base64.StdEncoding.EncodeToString(sha1Of(joined(g.values()...)))), "signature_base64"
	},
	"card_signature": func(g *signing) (Input, string) {
		return g.configWith(hexOf(sha1Of(joined(g.ticket, g.timestamp, g.nonce, g.otherCard)))), "card_signature"
	},
	"card_signature without URL": func(g *signing) (Input, string) {
		in := g.configWith(hexOf(sha1Of(joined(g.ticket, g.timestamp, g.nonce, g.card))))
		in.URL = ""
		return in, "card_signature"
	},
	"config access_token": func(g *signing) (Input, string) {
		return g.configWith(hexOf(sha1Of(g.config(g.token, g.page)))), "access_token"
	},
	"config app_secret": func(g *signing) (Input, string) {
		return g.configWith(hexOf(sha1Of(g.config(g.secret, g.page)))), "app_secret"
	},
	"config hash_hmac": func(g *signing) (Input, string) {
		return g.configWith(hexOf(hmacOf(g.secret, g.config(g.jsapi, g.page)))), "hash_hmac"
	},
	"config hash_twice": func(g *signing) (Input, string) {
		return g.configWith(hexOf(sha1Of(hexOf(sha1Of(g.config(g.jsapi, g.page)))))), "hash_twice"
	},
	"config bytes_signed": func(g *signing) (Input, string) {
		return g.configWith(hexOf(sha1Of("b'" + g.config(g.jsapi, g.page) + "'"))), "bytes_signed"
	},
	"config json_signed": func(g *signing) (Input, string) {
		text := fmt.Sprintf(`{"jsapi_ticket":%q,"noncestr":%q,"timestamp":%q,"url":%q}`, g.jsapi, g.nonce, g.timestamp, g.page)
		return g.configWith(hexOf(sha1Of(text))), "json_signed"
	},
	"config fragment": func(g *signing) (Input, string) {
		return g.configWith(hexOf(sha1Of(g.config(g.jsapi, g.page+"#/")))), "url_with_fragment url"
	},
	"config of another page": func(g *signing) (Input, string) {
		return g.configWith(hexOf(sha1Of(g.config(g.jsapi, "https://elsewhere.example.net/x")))), "signature_unknown; url_check url"
	},
	"signature of nothing known": func(g *signing) (Input, string) {
		return g.cardWith(g.text("0123456789abcdef", 40)), "signature_unknown"
	},
}

// TestDistorted: what is signed wrongly, with random values, is called by its name and by no other.
func TestDistorted(t *testing.T) {
	for name, distort := range distortions {
		t.Run(name, func(t *testing.T) {
			tried := 0
			for seed := range uint64(signings) {
				g := newSigning(seed)
				in, want := distort(g)
				if want == "" {
					continue
				}
				tried++
				r := Check(in, g.known())
				if got := strings.Join(found(r), "; "); got != want {
					t.Errorf("seed %d: %s is %s, want %s", seed, in.Value, got, want)
				}
				checkReport(t, r, g.known())
			}
			if tried == 0 {
				t.Error("none was tried")
			}
		})
	}
}
