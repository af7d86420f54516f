package phone

import "encoding/json"

const maxTemplates = 20 // of one question to the user

// requestSubscribeMessage is the user who is asked whether he wants one message of each template. He says yes, or "choice":"reject".
func (p *phone) requestSubscribeMessage(body []byte) (any, *Refused) {
	if p.app == "" {
		return nil, &Refused{TextParameter, "app_id", "say by appId which mini program runs: the consent is for it alone"}
	}
	var asked struct {
		Templates []string `json:"tmplIds"`
		Choice    string   `json:"choice"`
	}
	if json.Unmarshal(body, &asked) != nil || len(asked.Templates) == 0 || len(asked.Templates) > maxTemplates {
		return nil, &Refused{TextParameter, "templates", "tmplIds is a list of template ids"}
	}
	said := map[string]string{"errMsg": "requestSubscribeMessage:ok"}
	for _, id := range asked.Templates {
		if said[id] = "accept"; asked.Choice == "reject" {
			said[id] = asked.Choice
			continue
		}
		p.world.Consents.Give(p.app, p.openID, id)
	}
	return said, nil
}
