package caddymodule

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// mark says at a glance how something stands; the worse, the greater.
type mark int

const (
	markFine mark = iota
	markWarn
	markBad
)

func (m mark) String() string { return [...]string{"✓", "!", "✗"}[m] }

// colour gives the terminal's code for it.
func (m mark) colour() string { return [...]string{"\x1b[32m", "\x1b[33m", "\x1b[31m"}[m] }

const colourOff = "\x1b[0m"

// judge says how a credential stands.
func judge(c *credentialStatus) mark {
	served := c.State == credential.Fresh || c.State == credential.Renewing
	switch {
	case served && c.Failing:
		return markWarn
	case served || !c.Needed && (!c.Failing || c.Failed == 0): // what fails others only does not concern it
		return markFine
	case !c.Failing, !c.Needed:
		return markWarn // the next request, or the next look, brings one; or nobody asks for it
	}
	return markBad
}

// worst is how the whole stands.
func worst(answer statusAnswer) mark {
	m := markFine
	for _, account := range answer.Accounts {
		for _, c := range account.Credentials {
			m = max(m, judge(c))
		}
	}
	return m
}

// statusTable is the status for people.
func statusTable(answer statusAnswer, now time.Time, colours bool) string {
	var t table
	attention := 0
	for _, name := range slices.Sorted(maps.Keys(answer.Accounts)) {
		account := answer.Accounts[name]
		t.line(fmt.Sprintf("%s  %s", name, account.AppID))
		shown := 0
		if account.TokenSource == plugin.None {
			shown++
			t.row(markFine, string(credential.AccessToken), "none needed")
		}
		for _, kind := range credential.Kinds {
			c := account.Credentials[kind]
			if c == nil || !c.Needed && c.State == credential.None && c.Failed == 0 {
				continue
			}
			shown++
			m := judge(c)
			if m != markFine {
				attention++
			}
			t.row(m, string(kind), string(c.State), whenEnds(c, now), sourceText(c), nextText(c, now))
			if c.Failing && c.LastError != nil {
				t.line(fmt.Sprintf("      %s ago: %s", span(now.Sub(c.LastError.Time)), errorText(c.LastError.failure)))
				if c.LastError.Hint != "" {
					t.line("      → " + c.LastError.Hint)
				}
			} else if m == markWarn {
				t.line("      → it is about to be fetched; if this stays so, see the log, or run: caddy wechat-card refresh")
			}
		}
		if shown == 0 {
			t.line("  not used by any route")
		}
		if len(account.RefusedIPs) > 0 {
			t.line("  WeChat refused calls from: " + strings.Join(account.RefusedIPs, ", "))
		}
	}
	switch {
	case len(answer.Accounts) == 0:
		t.line("no account is configured")
	case attention == 0:
		t.line("all is well")
	case attention == 1:
		t.line("1 credential needs attention")
	default:
		t.line(fmt.Sprintf("%d credentials need attention", attention))
	}
	return t.render(colours)
}

// refreshTable tells people what a refresh did.
func refreshTable(answer refreshAnswer, now time.Time, colours bool) string {
	var t table
	for _, name := range slices.Sorted(maps.Keys(answer.Accounts)) {
		t.line(name)
		if len(answer.Accounts[name]) == 0 {
			t.line("  no credential is in use; name one with --credential")
		}
		for _, kind := range credential.Kinds {
			c := answer.Accounts[name][kind]
			switch {
			case c == nil:
			case c.Refreshed:
				t.row(markFine, string(kind), "refreshed", "expires in "+span(c.Expires.Sub(now)))
			default:
				t.row(markBad, string(kind), "not refreshed", "")
				if c.Error != nil {
					t.line("      " + errorText(*c.Error))
					if c.Error.Hint != "" {
						t.line("      → " + c.Error.Hint)
					}
				}
			}
		}
	}
	return t.render(colours)
}

func whenEnds(c *credentialStatus, now time.Time) string {
	switch {
	case c.Expires.IsZero() || c.State == credential.None:
		return "–"
	case c.Expires.After(now):
		return "expires in " + span(c.Expires.Sub(now))
	}
	return "ended " + span(now.Sub(c.Expires)) + " ago"
}

func sourceText(c *credentialStatus) string {
	if c.Source == "" {
		return "–"
	}
	return "from " + string(c.Source)
}

func nextText(c *credentialStatus, now time.Time) string {
	switch {
	case c.NextAttempt.IsZero():
		return ""
	case c.NextAttempt.After(now):
		return "next attempt in " + span(c.NextAttempt.Sub(now))
	}
	return "next attempt now"
}

// errorText is the failure without its hint.
func errorText(f failure) string {
	f.Hint = ""
	return f.String()
}

// span is a duration as people say it.
func span(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d", int(d.Hours())/24)
}

// table lays out rows in columns, between lines that stand as they are.
type table struct{ rows []tableRow }

type tableRow struct {
	text  string // of a line
	cells []string
	mark  mark
}

func (t *table) line(text string) { t.rows = append(t.rows, tableRow{text: text}) }

func (t *table) row(m mark, cells ...string) {
	t.rows = append(t.rows, tableRow{mark: m, cells: cells})
}

func (t *table) render(colours bool) string {
	var widths []int
	for _, r := range t.rows {
		for i, cell := range r.cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, r := range t.rows {
		if r.cells == nil {
			b.WriteString(r.text + "\n")
			continue
		}
		var line strings.Builder
		for i, cell := range r.cells {
			line.WriteString("  " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		sign := r.mark.String()
		if colours {
			sign = r.mark.colour() + sign + colourOff
		}
		b.WriteString("  " + sign + strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}
