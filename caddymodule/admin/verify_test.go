package admin_test

import (
	"crypto/sha1" //nolint:gosec // WeChat's choice
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/sandboxtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify"

	"github.com/caddyserver/caddy/v2"
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
	wechat, api := sitetest.NewAPI(t)
	site := sitetest.Run(t, api,
		sitetest.AccountOption("default", sitetest.AppID)+sitetest.AccountOption("other", "wx0000000000000002"),
		`route {
			wechat_card /a add_card {
				card pMine
			}
			wechat_card /e add_card {
				card pSecond
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
		if code := sitetest.Admin(t, admin.VerifyPath, http.MethodPost, body, &raw); code != http.StatusOK {
			t.Fatalf("got status %d", code)
		}
		if err := json.Unmarshal(raw, &report); err != nil {
			t.Fatal(err)
		}
		return report, string(raw)
	}
	module, err := caddy.ActiveContext().App("wechat_card")
	if err != nil {
		t.Fatal(err)
	}
	running := module.(*app.App)
	check := func(body string, verdict verify.Verdict, account string, want ...verify.ID) {
		t.Helper()
		r, text := ask(body)
		if r.Verdict != verdict || !slices.Equal(ids(r), want) || r.Items[0].Account != account {
			t.Errorf("%s\ngot %s", body, text)
		}
		for _, name := range running.Names() {
			a := running.Account(name)
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

	// What people take for a ticket is tried, and so are the cards that the routes list.
	account := running.Account("default")
	token, err := account.Credential(t.Context(), credential.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := account.Credential(t.Context(), credential.APITicket)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ticket, signed string
		want           verify.ID
	}{
		{token, "pMine", "access_token"},
		{sitetest.Secret, "pMine", "app_secret"},
		{ticket, "pSecond", "other_card"},
		{ticket, "pmine", "value_case"},
		{"undefined", "pMine", "ticket_word"},
	} {
		now := strconv.FormatInt(time.Now().Unix(), 10)
		values := []string{c.ticket, now, c.signed, "N0nce"}
		slices.Sort(values)
		signature := sha1.Sum([]byte(strings.Join(values, ""))) //nolint:gosec // WeChat's choice
		ext := fmt.Sprintf(`{"timestamp":"%s","nonce_str":"N0nce","signature":"%x"}`, now, signature)
		body := fmt.Sprintf(`{"value":{"cardId":"pMine","cardExt":%q}}`, ext)
		check(body, verify.Refused, "default", c.want)
		if _, text := ask(body); strings.Contains(text, token) || strings.Contains(text, sitetest.Secret) || strings.Contains(text, sitetest.Secret[:4]+"…") {
			t.Errorf("the report shows what is secret: %s", text)
		}
	}
	check(strings.ReplaceAll(`{"value":`+mine+`}`, "pMine", "pmine"), verify.Refused, "default", "card_id_spelling", "value_case")

	// A ticket that has been replaced is still known. By the other rules WeChat gives the same again.
	if err := running.Account("default").Refresh(t.Context(), credential.APITicket, false); err != nil {
		t.Fatal(err)
	}
	if sandboxtest.Rule() == accounts.Fresh {
		check(`{"value":`+mine+`}`, verify.Fine, "default", verify.TicketPrevious)
	} else {
		check(`{"value":`+mine+`}`, verify.Fine, "default")
	}
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
		`{"value":"` + strings.Repeat("x", 2*verify.MaxInput+16<<10) + `"}`: 413,
		`{"value":1}`: 200,
	} {
		if got := sitetest.Admin(t, admin.VerifyPath, http.MethodPost, body, new(json.RawMessage)); got != want {
			t.Errorf("%.40s: got status %d, want %d", body, got, want)
		}
	}
	if got := sitetest.Admin(t, admin.VerifyPath, http.MethodGet, "", nil); got != http.StatusMethodNotAllowed {
		t.Errorf("GET: got status %d", got)
	}
}
