package record

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recording"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/relay"
)

// Relayer makes calls with an account's access_token.
type Relayer interface {
	Relay(call relay.Call) (*http.Response, error)
}

// call is a call that is recorded. None changes anything.
type call struct {
	name  string
	path  string
	query string
	body  string // {card} stands for a card of the account; empty: GET
	again bool   // it is made a second time: was the answer the same?
	learn func(answer []byte, found map[string]string)
}

// calls are what is recorded, in this order.
var calls = []call{
	{name: "api_ticket", path: "/cgi-bin/ticket/getticket", query: "type=wx_card"},
	{name: "api_ticket_again", path: "/cgi-bin/ticket/getticket", query: "type=wx_card", again: true},
	{name: "jsapi_ticket", path: "/cgi-bin/ticket/getticket", query: "type=jsapi"},
	{name: "ticket_of_no_type", path: "/cgi-bin/ticket/getticket", query: "type=none"},
	{name: "callback_addresses", path: "/cgi-bin/getcallbackip"},
	{name: "colors", path: "/card/getcolors"},
	{name: "list_of_cards", path: "/card/batchget", body: `{"offset":0,"count":1}`, learn: learnCard},
	{name: "card", path: "/card/get", body: `{"card_id":"{card}"}`},
	{name: "card_that_is_not_ours", path: "/card/get", body: `{"card_id":"` + recording.NoCard + `"}`},
	{name: "escape_in_json", path: "/card/get", body: `{"card_id":"\u0070{card-tail}"}`},
	{name: "code_that_is_none", path: "/card/code/decrypt", body: `{"encrypt_code":"` + recording.NoCode + `"}`},
	{name: "activate_url", path: "/card/membercard/activate/geturl", body: `{"card_id":"{card}","outer_str":"recorded"}`},
	{name: "activate_url_again", path: "/card/membercard/activate/geturl", body: `{"card_id":"{card}","outer_str":"recorded"}`, again: true},
	{name: "ticket_of_an_activation_that_is_none", path: "/card/membercard/activatetempinfo/get", body: `{"activate_ticket":"none"}`},
	{name: "member_that_is_none", path: "/card/membercard/userinfo/get", body: `{"card_id":"{card}","code":"000000000000"}`},
	{name: "quota", path: "/cgi-bin/openapi/quota/get", body: `{"cgi_path":"/cgi-bin/ticket/getticket"}`},
}

// learnCard takes a card out of the list, unless one was named.
func learnCard(answer []byte, found map[string]string) {
	var list struct {
		CardIDs []string `json:"card_id_list"`
	}
	if json.Unmarshal(answer, &list) == nil && len(list.CardIDs) > 0 && found["card"] == "" {
		found["card"] = list.CardIDs[0]
	}
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// make makes the call.
func (c *call) make(ctx context.Context, account Relayer, found map[string]string) (answer []byte, x recording.Exchange, err error) {
	card := found["card"]
	if card == "" {
		card = recording.NoCard
	}
	body := strings.NewReplacer("{card}", card, "{card-tail}", card[1:]).Replace(c.body)
	x = recording.Exchange{Name: c.name, Method: http.MethodGet, Path: c.path}
	if body != "" {
		x.Method, x.Request = http.MethodPost, recording.Redact([]byte(body))
	}
	r, err := http.NewRequestWithContext(ctx, x.Method, "http://wechat"+c.path, http.NoBody)
	if err != nil {
		return nil, x, err
	}
	relayed := relay.Call{API: "record", Request: r, Query: c.query}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
		relayed.Body = []byte(body)
	}
	if query, err := url.ParseQuery(c.query); err == nil {
		x.Query = recording.RedactQuery(query)
	}
	resp, err := account.Relay(relayed)
	if err != nil {
		return nil, x, err
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer)); err != nil {
		return nil, x, err
	}
	x.Status, x.Answer = resp.StatusCode, recording.Redact(answer)
	return answer, x, nil
}
