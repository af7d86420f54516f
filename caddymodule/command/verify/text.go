package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify"
)

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
		map[verify.Verdict]string{verify.Fine: "手机会接受", verify.Refused: "手机会拒绝", verify.Open: "无法判断"},
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
	var t terminal.Table
	t.Line(fmt.Sprintf("%s: %s", r.Kind, words.verdicts[r.Verdict]))
	findings(&t, r.Findings, zh)
	for _, it := range r.Items {
		if head := terminal.Printable(strings.Join(slices.DeleteFunc([]string{it.Where, it.CardID}, func(s string) bool { return s == "" }), "  ")); head != "" {
			t.Line(head)
		}
		if it.Right != "" && it.Right == it.Signature {
			t.Row(terminal.Fine, words.fits+accountText(words, it.Account))
		}
		findings(&t, it.Findings, zh)
		if it.Right != "" && it.Right != it.Signature {
			t.Line("      " + words.sent + ": " + terminal.Printable(it.Signature))
			t.Line("      " + words.right + ": " + it.Right + accountText(words, it.Account))
		}
		if it.Text != "" {
			t.Line("      " + words.text + ": " + terminal.Printable(it.Text))
		}
		if it.TextSent != "" {
			t.Line("      " + words.textSent + ": " + terminal.Printable(it.TextSent))
		}
	}
	return t.Render(colours)
}

func accountText(words verifyWords, name string) string {
	if name == "" {
		return ""
	}
	return " (" + words.account + " " + name + ")"
}

// findings lists what is wrong, and what to do.
func findings(t *terminal.Table, list []verify.Finding, zh bool) {
	for _, f := range list {
		title, fix := f.Title.EN, f.Fix.EN
		if zh {
			title, fix = f.Title.ZH, f.Fix.ZH
		}
		m := terminal.Bad
		if f.Level != verify.Mistake {
			m = terminal.Warn
		}
		t.Row(m, terminal.Printable(title)+" ["+string(f.ID)+"]")
		t.Line("      → " + terminal.Printable(fix))
	}
}
