package doctor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
)

// TestStands looks at a card of each type: what WeChat has said of its kind is told once, never as a warning, and in Chinese too.
func TestStands(t *testing.T) {
	want := map[string]string{"MEMBER_CARD": string(memberStands)}
	for _, typ := range couponTypes {
		want[typ] = string(couponStands)
	}
	for _, typ := range otherTypes {
		want[typ] = string(otherStands)
	}
	for typ, text := range want {
		w := newWorld(t, nil)
		card := fmt.Sprintf(`{"card_type":%q,%q:{"base_info":{"title":"券"}}}`, typ, strings.ToLower(typ))
		if err := w.Sandbox.PutCard(w.AppID(), accounttest.CardID, card); err != nil {
			t.Fatal(err)
		}
		var f findings
		w.guest(t).CheckCard(t.Context(), accounttest.CardID, nil, f.report)
		if n := strings.Count(strings.Join(f.lines, "\n"), "where it stands: "); n != 1 {
			t.Errorf("%s: said %d times in\n%s", typ, n, strings.Join(f.lines, "\n"))
		}
		f.want(t, "✓ card: "+text)
		if typ == memberCardType && !strings.Contains(strings.Join(f.lines, "\n"), "generation 2") {
			t.Errorf("nothing tells how an upgraded card is opened:\n%s", strings.Join(f.lines, "\n"))
		}
	}
}
