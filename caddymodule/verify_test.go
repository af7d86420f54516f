package caddymodule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify"
)

// ids lists the findings of a report.
func ids(r verify.Report) (list []verify.ID) {
	for _, f := range r.Findings {
		list = append(list, f.ID)
	}
	for _, it := range r.Items {
		for _, f := range it.Findings {
			list = append(list, f.ID)
		}
	}
	return list
}

// fetchBody is getURL with the body.
func fetchBody(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestVerifyEndpoint compares with the tickets of the running accounts, and shows none of them.
func TestVerifyEndpoint(t *testing.T) {
	wechat, api := newTestAPI(t)
	site := runCaddy(t, api,
		testAccount("default", testAppID)+testAccount("other", "wx0000000000000002"),
		`route {
			wechat_card /a add_card {
				card pMine
			}
			wechat_card /b add_card {
				account other
				card pOther
			}
			wechat_card /c choose_card {
				card *
			}
			wechat_card /d js_config {
				origin https://shop.example.com
			}
		}`)
	mine, others := fetchBody(t, site+"/a"), fetchBody(t, site+"/b")
	chosen := fetchBody(t, site+"/c")
	config := fetchBody(t, site+"/d?url=https%3A%2F%2Fshop.example.com%2Fx")

	ask := func(body string) (report verify.Report, text string) {
		t.Helper()
		var raw json.RawMessage
		if code := admin(t, verifyPath, http.MethodPost, body, &raw); code != http.StatusOK {
			t.Fatalf("got status %d", code)
		}
		if err := json.Unmarshal(raw, &report); err != nil {
			t.Fatal(err)
		}
		return report, string(raw)
	}
	app, err := activeApp()
	if err != nil {
		t.Fatal(err)
	}
	check := func(body string, verdict verify.Verdict, account string, want ...verify.ID) {
		t.Helper()
		r, text := ask(body)
		if r.Verdict != verdict || !slices.Equal(ids(r), want) || r.Items[0].Account != account {
			t.Errorf("%s\ngot %s", body, text)
		}
		for _, name := range app.Names() {
			a := app.Account(name)
			for _, kind := range credential.Kinds[1:] {
				if ticket, err := a.Credential(t.Context(), kind); err != nil || strings.Contains(text, ticket) {
					t.Errorf("%s: %s in %s (%v)", name, kind, text, err)
				}
			}
		}
	}
	check(`{"value":`+mine+`}`, verify.Fine, "default")
	check(`{"value":`+others+`}`, verify.Fine, "other")
	check(`{"value":`+others+`,"account":"default"}`, verify.Refused, "default", verify.TicketOfOther)
	check(`{"value":`+strings.ReplaceAll(others, "pOther", "pElse")+`}`, verify.Refused, "default", verify.SignatureUnknown)
	check(`{"value":`+chosen+`}`, verify.Fine, "default")
	check(`{"value":`+config+`,"url":"https://shop.example.com/x#y"}`, verify.Fine, "default")
	check(`{"value":`+config+`}`, verify.Open, "default", verify.URLNeeded)
	// what the client sent, by itself
	check(others, verify.Fine, "other")
	check(chosen, verify.Fine, "default")
	check(config, verify.Open, "default", verify.URLNeeded)

	// A ticket that has been replaced is still known.
	if err := app.Account("default").Refresh(t.Context(), credential.APITicket, false); err != nil {
		t.Fatal(err)
	}
	check(`{"value":`+mine+`}`, verify.Fine, "default", verify.TicketPrevious)
	if n := wechat.Calls()["/cgi-bin/ticket/getticket"]; n > 5 {
		t.Errorf("verify asks WeChat: %v", wechat.Calls())
	}

	for body, want := range map[string]int{
		``:                          400,
		`{}`:                        400,
		`{"value":1} x`:             400,
		`{"values":1}`:              400,
		`{"cardList":[]} x`:         400,
		`{"value":1,"account":"x"}`: 404,
		`{"value":"` + strings.Repeat("x", maxVerify) + `"}`: 413,
		`{"value":1}`: 200,
	} {
		if got := admin(t, verifyPath, http.MethodPost, body, new(json.RawMessage)); got != want {
			t.Errorf("%.40s: got status %d, want %d", body, got, want)
		}
	}
	if got := admin(t, verifyPath, http.MethodGet, "", nil); got != http.StatusMethodNotAllowed {
		t.Errorf("GET: got status %d", got)
	}
}

// example is a file of verify's corpus, as a file that a user has.
func example(t *testing.T, name string) (file string) {
	t.Helper()
	raw, err := os.ReadFile("../plugin/verify/testdata/refused/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ Value json.RawMessage }
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, c.Value, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// exampleTicket is that of the corpus.
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
			cmd := verifyCommand()
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
