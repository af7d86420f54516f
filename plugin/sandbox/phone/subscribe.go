package phone

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

const maxTemplates = 20 // of one question to the user

// What a user may say to such a question.
const (
	accepted = "accept"
	rejected = "reject"
)

// consentAsked is a question to the user, and what he says to it.
type consentAsked struct {
	Templates []string `json:"tmplIds"`
	Choice    string   `json:"choice"`
}

// requestSubscribeMessage is the user who is asked whether he wants one message of each template. He says yes, or "choice":"reject".
func (p *phone) requestSubscribeMessage(body []byte) (any, *Refused) {
	if p.app == "" {
		return nil, &Refused{TextParameter, "app_id", "say by appId which mini program runs: the consent is for it alone"}
	}
	asked := consentAsked{Choice: accepted}
	if err := asked.read(body); err != nil {
		return slip{err}, nil
	}
	said := map[string]string{"errMsg": "requestSubscribeMessage:ok"}
	for _, id := range asked.Templates {
		if said[id] = asked.Choice; asked.Choice == accepted {
			p.world.Consents.Give(p.app, p.openID, id)
		}
	}
	return said, nil
}

// read reads a question strictly: neither a consent that nobody gave nor one for no template shall come of a slip.
func (c *consentAsked) read(body []byte) error {
	if err := local.Decode(body, c); err != nil {
		return err
	}
	if c.Choice != accepted && c.Choice != rejected {
		return fmt.Errorf("choice is %s or %s", accepted, rejected)
	}
	noTemplate := func(id string) bool { return id == "" || utf8.RuneCountInString(id) > wire.MaxText }
	if len(c.Templates) == 0 || len(c.Templates) > maxTemplates || slices.ContainsFunc(c.Templates, noTemplate) {
		return fmt.Errorf("tmplIds is a list of 1 to %d template ids, each of 1 to %d characters", maxTemplates, wire.MaxText)
	}
	return nil
}
