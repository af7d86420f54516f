package membercardcomponent

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/answer"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Upgraded is how member cards of the second generation are opened. That has never been tried on a real account.
type Upgraded struct {
	// The app_id of the official account that the cards were made for. Default: that of the route's account.
	CreateCardAppID string `json:"create_card_appid,omitempty"`

	// Who activates a card: `normal`, WeChat, as soon as the user has filled in its form; `jump`, the merchant, to whom the user comes
	// back with an activate_ticket. Default: `normal`.
	ActivateType string `json:"activate_type,omitempty"`

	// Where the user fills in the form with `jump`, and only then: an https address, or a page of a mini program. Default: none.
	JumpURL string `json:"jump_url,omitempty"`
}

// The values of activate_type.
const (
	activateNormal = "normal"
	activateJump   = "jump"
)

// check tells what is wrong with the configuration, and evaluates its placeholders.
func (m *MemberCardComponent) checkGeneration() error {
	switch m.Generation {
	case 0, 1:
		if m.Upgraded != nil {
			return errors.New("upgraded: create_card_appid, activate_type and jump_url are for cards of generation 2")
		}
		return nil
	case 2:
	default:
		return fmt.Errorf("generation is 1 or 2, not %d", m.Generation)
	}
	if m.Cache != "" {
		return errors.New("cache: opening cards of generation 2 costs no call")
	}
	if m.Upgraded != nil {
		m.upgraded = *m.Upgraded
	}
	u := &m.upgraded
	var err error
	for name, text := range map[string]*string{"create_card_appid": &u.CreateCardAppID, "jump_url": &u.JumpURL} {
		if *text, err = words.Expand(*text); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if u.CreateCardAppID != "" && !field.IsAppID(u.CreateCardAppID) {
		return fmt.Errorf("create_card_appid is wx and 16 hex digits, the app_id of the official account that made the cards, not %q", u.CreateCardAppID)
	}
	switch u.ActivateType {
	case "", activateNormal:
		if u.JumpURL != "" {
			return errors.New("jump_url goes with activate_type jump")
		}
	case activateJump:
		if u.JumpURL == "" {
			return errors.New("activate_type jump needs jump_url: where users fill in the form")
		}
		if err := checkJumpURL(u.JumpURL); err != nil {
			return err
		}
	default:
		return fmt.Errorf("activate_type is normal or jump, not %q", u.ActivateType)
	}
	return nil
}

// checkJumpURL accepts a web address, and a page of a mini program.
func checkJumpURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || strings.ContainsAny(text, " \t\r\n") || u.Scheme != "" && (u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		return fmt.Errorf("jump_url is an https address or a page of a mini program, not %q", text)
	}
	return nil
}

// openUpgraded answers for a card of the second generation. It asks nobody anything.
func (m *MemberCardComponent) openUpgraded(w http.ResponseWriter, r *http.Request, s *answer.Scratch, account *plugin.Account, cardID, outerStr string) error {
	data := card.UpgradedData{CreateCardAppID: m.upgraded.CreateCardAppID, CardID: cardID, OuterStr: outerStr, JumpURL: m.upgraded.JumpURL}
	if data.CreateCardAppID == "" {
		data.CreateCardAppID = account.AppID()
	}
	b := append(s.Body, `{"appId":"`+card.ComponentAppID+`","path":"`+card.ComponentPath+`","extraData":`...)
	b = data.AppendJSON(b)
	s.Body = append(b, '}')
	answer.JSON(w, r, s.Body)
	return nil
}

// unmarshalGeneration reads a subdirective:
//
//	generation 1|2 {
//		create_card_appid <app_id>
//		activate_type     normal|jump
//		jump_url          <url>
//	}
func (m *MemberCardComponent) unmarshalGeneration(d *caddyfile.Dispenser) error {
	if err := cards.UnmarshalGeneration(d, &m.Generation); err != nil {
		return err
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if m.Upgraded == nil {
			m.Upgraded = new(Upgraded)
		}
		var err error
		switch d.Val() {
		case "create_card_appid":
			err = words.OneValue(d, &m.Upgraded.CreateCardAppID)
		case "activate_type":
			err = words.OneOf(d, &m.Upgraded.ActivateType, activateNormal, activateJump)
		case "jump_url":
			err = words.OneValue(d, &m.Upgraded.JumpURL)
		default:
			err = words.Unrecognized(d, "create_card_appid", "activate_type", "jump_url")
		}
		if err != nil {
			return err
		}
	}
	return nil
}
