package verify

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify"
)

// examples are what clients sent, as in the cases of the same names in plugin/verify/testdata/cases.txt.
var examples = map[string]string{
	"timestamp_old":                 `{"cardId":"p1Pj9jr90_SQRaVqYI239Ka1erkI","cardExt":"{\"timestamp\":\"1699913600\",\"nonce_str\":\"5K8264ILTKCH16CQ2502SI8ZNMTM67VS\",\"signature\":\"35118fd965f6cf7cd67da4906cfbe8e696978f6a\"}"}`,
	"not_signed":                    `{"cardId":"p1Pj9jr90_SQRaVqYI239Ka1erkI","cardExt":"{\"timestamp\":\"1700000000\",\"nonce_str\":\"5K8264ILTKCH16CQ2502SI8ZNMTM67VS\",\"signature\":\"32b16b874ede8a24592356e97d3ee2844a58fb1b\"}"}`,
	"ticket_expired":                `{"cardId":"p1Pj9jr90_SQRaVqYI239Ka1erkI","cardExt":"{\"timestamp\":\"1700000000\",\"nonce_str\":\"5K8264ILTKCH16CQ2502SI8ZNMTM67VS\",\"signature\":\"e2fa33f5fd7337b8e20e670a4e492ad552850786\"}"}`,
	"signed_not_sent":               `{"cardId":"p1Pj9jr90_SQRaVqYI239Ka1erkI","cardExt":"{\"timestamp\":\"1700000000\",\"signature\":\"25f5c1d051865509dfee973722442235e295173e\"}"}`,
	"hash_twice":                    `{"cardId":"p1Pj9jr90_SQRaVqYI239Ka1erkI","cardExt":"{\"timestamp\":\"1700000000\",\"nonce_str\":\"5K8264ILTKCH16CQ2502SI8ZNMTM67VS\",\"signature\":\"32b1f89ecc7b63ce048631122303955266b97ead\"}"}`,
	"card_ext_html":                 `{"cardId":"p1Pj9jr90_SQRaVqYI239Ka1erkI","cardExt":"{&quot;timestamp&quot;:&quot;1700000000&quot;,&quot;nonce_str&quot;:&quot;5K8264ILTKCH16CQ2502SI8ZNMTM67VS&quot;,&quot;signature&quot;:&quot;25f5c1d051865509dfee973722442235e295173e&quot;}"}`,
	"choose_invoice":                `{"timestamp":1700000000,"nonceStr":"Wm3WZYTPz0wzccnW","signType":"SHA1","cardSign":"e7002bc746f7428c1cf2138bd17b4ce278ffe813"}`,
	"config_unknown":                `{"debug":false,"appId":"wx5a6d8b2c4e1f3a70","timestamp":1700000000,"nonceStr":"Wm3WZYTPz0wzccnW","signature":"0000000000000000000000000000000000000000","jsApiList":["addCard"]}`,
	"choose_app_id_of_mini_program": `{"shopId":"","cardType":"GROUPON","cardId":"","timestamp":1700000000,"nonceStr":"Wm3WZYTPz0wzccnW","signType":"SHA1","cardSign":"b7f6005f60845227236d8e7d8ac14c48ce64e15e"}`,
	"config_ticket_expired":         `{"debug":false,"appId":"wx5a6d8b2c4e1f3a70","timestamp":1700000000,"nonceStr":"Wm3WZYTPz0wzccnW","signature":"fa8945e9aa8b03f0e98c16c8d3d8f4103a5834be","jsApiList":["addCard"]}`,
}

