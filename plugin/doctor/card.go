package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// codeNotOurs is WeChat's errcode for a card that is not the account's.
const codeNotOurs = 40073

// CheckCard finds out whether a card is what its routes need it to be, and whether it is a member card.
func (d *Doctor) CheckCard(ctx context.Context, cardID string, uses []CardUse, report Report) (isMember bool) {
	say := func(verdict Verdict, todo, format string, args ...any) {
		report(Finding{Check: checkCard, Card: cardID, Verdict: verdict, Text: fmt.Sprintf(format, args...), Todo: todo})
	}
	_, card, err := d.cfg.Card(ctx, cardID)
	if err != nil {
		f := failed(checkCard, "WeChat does not show it", err)
		f.Card = cardID
		if wechat.Errcode(err) == codeNotOurs {
			f.Text = "it is not a card of this account: " + err.Error()
			f.Todo = "app_id has to be that of the official account that made the card; see that the id is whole, too"
		}
		report(f)
		return false
	}
	isMember = card.Type == memberCardType
	var facts cardFacts
	if raw, err := json.Marshal(card.Body); err != nil || json.Unmarshal(raw, &facts) != nil {
		say(Warning, "look at it with caddy wechat-card card get", "WeChat's answer about it is not as documented")
		return isMember
	}
	added := slices.ContainsFunc(uses, func(use CardUse) bool { return use.Adds })
	c := examined{card, facts, d.cfg.WeChatTime(), added, say}
	c.exists()
	c.stands()
	c.stock()
	c.created(uses)
	seen := make(map[CardUse]bool)
	for _, use := range uses {
		use.Together = "" // is no matter of this card alone
		if seen[use] {
			continue
		}
		seen[use] = true
		if use.Adds {
			c.added(use)
		}
		if use.OpensComponent {
			c.component(use)
		}
		if use.Does != "" {
			say(Fine, "", "%s: it %s", use.Action, use.Does)
		}
	}
	c.jumps()
	return isMember
}
