package control

import (
	"bytes"
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/faults"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// addFaults takes one fault or a list.
func addFaults(w *world.World, body []byte) error {
	type jsonFault struct {
		Path    string  `json:"path"`
		Times   int     `json:"times"`
		ErrCode int     `json:"errcode"`
		ErrMsg  string  `json:"errmsg"`
		Status  int     `json:"status"`
		Delay   string  `json:"delay"`
		Drop    bool    `json:"drop"`
		Body    *string `json:"body"`
		Execute bool    `json:"execute"`
		Repeat  int     `json:"repeat"`
	}
	list := []jsonFault{{}}
	var to any = &list[0]
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		to = &list
	}
	if err := local.Decode(body, to); err != nil {
		return err
	}
	made := make([]faults.Fault, 0, len(list))
	for i, f := range list {
		var delay time.Duration
		if f.Delay != "" {
			var err error
			if delay, err = time.ParseDuration(f.Delay); err != nil {
				return fmt.Errorf("fault %d: delay: %w", i, err)
			}
		}
		made = append(made, faults.Fault{
			Path: f.Path, Times: f.Times, ErrCode: f.ErrCode, ErrMsg: f.ErrMsg, Status: f.Status, Delay: delay, Drop: f.Drop, Body: f.Body, Execute: f.Execute, Repeat: f.Repeat,
		})
	}
	return w.Faults.Fail(made...)
}

// heal ends a fault, or all of them.
func heal(w *world.World, body []byte) error {
	var req struct {
		ID int64 `json:"id"`
	}
	if err := local.Decode(body, &req); err != nil {
		return err
	}
	return w.Faults.Heal(req.ID)
}
