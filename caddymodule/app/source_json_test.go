package app

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

func TestTokenSourceJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"token_source":"classic"}`:           "",
		`{"token_source":{"source":"stable"}}`: `{"token_source":"stable"}`,
		`{}`:                                   "",
		`{"token_source":{"source":"remote","url":"u","header":{"a":"b"},"field":"f","expires_field":"e"}}`: "",
		`{"token_source":{"source":"redis","url":"u","key":"k"}}`:                                           "",
		`{"token_source":{"source":"redis","url":"u","field":"f","expires_field":"e","key":"k"}}`:           "",
		`{"token_source":"none","ticket_source":{"source":"remote","url":"u"}}`:                             "",
	} {
		var a Account
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if want == "" {
			want = text
		}
		if got, err := json.Marshal(a); err != nil || string(got) != want {
			t.Errorf("%s became %s, %v", text, got, err)
		}
	}
	for _, text := range []string{`{"source":"remote","uri":"u"}`, `7`, `["stable"]`, `{"source":7}`} {
		if err := new(TokenSource).UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestTokenSourceLiteralSecrets(t *testing.T) {
	a := Account{
		TokenSource: TokenSource{Source: "remote", RemoteSource: RemoteSource{
			URL: "http://user:p@h/", Header: map[string]string{"X-B": "s", "X-A": "{env.A}", "X-C": "s"},
		}},
		TicketSource: &TicketSource{Source: "remote", RemoteSource: RemoteSource{URL: "http://u:{env.P}@h/", Header: map[string]string{"X-D": "s"}}},
	}
	want := "password in the url of token_source, header X-B of token_source, header X-C of token_source, header X-D of ticket_source"
	if got := strings.Join(a.LiteralSecrets(), ", "); got != want {
		t.Errorf("got %s", got)
	}
}

func TestNeedsOfTokenSources(t *testing.T) {
	n := newNeeds()
	n.account("stable", traits{})
	n.account("none", traits{noToken: true, ownTickets: true})
	n.account("tickets", traits{ownTickets: true})
	ask := func(account string) string {
		var kinds []string
		for _, kind := range n.of(account) {
			kinds = append(kinds, string(kind))
		}
		return strings.Join(kinds, " ")
	}
	check := func(stable, none, tickets string) {
		t.Helper()
		for account, want := range map[string]string{"stable": stable, "none": none, "tickets": tickets} {
			if got := ask(account); got != want {
				t.Errorf("%s: got %q, want %q", account, got, want)
			}
		}
	}
	check("", "", "")
	n.add([]credential.Kind{credential.APITicket}, "")
	check("access_token api_ticket", "api_ticket", "api_ticket")
	n.add([]credential.Kind{credential.AccessToken}, "")
	check("access_token api_ticket", "api_ticket", "access_token api_ticket")
}
