package platform_test

import (
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// An account that authorised the component is an account as others are: both processes sign with one ticket of its own, and nothing
// that was made for a grant is used for the next.
func TestAccount(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a, b := w.process(t, nil), w.process(t, nil)
	w.pushTicket(t, a)
	w.authorise(t, a, merchant, 8)
	w.Forward(time.Second)
	open := func(p *platform.Platform) *plugin.Account {
		life := new(fate)
		client := wechat.New(wechat.Config{BaseURLs: []string{w.serve(t, life)}, Now: w.Now})
		t.Cleanup(client.Close)
		cfg := plugin.AccountConfig{
			Name: merchant, AppID: merchant, SealSecret: p.SealSecret(merchant), Token: p.Source(merchant), APIURL: "https://api.example",
			Component: &plugin.Component{AppID: p.AppID(), Call: p.Call}, Client: client, Now: w.Now,
			Store: listingStore{plainStore{w.store, life}},
		}
		account, err := plugin.NewAccount(cfg, plugin.NewState(cfg))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(account.Stop)
		return account
	}
	for _, p := range []*platform.Platform{a, b} {
		account := open(p)
		if ticket, err := account.Credential(t.Context(), credential.APITicket); err != nil || ticket != "card-ticket-of-"+merchant {
			t.Errorf("ticket %q, %v", ticket, err)
		}
		account.Stop() // what is stored comes behind
	}
	if n, m := w.Calls("getticket"), w.Calls("api_authorizer_token"); n != 1 || m != 1 {
		t.Errorf("%d calls for the ticket, %d for the token", n, m)
	}
	w.Cancel(merchant)
	w.Forward(time.Minute)
	if err := a.Happened(t.Context(), platform.Event{Kind: platform.Ended, AppID: merchant, Created: w.Now()}); err != nil {
		t.Fatal(err)
	}
	w.Forward(time.Minute)
	w.authorise(t, b, merchant, 8)
	w.Forward(time.Second)
	if _, err := open(a).Credential(t.Context(), credential.APITicket); err != nil {
		t.Error(err)
	}
	if n := w.Calls("getticket"); n != 2 {
		t.Errorf("%d calls for tickets: that of the grant before was used", n)
	}
}
