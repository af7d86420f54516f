//go:build binary

package binarytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

// The component of these tests, and two merchants that the sandbox knows by itself.
const (
	componentAppID  = "wx3d4e5f6a7b8c9d0e"
	componentSecret = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	componentToken  = "t0ken"
	componentKey    = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	noticeKey       = "key-of-notices-0123456789"

	teaShop    = "wx1a7c5e9f0b2d4c68"
	coffeeShop = "wx2b8d6fa01c3e5d79"
)

// aboard is a third-party platform: gateways that share a Redis, each of which has a storage of its own, one sandbox in WeChat's place, and
// the platform's own backend. WeChat pushes events to the first gateway, and messages to the last.
type aboard struct {
	t        *testing.T
	w        *wechat
	redis    *redistest.Server
	backend  *hook
	gateways []*platformGateway
}

// platformGateway is one Caddy of a platform.
type platformGateway struct {
	*caddy
	home   *home
	port   string
	config string
}

// newPlatform starts a platform with two gateways; options are more of the sandbox's component.
func newPlatform(t *testing.T, options string) *aboard {
	t.Helper()
	p := &aboard{t: t, redis: redistest.Start(t), backend: newHook(t)}
	ports := freeport.Ports(t, 2)
	p.w = runWeChat(t, fmt.Sprintf(`component %s %s {
		message_push %s %s
		events http://127.0.0.1:%s/platform/events
		messages http://127.0.0.1:%s/platform/messages/$APPID$
		domain localhost
		%s
	}`, componentAppID, componentSecret, componentToken, componentKey, ports[0], ports[1], options))
	for _, port := range ports {
		p.gateways = append(p.gateways, p.gateway(port, "platform:"))
	}
	p.start(p.gateways...)
	p.within(20*time.Second, "the ticket has come, and the token by it", func() bool {
		return !slices.ContainsFunc(p.gateways, func(g *platformGateway) bool { return g.component().Token.State != "fresh" })
	})
	return p
}

// gateway prepares a gateway; prefix is what its keys in Redis begin with.
func (p *aboard) gateway(port, prefix string) *platformGateway {
	p.t.Helper()
	g := &platformGateway{home: newHome(p.t), port: port}
	g.config = g.home.file(p.t, "Caddyfile", fmt.Sprintf(`{
	default_bind 127.0.0.1
	grace_period 2s
	persist_config off
	wechat_card {
		api %[1]s
		open %[2]s
		proxy off
		store redis redis://%[3]s {
			prefix %[4]s
		}
		component shop {
			app_id `+componentAppID+`
			app_secret `+componentSecret+`
			message_push `+componentToken+` `+componentKey+`
			seal_key seal-key-of-32-characters-and-more
		}
		accounts platform shop
	}
}
:%[5]s {
	wechat_card /platform/events message_push {
		component shop
	}
	wechat_card /platform/messages/* message_push {
		component shop
		release_test on
	}
	wechat_card /platform/authorize platform_authorize {
		component shop
		return http://localhost:%[5]s
		notify %[6]s/notices `+noticeKey+`
	}
	wechat_card /wechat/addCard add_card {
		account {labels.1}
		card *
	}
	wechat_card /merchants/* add_card {
		account {path.1}
		card *
	}
	reverse_proxy %[6]s
}
`, p.w.url, strings.Replace(p.w.url, "127.0.0.1", "localhost", 1), p.redis.Addr, prefix, port, p.backend.URL))
	return g
}

// start starts gateways, all at once.
func (p *aboard) start(gateways ...*platformGateway) {
	p.t.Helper()
	var wg sync.WaitGroup
	for _, g := range gateways {
		wg.Go(func() { g.caddy = g.home.run(p.t, g.config) })
	}
	wg.Wait()
	if p.t.Failed() {
		p.t.FailNow()
	}
}

// kill ends a gateway as kill -9 does.
func (g *platformGateway) kill() {
	_ = g.cmd.Process.Kill()
	<-g.ended
}

// componentStatus is what the admin API tells of the component.
type componentStatus struct {
	Token struct {
		State string `json:"state"`
	} `json:"component_access_token"`
	Authorisations int `json:"authorisations"`
	Unsaved        int `json:"unsaved"`
	Uncopied       int `json:"uncopied"`
}

func (g *platformGateway) component() componentStatus {
	raw, err := fetch(context.Background(), "http://"+g.admin+"/wechat_card/status")
	var status struct {
		Components map[string]componentStatus `json:"components"`
	}
	if err != nil || json.Unmarshal(raw, &status) != nil {
		return componentStatus{}
	}
	return status.Components["shop"]
}

// within waits for a condition.
func (p *aboard) within(patience time.Duration, what string, met func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !met(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("after %v it is still not so that %s", patience, what)
		}
	}
}

// act does something to the platform in the sandbox.
func (p *aboard) act(name, body string) map[string]any {
	p.t.Helper()
	return post(p.t, p.w.url+"/_sandbox/component/"+name, body)
}

// signed asks a gateway for a card of a merchant's, by the host's label, and shows it to the phone. It gives the reason why that failed.
func (p *aboard) signed(g *platformGateway, appID string) error {
	return p.signedAt(g, appID+".localhost:"+g.port, "/wechat/addCard", "pCouponOf"+appID)
}

// signedAt is signed for a route and a card.
func (p *aboard) signedAt(g *platformGateway, host, path, cardID string) error {
	req, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+g.port+path+"?card_id="+cardID, nil)
	if err != nil {
		return err
	}
	req.Host = host
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answered struct {
		Reason string            `json:"reason"`
		Detail string            `json:"detail"`
		Cards  []json.RawMessage `json:"cardList"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answered); err != nil {
		return fmt.Errorf("%s: %w", resp.Status, err)
	}
	if resp.StatusCode != http.StatusOK || len(answered.Cards) != 1 {
		return &refused{resp.StatusCode, answered.Reason, answered.Detail}
	}
	if why := p.w.addCard(http.DefaultClient, answered.Cards[0]); why != "" {
		return errors.New("the phone refused the card: " + why)
	}
	return nil
}

// refused is the problem that a gateway answered with.
type refused struct {
	status         int
	reason, detail string
}

func (r *refused) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.reason, r.detail) }

// isUnknown tells whether a gateway refused an account.
func isUnknown(err error) bool {
	r, ok := errors.AsType[*refused](err)
	return ok && r.status == http.StatusForbidden && r.reason == "account_unknown"
}

// watch asks a gateway for a merchant's cards, five times a second, until the answer is as wanted, and gives the moment of that.
func (p *aboard) watch(g *platformGateway, appID string, wanted func(error) bool) <-chan time.Time {
	found := make(chan time.Time, 1)
	go func() {
		var last error
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline) && p.t.Context().Err() == nil; time.Sleep(200 * time.Millisecond) {
			if last = p.signed(g, appID); wanted(last) {
				found <- time.Now()
				return
			}
		}
		p.t.Logf("the last answer of port %s to %s: %v", g.port, appID, last)
		close(found)
	}()
	return found
}