// example is one of examples, as a file that a user has.
func example(t *testing.T, name string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(examples[name]), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// exampleTicket is $ticket of these cases.
const exampleTicket = "IpK_1T69hDhZkLQTlwsAX9rTjR1Qm3kZ7a0BcDeFgHiJkLmNoPqRsTuVwXyZ0123456789-_abcdefghijklmn"

// TestVerifyCommand runs the command by itself, without a running Caddy.
func TestVerifyCommand(t *testing.T) {
	t.Setenv("API_TICKET", exampleTicket)
	t.Setenv("LC_ALL", "C")
	secret := filepath.Join(t.TempDir(), "ticket")
	if err := os.WriteFile(secret, []byte(exampleTicket+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		stdin string
		err   error // nil: fine
		usage bool
		want  []string // in what it prints
	}{
		{args: []string{example(t, "timestamp_old"), "--ticket", "{env.API_TICKET}"}, want: []string{"card: a phone takes it", "✓  the signature is right (account default)", "! ", "[timestamp_old]", "IpK_…klmn"}},
		{args: []string{example(t, "not_signed"), "--ticket", "{file." + secret + "}"}, err: errRefused, want: []string{"card: a phone refuses it", "✗  nonce_str was not signed [not_signed]", "→ Sign every value", "right signature:", "text that was hashed: 1700000000IpK_…klmnp1Pj"}},
		{args: []string{example(t, "not_signed"), "--ticket", "{env.API_TICKET}", "--lang", "zh"}, err: errRefused, want: []string{"手机会拒绝", "nonce_str 没有参与签名"}},
		{args: []string{example(t, "not_signed"), "--ticket", "{env.API_TICKET}", "--json"}, err: errRefused, want: []string{`"verdict":"refused"`, `"id":"not_signed"`}},
		{args: []string{example(t, "ticket_expired"), "--ticket", "{env.API_TICKET}", "--old-ticket", "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"}, err: errRefused, want: []string{"[ticket_expired]", "stays in the shell's history"}},
		{args: []string{example(t, "signed_not_sent"), "--ticket", "{env.API_TICKET}", "--signed", "nonce_str=5K8264ILTKCH16CQ2502SI8ZNMTM67VS"}, err: errRefused, want: []string{"[signed_not_sent]"}},
		{args: []string{example(t, "choose_app_id_of_mini_program"), "--ticket", "{env.API_TICKET}", "--app-id", "wx5a6d8b2c4e1f3a70", "--mini-program", "wx1f0e2d3c4b5a6978"}, err: errRefused, want: []string{"choose_card: ", "[app_id_of_mini_program]"}},
		{args: []string{example(t, "hash_twice"), "--ticket", "{env.API_TICKET}"}, err: errRefused, want: []string{"the hash was hashed again [hash_twice]"}},
		{args: []string{example(t, "card_ext_html"), "--ticket", "{env.API_TICKET}", "--lang", "zh"}, err: errRefused, want: []string{"cardExt 经过了 HTML 转义 [card_ext_html]"}},
		{args: []string{example(t, "choose_invoice"), "--ticket", "{env.API_TICKET}", "--app-id", "wx5a6d8b2c4e1f3a70"}, want: []string{"choose_card: a phone takes it", "the signature is right"}},
		{args: []string{example(t, "config_unknown"), "--jsapi-ticket", "{env.API_TICKET}", "--app-id", "wx5a6d8b2c4e1f3a70", "--url", "https://shop.example.com/card?id=1"}, err: errRefused, want: []string{"!  look at the URL first", "[url_check]", "[signature_unknown]"}},
		{args: []string{example(t, "config_ticket_expired"), "--ticket", "{env.API_TICKET}", "--url", "https://shop.example.com/card?id=1"}, usage: true, want: []string{"js_config: not checked", "[ticket_needed]", "not enough to check it with"}},
		{args: []string{"-", "--ticket", "{env.API_TICKET}"}, stdin: "{cardId: 1}\x1b[31m", usage: true, want: []string{"unknown: not checked", "[not_json]"}},
		{args: []string{"--ticket", "{env.API_TICKET}"}, stdin: `{"cardId":"p\u001b[31m","cardExt":"{\"x\":1,\"timestamp\":\"1\"}"}`, err: errRefused, want: []string{"p�[31m", "[unknown_field]"}},
		{args: []string{"--ticket", "{env.NOBODY}"}, stdin: "{}", usage: true, want: []string{"ticket: ", "NOBODY"}},
		{args: []string{"--app-id", "wx1"}, stdin: "{}", usage: true, want: []string{"go with --ticket"}},
		{args: []string{"--signed", "x"}, stdin: "{}", usage: true, want: []string{"<name>=<value>"}},
		{args: []string{"--lang", "fr"}, stdin: "{}", usage: true, want: []string{"en or zh"}},
		{args: []string{"--ticket", "{env.API_TICKET}"}, usage: true, want: []string{"nothing to check"}},
		{args: []string{"--ticket", "{env.API_TICKET}"}, stdin: strings.Repeat("x", verify.MaxInput+1), usage: true, want: []string{"more than 65536 bytes"}},
		{args: []string{"/nowhere/at/all"}, usage: true, want: []string{"no such file"}},
		{args: []string{"--address", "127.0.0.1:1"}, stdin: "{}", usage: true, want: []string{"no Caddy answers", "--ticket"}},
		{args: []string{"a", "b"}, usage: true, want: []string{"accepts at most 1 arg"}},
		{args: []string{"--nonsense"}, usage: true, want: []string{"unknown flag"}},
	} {
		t.Run(strings.Join(c.args[1:], " "), func(t *testing.T) {
			cmd := Command()
			var out bytes.Buffer
			cmd.SetArgs(c.args)
			cmd.SetIn(strings.NewReader(c.stdin))
			cmd.SetOut(&out)
			cmd.SetErr(&out)
			err := cmd.Execute()
			status := fmt.Sprint(err)
			switch {
			case c.usage && status != "exiting with status 2":
				t.Errorf("got error %v", err)
			case !c.usage && !errors.Is(err, c.err):
				t.Errorf("got error %v, want %v", err, c.err)
			}
			for _, w := range c.want {
				if !strings.Contains(out.String(), w) {
					t.Errorf("no %q in\n%s", w, out.String())
				}
			}
			if strings.Contains(out.String(), exampleTicket) || strings.Contains(out.String(), "\x1b") {
				t.Errorf("the ticket or an escape is shown:\n%s", out.String())
			}
		})
	}
}
