// Package tester is WeChat's automatic test of a third-party platform before it is published (全网发布): a ticket, and messages to a pair
// of the accounts that are kept for it, as the page 全网发布接入检测 describes them.
package tester

import (
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/courier"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/outbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// The texts of the test.
const (
	TextMessage = "TESTCOMPONENT_MSG_TYPE_TEXT"
	TextReply   = TextMessage + "_callback"
	QueryPrefix = "QUERY_AUTH_CODE:"
	QuerySuffix = "_from_api"
)

const (
	replyWait = 10 * time.Second // for what comes by the API
	lookAgain = 20 * time.Millisecond
	visitor   = "tester" // the user who writes
)

// Options say how a test is run.
type Options struct {
	Component string `json:"component"` // default: the only one
	// Pair is which accounts are taken, 1 to 5; default: chosen at random, as WeChat does.
	Pair int `json:"pair"`
	// SameCode has the code in the message be the one that the event authorized has brought, as developers report.
	SameCode bool `json:"same_code"`
	// Silent pushes no event authorized before.
	Silent bool `json:"silent"`
	// Event adds the case of 2015 that is gone from the page: an event, answered by a text.
	Event bool `json:"event"`
}

// Case is one case of the test.
type Case struct {
	Case   string `json:"case"` // 1 to 5, as the page numbers them; 0: what stands before
	AppID  string `json:"app_id,omitempty"`
	What   string `json:"what"`
	Passed bool   `json:"passed"`
	Detail string `json:"detail,omitempty"` // what is wrong
	Millis int64  `json:"millis"`
}

// Report is what came of a test.
type Report struct {
	Passed bool   `json:"passed"`
	Cases  []Case `json:"cases"`
}

// run is a test under way.
type run struct {
	context.Context

	world     *world.World
	courier   *courier.Courier
	component *platform.Component
	options   Options
	report    Report
}

// Run makes the test. It takes half a minute at the most, where nothing answers.
func Run(ctx context.Context, w *world.World, c *courier.Courier, component *platform.Component, o Options) (Report, error) {
	if o.Pair < 0 || o.Pair > len(platform.Testers) {
		return Report{}, fmt.Errorf("pair must be 1 to %d", len(platform.Testers))
	}
	if component.EventsURL == "" || component.MessagesURL == "" {
		return Report{}, fmt.Errorf("the test wants both URLs of the platform: that of events and that of messages")
	}
	pair := platform.Testers[rand.IntN(len(platform.Testers))] //nolint:gosec // nobody is to be surprised
	if o.Pair > 0 {
		pair = platform.Testers[o.Pair-1]
	}
	r := &run{Context: ctx, world: w, courier: c, component: component, options: o, report: Report{Passed: true}}
	r.step("1", "", "the ticket is answered by success", func() string {
		return untaken(c.Ticket(ctx, component))
	})
	r.official(pair.Official)
	r.mini(pair.Mini)
	return r.report, nil
}

// official is cases 2 and 3, and 5 where it is wanted: messages to an official account.
func (r *run) official(m platform.Merchant) {
	code := r.authorise(m)
	r.step("2", m.AppID, "a text is answered by a text", func() string {
		return wrongText(r.say(m, TextMessage), m, r.openid(m), TextReply)
	})
	r.query("3", m, code)
	if r.options.Event {
		r.step("5", m.AppID, "an event is answered by a text", func() string {
			text := platform.EventText(r.known(m), r.openid(m), "LOCATION", r.world.Now())
			return wrongText(r.courier.Message(r, r.component, r.known(m), r.openid(m), text), m, r.openid(m), "LOCATIONfrom_callback")
		})
	}
}

// mini is case 4: the same messages to a mini program, which are answered by the API alone. The code comes first: without one that was
// exchanged nobody could answer.
func (r *run) mini(m platform.Merchant) {
	code := r.authorise(m)
	r.query("4", m, code)
	r.step("4", m.AppID, "a text is answered by a customer-service message", func() string {
		return cmp.Or(unanswered(r.say(m, TextMessage)), r.await(m, TextReply))
	})
}

// query is the message with a code, which is exchanged, and answered by a message of the account.
func (r *run) query(number string, m platform.Merchant, code string) {
	r.step(number, m.AppID, "a code is exchanged, and answered by a customer-service message", func() string {
		return cmp.Or(unanswered(r.say(m, QueryPrefix+code)), r.await(m, code+QuerySuffix))
	})
}

// step is one case. try gives what is wrong, "": nothing.
func (r *run) step(number, appID, what string, try func() string) {
	began := time.Now()
	detail := try()
	r.report.Cases = append(r.report.Cases, Case{number, appID, what, detail == "", detail, time.Since(began).Milliseconds()})
	r.report.Passed = r.report.Passed && detail == ""
}

// authorise has an account of the test authorise the platform anew, and gives a code of that.
func (r *run) authorise(m platform.Merchant) (code string) {
	w := r.world
	w.Lock()
	_, _ = w.Platform.Cancel(r.component, m.AppID, w.Now()) // of an earlier test: nobody is told
	granted, err := w.Platform.Grant(r.component, m.AppID, nil, "", w.Now())
	w.Unlock()
	if err != nil {
		r.step("0", m.AppID, "the account authorises the platform", err.Error)
		return ""
	}
	if r.options.Silent {
		return granted.Code
	}
	r.step("0", m.AppID, "the event authorized is answered by success", func() string {
		return untaken(r.courier.Event(r, granted.Event))
	})
	if r.options.SameCode {
		return granted.Code
	}
	w.Lock()
	defer w.Unlock()
	again, err := w.Platform.Grant(r.component, m.AppID, nil, "", w.Now())
	if err != nil {
		return ""
	}
	return again.Code
}

// known gives an account of the test with its defaults.
func (r *run) known(m platform.Merchant) *platform.Merchant {
	r.world.Lock()
	defer r.world.Unlock()
	known, err := r.world.Platform.Merchant(m.AppID)
	if err != nil {
		return &m
	}
	return known
}

func (r *run) openid(m platform.Merchant) string { return r.world.OpenID(m.AppID, visitor) }

// say is the user who writes.
func (r *run) say(m platform.Merchant, text string) courier.Answer {
	openid := r.openid(m)
	r.world.Lock()
	now := r.world.Now()
	r.world.Chats.Spoke(m.AppID, openid, now)
	r.world.Unlock()
	return r.courier.Message(r, r.component, r.known(m), openid, platform.MessageText(r.known(m), openid, text, rand.Int64(), now)) //nolint:gosec // an id
}

// await waits for what an account writes to the user.
func (r *run) await(m platform.Merchant, want string) (wrong string) {
	openid := r.openid(m)
	deadline := time.After(replyWait)
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		r.world.Lock()
		replies := r.world.Chats.Replies(m.AppID, openid)
		r.world.Unlock()
		for _, reply := range replies {
			if reply.Text != want {
				continue
			}
			if reply.Component != r.component.ID {
				return "the message came by another token than the platform's"
			}
			return ""
		}
		select {
		case <-look.C:
		case <-deadline:
			if len(replies) > 0 {
				return fmt.Sprintf("got the message %q, want %q", replies[len(replies)-1].Text, want)
			}
			return fmt.Sprintf("no message came within %v, want %q", replyWait, want)
		case <-r.Done():
			return r.Err().Error()
		}
	}
}

