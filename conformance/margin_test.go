package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// margins are those of SDKs, in seconds of the 7200 that WeChat says: for how long each keeps what it was lent for so many
// seconds. Zero or less, and the SDK fails at every call or keeps it for ever. Those that cannot be had here as they come are
// here by their sources.
var margins = map[string]func(lent float64) float64{
	"silenceper v2.1.10, classic": func(lent float64) float64 { return lent - 1500 },
	"silenceper v2.1.10, stable":  func(lent float64) float64 { return lent - 300 },
	"chanxuehong, mp/core": func(lent float64) float64 {
		switch {
		case lent > 3600:
			return lent - 600
		case lent > 1800:
			return lent - 300
		case lent > 300:
			return lent - 60
		case lent > 60:
			return lent - 10
		}
		return 0 // an error: expires_in too small
	},
	"fastwego v1.0.1":        func(lent float64) float64 { return lent * 0.9 },
	"PowerWeChat":            func(lent float64) float64 { return lent - 500 },
	"WxJava":                 func(lent float64) float64 { return lent - 200 },
	"wechatpy":               func(lent float64) float64 { return lent - 60 },
	"EasyWeChat 6":           func(lent float64) float64 { return lent },
	"node-easywechat 3.6.2":  func(lent float64) float64 { return lent },
	"co-wechat-api, 10 s":    func(lent float64) float64 { return lent - 10 },
	"half an hour's caution": func(lent float64) float64 { return lent - 1799 },
}

// TestMargins asks all the time for what a gateway lends, in a WeChat whose credentials live for 24 s instead of two hours. All
// margins are scaled alike: whenever an SDK comes, what it is lent for is more than that.
func TestMargins(t *testing.T) {
	t.Parallel()
	const life = 24 * time.Second
	const scale = 7200 / float64(life/time.Second)
	g := startGateway(t, sandbox.New(sandbox.Config{ExpiresIn: life}), "token_source classic", "")
	paths := map[string]string{
		"classic token": "/cgi-bin/token?grant_type=client_credential&appid=" + sitetest.AppID + "&secret=" + sitetest.Secret,
		"api_ticket":    "/cgi-bin/ticket/getticket?type=wx_card&access_token=",
		"jsapi_ticket":  "/cgi-bin/ticket/getticket?type=jsapi&access_token=",
	}
	least := map[string]float64{}
	failed := map[string]int{}
	for began := time.Now(); time.Since(began) < life+2*time.Second; time.Sleep(pollEvery) {
		token, lent := lend(t, g, paths["classic token"])
		for what, path := range paths {
			if what != "classic token" {
				_, lent = lend(t, g, path+url.QueryEscape(token))
			}
			if l, ok := least[what]; !ok || lent < l {
				least[what] = lent
			}
			for name, kept := range margins {
				// What is said is rounded down to whole seconds: one of those is five minutes here.
				if kept((lent+1)*scale) <= 0 {
					failed[name+" with "+what]++
				}
			}
		}
	}
	t.Logf("least lent, of %s: %v s", life, least)
	for name, n := range failed {
		t.Errorf("%s: %d times", name, n)
	}
}

// lend asks a gateway for a credential as an SDK does.
func lend(t *testing.T, g *gateway, path string) (value string, expiresIn float64) {
	t.Helper()
	resp, err := http.Get(g.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		AccessToken string  `json:"access_token"`
		Ticket      string  `json:"ticket"`
		ExpiresIn   float64 `json:"expires_in"`
		ErrMsg      string  `json:"errmsg"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.ExpiresIn == 0 {
		t.Fatalf("%s: %+v, %v", strings.SplitN(path, "?", 2)[0], answer, err)
	}
	return answer.AccessToken + answer.Ticket, answer.ExpiresIn
}

// fetchStable fetches a stable token from WeChat as any program does.
func fetchStable(standIn *sandbox.Sandbox) (string, error) {
	body := fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q}`, sitetest.AppID, sitetest.Secret)
	w := httptest.NewRecorder()
	standIn.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/cgi-bin/stable_token", strings.NewReader(body)))
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.AccessToken == "" {
		return "", errNoToken
	}
	return answer.AccessToken, nil
}
