package doctor

import (
	"fmt"
	"io"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/version"
)

// doctorPrinter shows findings as they come, and what takes time in between.
type doctorPrinter struct {
	out     io.Writer
	colours bool
	wait    io.Writer // a terminal that shows what takes time; nil: there is none
	what    string    // the last that was said there
	began   bool
	account string
	card    string
}

func newDoctorPrinter(out, wait io.Writer) *doctorPrinter {
	p := &doctorPrinter{out: out, colours: terminal.HasColours(out)}
	if terminal.IsTerminal(wait) {
		p.wait = wait
	}
	return p
}

// clearLine takes what stands in the terminal's line away.
const clearLine = "\r\x1b[K"

// doing says what takes time, until something else does; empty: nothing.
func (p *doctorPrinter) doing(what string) {
	p.what = what
	p.show(what)
}

func (p *doctorPrinter) show(what string) {
	if p.wait == nil {
		return
	}
	fmt.Fprint(p.wait, clearLine)
	if what != "" {
		fmt.Fprintf(p.wait, "  … %s", what)
	}
}

// say shows a finding.
func (p *doctorPrinter) say(r checkResult) {
	p.show("")
	defer func() { p.show(p.what) }()
	if !p.began {
		fmt.Fprintln(p.out, "caddy-wechat-card "+version.String())
	}
	if !p.began || r.Account != p.account {
		title := say.T("this machine")
		if r.Account != "" {
			title = say.T("account %s", r.Account)
		}
		fmt.Fprintln(p.out, title)
		p.began, p.account = true, r.Account
	}
	if r.Card != p.card && r.Card != "" {
		fmt.Fprintln(p.out, "  "+say.T("card %s", r.Card))
	}
	p.card = r.Card
	sign := r.mark.String()
	if p.colours {
		sign = r.mark.Colour() + sign + terminal.ColourOff
	}
	if r.Card != "" {
		fmt.Fprintf(p.out, "    %s  %s\n", sign, say.Text(r.Detail))
	} else {
		fmt.Fprintf(p.out, "  %s  %-12s  %s\n", sign, r.Check, say.Text(r.Detail))
	}
	if r.Todo != "" {
		fmt.Fprintln(p.out, "       → "+say.Text(r.Todo))
	}
}
