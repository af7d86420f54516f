package api

import (
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// The menu of an official account (自定义菜单): one to three buttons, each with a name. Of what a button does nothing is checked.

const maxButtons = 3

func createMenu(c *call) (any, error) {
	req, err := wire.Decode[struct {
		Buttons []json.RawMessage `json:"button"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if len(req.Buttons) == 0 || len(req.Buttons) > maxButtons {
		return nil, wire.ErrButtonCount
	}
	for _, raw := range req.Buttons {
		var button struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(raw, &button) != nil {
			return nil, wire.ErrBadJSON
		}
		if button.Name == "" {
			return nil, wire.ErrButtonName
		}
	}
	c.app.Menu = req.Buttons
	return wire.OK, nil
}

// getMenu carries no errcode when there is a menu, as WeChat's does not.
func getMenu(c *call) (any, error) {
	if c.app.Menu == nil {
		return nil, wire.ErrNoMenu
	}
	type menu struct {
		Buttons []json.RawMessage `json:"button"`
	}
	return struct {
		Menu menu `json:"menu"`
	}{menu{c.app.Menu}}, nil
}

func deleteMenu(c *call) (any, error) {
	c.app.Menu = nil
	return wire.OK, nil
}