// reply is a passive reply.
type reply struct {
	To      string `xml:"ToUserName"`
	From    string `xml:"FromUserName"`
	Created int64  `xml:"CreateTime"`
	Type    string `xml:"MsgType"`
	Content string `xml:"Content"`
}

// wrongText says what is wrong with a reply; "": it is as it should be.
func wrongText(a courier.Answer, m platform.Merchant, openid, want string) string {
	var got reply
	switch {
	case a.Error != "":
		return a.Error
	case a.Status != 200:
		return fmt.Sprintf("the answer has status %d", a.Status)
	case a.Plain == "":
		return "the reply is not sealed"
	case xml.Unmarshal([]byte(a.Plain), &got) != nil:
		return "the reply is no XML"
	case got.Type != "text" || got.Content != want:
		return fmt.Sprintf("the reply is the %s %q, want the text %q", got.Type, got.Content, want)
	case got.To != openid || got.From != m.UserName || got.Created == 0:
		return fmt.Sprintf("the reply is from %s to %s at %d, want from %s to the user", got.From, got.To, got.Created, m.UserName)
	}
	return ""
}

// unanswered says what is wrong where nothing is to be replied: WeChat's page wants an empty answer, and takes success.
func unanswered(a courier.Answer) string {
	body := strings.TrimSpace(a.Body)
	switch {
	case a.Error != "":
		return a.Error
	case a.Status != 200 || body != "" && body != "success":
		return fmt.Sprintf("the answer is %d %.100q, want an empty one", a.Status, body)
	}
	return ""
}

// untaken says what is wrong with the answer to an event.
func untaken(d outbox.Delivery) string {
	switch {
	case d.Taken:
		return ""
	case d.Error != "":
		return d.Error
	}
	return fmt.Sprintf("the answer is %d %.100q, want success", d.Status, d.Answer)
}
