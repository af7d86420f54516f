//go:build binary

package binarytest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// TestStaging has a staging system take its token from production as docs/migrating.md says. Tokens are replaced, and then end,
// which staging notices first. Both hand out cards, staging decrypts codes, and WeChat is asked for tokens by production alone.
func TestStaging(t *testing.T) {
	t.Parallel()
	const heading = "## Staging"
	w := runWeChat(t, fmt.Sprintf("app %s %s\nexpires_in 30", shopAppID, shopSecret))
	p, q := shopPorts(t), shopPorts(t)

	lending := strings.TrimPrefix(recipe(t, heading, 0), accountOption)
	lending = strings.Replace(strings.Replace(lending, "https://gateway.internal.example.com", ":8081", 1), "10.0.0.7", "127.0.0.1", 1)
	production := runShop(t, w, recipe(t, step1, 0)+lending, p, "")
	borrowing := strings.Replace(recipe(t, heading, 1), "https://gateway.internal.example.com", "http://127.0.0.1:"+p["8081"], 1)
	staging := runShop(t, w, borrowing, q, "")

	for rotation, what := range []int{-1, replaceStable, endTokens, endTokens} {
		if rotation > 0 {
			production.rotate(what)
		}
		production.wantCard("production", production.url("8080", "/wechat/addCard"))
		code := staging.wantCard("staging", staging.url("8080", "/wechat/addCard"))
		var opened struct{ CardList []struct{ Code string } }
		open := staging.url("8080", "/wechat/openCard?card_id="+shopCard+"&code="+url.QueryEscape(code))
		body, err := fetch(t.Context(), open)
		if err != nil { // production may have to be asked once more until it sees that its token has ended
			body = get(t, open)
		}
		if err = json.Unmarshal(body, &opened); err != nil || len(opened.CardList) != 1 || len(opened.CardList[0].Code) != 12 {
			t.Errorf("rotation %d: staging decrypted a code to %s", rotation, body)
		}
	}
	staging.stop(t)
	before := w.calls(t)["/cgi-bin/stable_token"]
	runShop(t, w, borrowing, q, "").wantCard("staging, started anew", staging.url("8080", "/wechat/addCard"))
	if after := w.calls(t)["/cgi-bin/stable_token"]; after != before {
		t.Errorf("staging asked WeChat for a token: %d calls, and then %d", before, after)
	}
}
