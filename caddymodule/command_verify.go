package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify"
	"github.com/spf13/cobra"
)

// errRefused ends verify with exit status 1 where its output has said why.
var errRefused = errors.New("a phone refuses it")

// verifyFlags are the flags of verify.
type verifyFlags struct {
	admin                                   adminFlags
	account, card, url, lang                string
	signed                                  []string
	json                                    bool
	ticket, jsapiTicket, appID, miniProgram string
	oldTickets                              []string
	miniProgramTicket                       string
}

func verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [<file>|-] [--account <name>] [--card <card_id>] [--url <page>] [--signed <name>=<value>]... [--ticket <ticket>] [--json]",
		Short: "Says why a phone refuses a cardExt, or a page's wx.chooseCard or wx.config",
		Long: `
Takes what was passed to wx.addCard, wx.chooseCard or wx.config, as JSON from a file or from standard input: the whole
argument, one entry of its cardList, a cardExt by itself (then with --card), or an answer of a backend that holds it. Says
whether a phone takes it, the right signature and what it signs, and, by making the usual mistakes until one gives the
signature that was sent, what went wrong. Nothing is asked of WeChat.

It is compared with the tickets that the running Caddy keeps, which stay there; only masked ones are shown. With --ticket or
--jsapi-ticket no running Caddy is needed. Tickets are best not typed into a shell, which remembers them:

  caddy wechat-card verify cardext.json --card pXXXX --ticket '{file./run/secrets/api_ticket}'
  caddy wechat-card verify cardext.json --card pXXXX --ticket '{env.API_TICKET}'

What was signed but not sent cannot be guessed. Name it: --signed nonce_str=5K8264ILTKCH16CQ

The exit status is 0 when a phone takes it, 1 when it does not, and 2 when that cannot be found out.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.admin.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.account, "account", "", "The account whose card it is; default: the one whose routes list the card, else "+defaultAccount)
	flags.StringVar(&f.card, "card", "", "The card_id, for a cardExt by itself")
	flags.StringVar(&f.url, "url", "", "The page's URL, for wx.config")
	flags.StringArrayVar(&f.signed, "signed", nil, "A value that was signed but not sent, as in nonce_str=5K82; repeatable")
	flags.StringVar(&f.ticket, "ticket", "", "The api_ticket, or a placeholder for it like {file./path} or {env.NAME}; then no running Caddy is asked")
	flags.StringVar(&f.jsapiTicket, "jsapi-ticket", "", "The same for the jsapi_ticket")
	flags.StringArrayVar(&f.oldTickets, "old-ticket", nil, "An api_ticket that has ended, to find out whether it was used; repeatable")
	flags.StringVar(&f.miniProgramTicket, "mini-program-ticket", "", "A ticket of the mini program, to find out whether it was used")
	flags.StringVar(&f.appID, "app-id", "", "With --ticket: the official account's app id, for wx.chooseCard and wx.config")
	flags.StringVar(&f.miniProgram, "mini-program", "", "With --ticket: the mini program's app id, to find out whether it was used")
	flags.StringVar(&f.lang, "lang", "", "Language of what it says: en or zh; default: the terminal's")
	flags.BoolVar(&f.json, "json", false, "Print the report as JSON, for scripts")
	return withStatus(cmd)
}

func (f *verifyFlags) run(cmd *cobra.Command, args []string) error {
	if f.lang != "" && f.lang != "en" && f.lang != "zh" {
		return usagef("--lang must be en or zh")
	}
	in, err := f.input(cmd, args)
	if err != nil {
		return err
	}
	known, offline, err := f.known(cmd)
	if err != nil {
		return err
	}
	var report verify.Report
	if offline {
		report = verify.Check(in, known)
	} else if err := f.admin.ask(http.MethodPost, verifyPath, in, &report); err != nil {
		return usagef("%w; without a running Caddy, give the ticket with --ticket", err)
	}
	out := cmd.OutOrStdout()
	if f.json {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(report); err != nil {
			return err
		}
	} else {
		fmt.Fprint(out, verifyText(report, f.chinese(), hasColours(out)))
	}
	switch report.Verdict {
	case verify.Fine:
		return nil
	case verify.Open:
		return usagef("there is not enough to check it with")
	case verify.Refused:
	}
	cmd.SilenceErrors = true
	return errRefused
}

// input reads what was sent.
func (f *verifyFlags) input(cmd *cobra.Command, args []string) (verify.Input, error) {
	in := verify.Input{Account: f.account, CardID: f.card, URL: f.url}
	for _, pair := range f.signed {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return in, usagef("--signed wants <name>=<value>")
		}
		if in.Signed == nil {
			in.Signed = make(map[string]string)
		}
		in.Signed[name] = value
	}
	from := cmd.InOrStdin()
	if len(args) == 1 && args[0] != "-" {
		file, err := os.Open(args[0])
		if err != nil {
			return in, &usageError{err}
		}
		defer file.Close()
		from = file
	} else if isTerminal(from) {
		cmd.PrintErrln("Paste what was passed to wx.addCard, wx.chooseCard or wx.config, then press Ctrl-D.")
	}
	text, err := io.ReadAll(io.LimitReader(from, verify.MaxInput+1))
	if err != nil {
		return in, &usageError{err}
	}
	if len(text) > verify.MaxInput {
		return in, usagef("that is more than %d bytes", verify.MaxInput)
	}
	if strings.TrimSpace(string(text)) == "" {
		return in, usagef("there is nothing to check: give a file, or pass it on standard input")
	}
	in.Value = text
	if !json.Valid(text) {
		in.Value, err = json.Marshal(string(text)) // as a string: it may hold JSON all the same
	}
	return in, err
}

// known is what the flags say; offline tells whether they say anything.
func (f *verifyFlags) known(cmd *cobra.Command) (known verify.Known, offline bool, err error) {
	name := f.account
	if name == "" {
		name = defaultAccount
	}
	account := verify.Account{Name: name, AppID: f.appID}
	mini := verify.Account{Name: f.miniProgram, AppID: f.miniProgram, MiniProgram: true}
	if mini.Name == "" {
		mini.Name = "mini program"
	}
	now := time.Now()
	literal := false
	ticket := func(raw string, ends time.Time, to ...*[]verify.Ticket) {
		if raw == "" || err != nil {
			return
		}
		literal = literal || !strings.Contains(raw, "{")
		var text string
		if text, err = expand(raw); err != nil {
			err = usagef("ticket: %w", err)
			return
		}
		for _, list := range to {
			*list = append(*list, verify.Ticket{Text: text, Ends: ends})
		}
	}
	ticket(f.ticket, time.Time{}, &account.APITickets)
	ticket(f.jsapiTicket, time.Time{}, &account.JSAPITickets)
	offline = len(account.APITickets)+len(account.JSAPITickets) > 0
	for _, raw := range f.oldTickets {
		ticket(raw, now, &account.APITickets)
	}
	ticket(f.miniProgramTicket, time.Time{}, &mini.APITickets, &mini.JSAPITickets)
	if err != nil {
		return known, false, err
	}
	if !offline && (f.appID != "" || f.miniProgram != "" || len(f.oldTickets) > 0 || f.miniProgramTicket != "") {
		return known, false, usagef("--app-id, --mini-program, --old-ticket and --mini-program-ticket go with --ticket or --jsapi-ticket")
	}
	if literal {
		cmd.PrintErrln("A ticket on the command line stays in the shell's history: '{file./path}' and '{env.NAME}' do not.")
	}
	return verify.Known{
		Now: now, Accounts: []verify.Account{account, mini},
		Owner: func(string) string { return name },
	}, offline, nil
}

// chinese tells which language to speak.
func (f *verifyFlags) chinese() bool {
	if f.lang != "" {
		return f.lang == "zh"
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			return strings.HasPrefix(value, "zh")
		}
	}
	return false
}

// verifyWords are the words around the findings.
type verifyWords struct {
	verdicts                    map[verify.Verdict]string
	account, fits               string
	sent, right, text, textSent string
}

var (
	verifyEnglish = verifyWords{
		map[verify.Verdict]string{verify.Fine: "a phone takes it", verify.Refused: "a phone refuses it", verify.Open: "not checked"},
		"account", "the signature is right",
		"signature sent", "right signature", "text to hash", "text that was hashed",
	}
	verifyChinese = verifyWords{
		map[verify.Verdict]string{verify.Fine: "手机会接受", verify.Refused: "手机会拒绝", verify.Open: "未能检查"},
		"账号", "签名正确",
		"传入的签名", "正确的签名", "应计算哈希的文本", "实际计算哈希的文本",
	}
)

// verifyText is the report for people.
func verifyText(r verify.Report, zh, colours bool) string {
	words := verifyEnglish
	if zh {
		words = verifyChinese
	}
	var t table
	t.line(fmt.Sprintf("%s: %s", r.Kind, words.verdicts[r.Verdict]))
	findings(&t, r.Findings, zh)
	for _, it := range r.Items {
		if head := terminalText(strings.Join(slices.DeleteFunc([]string{it.Where, it.CardID}, func(s string) bool { return s == "" }), "  ")); head != "" {
			t.line(head)
		}
		if it.Right != "" && it.Right == it.Signature {
			t.row(markFine, words.fits+accountText(words, it.Account))
		}
		findings(&t, it.Findings, zh)
		if it.Right != "" && it.Right != it.Signature {
			t.line("      " + words.sent + ": " + terminalText(it.Signature))
			t.line("      " + words.right + ": " + it.Right + accountText(words, it.Account))
		}
		if it.Text != "" {
			t.line("      " + words.text + ": " + terminalText(it.Text))
		}
		if it.TextSent != "" {
			t.line("      " + words.textSent + ": " + terminalText(it.TextSent))
		}
	}
	return t.render(colours)
}

func accountText(words verifyWords, name string) string {
	if name == "" {
		return ""
	}
	return " (" + words.account + " " + name + ")"
}

// findings lists what is wrong, and what to do.
func findings(t *table, list []verify.Finding, zh bool) {
	for _, f := range list {
		title, fix := f.Title.EN, f.Fix.EN
		if zh {
			title, fix = f.Title.ZH, f.Fix.ZH
		}
		m := markBad
		if f.Level != verify.Mistake {
			m = markWarn
		}
		t.row(m, terminalText(title)+" ["+string(f.ID)+"]")
		t.line("      → " + terminalText(fix))
	}
}

// terminalText keeps what clients sent from playing with the terminal.
func terminalText(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '�'
		}
		return r
	}, text)
}
