package sandbox

import "encoding/json"

// The menu of an official account (自定义菜单): one to three buttons, each with a name. Of what a button does nothing is checked.

const maxButtons = 3

func (s *Sandbox) createMenu(c *call) (any, error) {
	req, err := decode[struct {
		Buttons []json.RawMessage `json:"button"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if len(req.Buttons) == 0 || len(req.Buttons) > maxButtons {
		return nil, errButtonCount
	}
	for _, raw := range req.Buttons {
		var button struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(raw, &button) != nil {
			return nil, errBadJSON
		}
		if button.Name == "" {
			return nil, errButtonName
		}
	}
	c.app.menu = req.Buttons
	return ok, nil
}

// getMenu carries no errcode when there is a menu, as WeChat's does not.
func (s *Sandbox) getMenu(c *call) (any, error) {
	if c.app.menu == nil {
		return nil, errNoMenu
	}
	type menu struct {
		Buttons []json.RawMessage `json:"button"`
	}
	return struct {
		Menu menu `json:"menu"`
	}{menu{c.app.menu}}, nil
}

func (s *Sandbox) deleteMenu(c *call) (any, error) {
	c.app.menu = nil
	return ok, nil
}
