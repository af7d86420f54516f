package verify

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify"
	"github.com/spf13/cobra"
)

// input reads what was sent.
func (f *verifyFlags) input(cmd *cobra.Command, args []string) (verify.Input, error) {
	in := verify.Input{Account: f.account, CardID: f.card, URL: f.url}
	for _, pair := range f.signed {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return in, cli.Usagef("--signed wants <name>=<value>")
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
			return in, &cli.UsageError{Err: err}
		}
		defer file.Close()
		from = file
	} else if terminal.IsTerminal(from) {
		cmd.PrintErrln(say.T("Paste what was passed to wx.addCard, wx.chooseCard or wx.config, then press Ctrl-D."))
	}
	text, err := io.ReadAll(io.LimitReader(from, verify.MaxInput+1))
	if err != nil {
		return in, &cli.UsageError{Err: err}
	}
	if len(text) > verify.MaxInput {
		return in, cli.Usagef("that is more than %d bytes", verify.MaxInput)
	}
	if strings.TrimSpace(string(text)) == "" {
		return in, cli.Usagef("there is nothing to check: give a file, or pass it on standard input")
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
		name = app.DefaultAccount
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
		if text, err = words.Expand(raw); err != nil {
			err = cli.Usagef("ticket: %w", err)
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
		return known, false, cli.Usagef("--app-id, --mini-program, --old-ticket and --mini-program-ticket go with --ticket or --jsapi-ticket")
	}
	if literal {
		cmd.PrintErrln(say.T("A ticket on the command line stays in the shell's history: '{file./path}' and '{env.NAME}' do not."))
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
	return say.Language() == language.Chinese
}
