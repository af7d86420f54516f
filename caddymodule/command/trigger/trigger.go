// Package trigger is the command trigger: a card event, sealed as WeChat seals it, through the running gateway to one's own
// backend.
package trigger

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/spf13/cobra"
)

// errRefused ends the command with exit status 1 where its output has said why.
var errRefused = say.Error("the message was not accepted")

// flags are those of trigger.
type flags struct {
	account                       cli.Account
	ask                           cli.Asking
	to, format, component, origin string
	card, code, openID, outerStr  string
	unionID                       string
	fields                        []string
}

// Command is `caddy wechat-card trigger`.
func Command() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "trigger <event> [--to <url>] [--card <card_id>] [--code <code>] [--openid <openid>] [--field <name>=<value>]... [--yes]",
		Short: "Sends a card event through the running gateway to your backend, as WeChat would",
		Long: `
Makes a card event, signs and encrypts it with the account's message_push settings of the configuration, and sends it to the
route with message_push of the running Caddy, or to --to. The backend gets it as it gets WeChat's. Nothing is asked of WeChat.

The events: ` + strings.Join(eventNames(), ", ") + `.

A field that is not named has a value that is good for trying; --field sets any, also one that the event does not have. Each
event has a code of its own, so that it is a new message; with --code it is the same one within a second, which the gateway
delivers once.

Where api is no sandbox, the backend may be the real one: then it shows the message and asks first.

The exit status is 0 when the backend accepted the message, 1 when it did not or nobody said yes, and 2 when the command is not
called like this.`,
		Example: `  $ caddy wechat-card trigger user_get_card
  $ caddy wechat-card trigger user_get_card --card pjZ8Yt1XGILfi-FUsewpnnolGgZk --field IsGiveByFriend=1
  $ caddy wechat-card trigger submit_membercard_user_info --to http://127.0.0.1:8080/wechat/push --yes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	f.account.AddConfigured(cmd)
	f.ask.Add(cmd)
	own := cmd.Flags()
	own.StringVar(&f.to, "to", "", "The URL to send it to; default: the route with message_push in the configuration, on this machine")
	own.StringVar(&f.card, "card", "", "CardId; default: the first card of the account's routes")
	own.StringVar(&f.code, "code", "", "UserCardCode; default: a new one")
	own.StringVar(&f.openID, "openid", "", "FromUserName, the user's openid at the official account; default: one that is made up")
	own.StringVar(&f.outerStr, "outer-str", "", "OuterStr")
	own.StringVar(&f.unionID, "unionid", "", "UnionId")
	own.StringArrayVar(&f.fields, "field", nil, "Any field of the event, as in IsGiveByFriend=1; repeatable")
	own.StringVar(&f.format, "format", "xml", "How the message is written, as the account's console says: xml or json")
	own.StringVar(&f.origin, "original-id", "gh_86a091e50ad4", "ToUserName, the official account's original id")
	own.StringVar(&f.component, "component", "", "The app_id of the third-party platform to encrypt for; default: the account's own")
	return cli.WithStatus(cmd)
}

// eventNames has the names of the events.
func eventNames() []string {
	names := make([]string, 0, len(push.Events))
	for _, e := range push.Events {
		names = append(names, e.Name)
	}
	return names
}

func (f *flags) run(cmd *cobra.Command, name string) error {
	event, format, err := f.event(name)
	if err != nil {
		return err
	}
	opened, _, closeApp, err := f.account.Open()
	if err != nil {
		return err
	}
	defer closeApp()
	ctx, stop := cli.UntilInterrupted(cmd)
	defer stop()
	account := f.account.Name(opened)
	found, err := cli.Find(opened, account)
	if err != nil {
		return err
	}
	settings, err := pushSettings(opened.Accounts[account])
	if err != nil {
		return err
	}
	if !f.sets("CardId") {
		event.SetDefault("CardId", firstCard(opened, account))
	}
	if !f.sets("UserCardCode") {
		event.SetDefault("UserCardCode", newCode())
	}

	target := &target{url: f.to}
	if f.to == "" {
		if target, err = f.find(account); err != nil {
			return err
		}
	}
	if err := target.check(); err != nil {
		return err
	}
	receiver, err := push.New(settings)
	if err != nil {
		return err
	}
	plain := event.Message(format, f.origin, cmp.Or(f.openID, anOpenID(&event)), time.Now().Unix())
	query, body := receiver.Again(plain, format, cmp.Or(f.component, found.AppID()), time.Now())
	fmt.Fprintf(cmd.OutOrStdout(), "→ %s  %s\n%s\n", target.url, name, terminal.PrintableLines(string(plain)))
	if !isSandbox(ctx, opened.BaseURL()) {
		question := say.T("%s is no sandbox. Send %s to %s?", opened.BaseURL(), name, target.url)
		err := f.ask.Sure(ctx, cmd, "", question)
		if nobody, ok := errors.AsType[*cli.UsageError](err); ok {
			return nobody.Err // nobody said yes: the command itself was called well
		}
		if err != nil {
			return err
		}
	}
	return f.send(ctx, cmd, target, settings, query, body, format)
}

// event puts together what is to be sent, but for what only a configuration says.
func (f *flags) event(name string) (push.Event, push.Format, error) {
	event, known := push.FindEvent(name)
	if !known {
		names := eventNames()
		if near := cli.Nearest(name, names); near != "" {
			return event, "", cli.Usagef("there is no card event %q; did you mean %s?", name, near)
		}
		return event, "", cli.Usagef("there is no card event %q; there are: %s", name, say.List(names))
	}
	format := push.XML
	switch f.format {
	case "xml":
	case "json":
		format = push.JSON
	default:
		return event, "", cli.Usagef("--format must be xml or json")
	}
	if f.card != "" && !field.IsCardID(f.card) {
		return event, "", cli.Usagef("'%s' is no card_id", f.card)
	}
	for _, set := range [][2]string{{"CardId", f.card}, {"UserCardCode", f.code}, {"OuterStr", f.outerStr}, {"UnionId", f.unionID}} {
		if set[1] != "" {
			event.Set(set[0], set[1])
		}
	}
	for _, pair := range f.fields {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || !isName(key) {
			return event, "", cli.Usagef("--field wants <name>=<value>, not %q", pair)
		}
		if slices.Contains([]string{"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event"}, key) {
			return event, "", cli.Usagef("--field %s: what every message has is not set by it; see --openid and --original-id", key)
		}
		event.Set(key, value)
	}
	return event, format, nil
}

// isName tells whether a field may have a name.
func isName(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == "" && (s[0] < '0' || s[0] > '9')
}

// pushSettings are the account's, in plain: they stay in this process.
func pushSettings(account *app.Account) (settings push.Config, err error) {
	if account.MessagePush == nil {
		return settings, cli.Usagef("the account has no message_push settings, so there is nothing to seal with")
	}
	if settings.Token, err = words.Expand(account.MessagePush.Token); err != nil {
		return settings, err
	}
	settings.EncodingAESKey, err = words.Expand(account.MessagePush.EncodingAESKey)
	return settings, err
}

// firstCard is a card of the account's routes.
func firstCard(opened *app.App, account string) string {
	for _, use := range slices.Concat(opened.CardUses(account), opened.CardUses("")) {
		if use.CardID != cards.Any {
			return use.CardID
		}
	}
	return "pjZ8Yt1XGILfi-FUsewpnnolGgZk"
}

// newCode is a code as WeChat's are.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(900_000_000_000))
	if err != nil {
		panic(err) // never fails (crypto/rand)
	}
	return fmt.Sprint(100_000_000_000 + n.Int64())
}

// sets tells whether a --field sets a field, be it to nothing.
func (f *flags) sets(name string) bool {
	return slices.ContainsFunc(f.fields, func(pair string) bool { return strings.HasPrefix(pair, name+"=") })
}

// anOpenID is a user's who is made up: another one each time where nothing else makes an event a new message.
func anOpenID(event *push.Event) string {
	if slices.ContainsFunc(event.Fields, func(f push.EventField) bool { return f.Name == "UserCardCode" }) {
		return "oZ8Yt1XGILfi-FUsewpnnolGgZk0"
	}
	return "oZ8Yt1XGILfi-FUs" + newCode()
}

// send sends the message and tells what was answered.
func (f *flags) send(ctx context.Context, cmd *cobra.Command, to *target, settings push.Config, query map[string][]string, body []byte, format push.Format) error {
	began := time.Now()
	status, answer, err := to.post(ctx, query, body, format)
	if err != nil {
		return say.Errorf("the gateway at %s does not answer: %w", to.url, err)
	}
	text := readable(settings, answer)
	fmt.Fprintf(cmd.OutOrStdout(), "← %d  %s  (%d ms)\n", status, terminal.PrintableLines(text), time.Since(began).Milliseconds())
	if status != http.StatusOK {
		cmd.SilenceErrors = true
		return errRefused
	}
	if !isAcceptance(text, to.dial != "") {
		return errRefused
	}
	return nil
}

// isAcceptance tells whether WeChat would take the text of an answer with status 200 for success or for a reply, and not show its
// user an error: a page is neither. Of the gateway nothing comes but these, so that an empty answer is somebody else's.
func isAcceptance(text string, gateways bool) bool {
	text = strings.TrimSpace(text)
	if text == "" {
		return !gateways
	}
	var reply struct {
		MsgType string `json:"MsgType"`
	}
	return strings.EqualFold(strings.Trim(text, `"`), "success") || strings.HasPrefix(text, "<xml>") ||
		json.Unmarshal([]byte(text), &reply) == nil && reply.MsgType != ""
}
