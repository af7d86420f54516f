package field

import (
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

func TestTextFault(t *testing.T) {
	for s, want := range map[string]language.Phrase{
		"": "", "a ~": "", "中\u00a0😀": "", "\u2027\u202a": "", "\uFFFD": "",
		"\t": FaultControl, "a\x1f": FaultControl, "\x7f": FaultControl, "\u0080": FaultControl, "\u009f": FaultControl,
		"\u2028": FaultControl, "x\u2029": FaultControl, "\xff": FaultUTF8, "a\xe4\xb8": FaultUTF8, "\xed\xa0\x80": FaultUTF8,
	} {
		if got := FaultOf(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}
