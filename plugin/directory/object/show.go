package object

import (
	"encoding/json"
	"strconv"
)

// Shown is what people may see of an account: everything but its secrets, which are named.
type Shown struct {
	TokenSource  string   `json:"token_source,omitempty"`
	ForceRefresh string   `json:"force_refresh,omitempty"`
	MiniPrograms []string `json:"mini_program,omitempty"` // app_ids
	Limit        *Limit   `json:"limit,omitempty"`
	Secrets      []string `json:"secrets"` // which ones there are: app_secret, key, message_push.token; never null
}

// Show gives what may be seen of an Account's Whole.
func Show(whole json.RawMessage) Shown {
	var data Data
	_ = json.Unmarshal(whole, &data) // we wrote it
	shown := Shown{TokenSource: data.TokenSource, ForceRefresh: data.ForceRefresh, Limit: data.Limit, Secrets: []string{}}
	add := func(name, value string) {
		if value != "" {
			shown.Secrets = append(shown.Secrets, name)
		}
	}
	add("app_secret", data.AppSecret)
	add("key", data.Key)
	for i, program := range data.MiniPrograms {
		shown.MiniPrograms = append(shown.MiniPrograms, program.AppID)
		add("mini_program["+strconv.Itoa(i)+"].app_secret", program.AppSecret)
	}
	if data.MessagePush != nil {
		add("message_push.token", data.MessagePush.Token)
		add("message_push.encoding_aes_key", data.MessagePush.EncodingAESKey)
	}
	return shown
}
