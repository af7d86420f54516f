// Package cards is the cards that merchants have made: what is one, which ids are. Nothing in it is safe for concurrent use.
package cards

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// The states of a card.
const (
	InReview = "CARD_STATUS_NOT_VERIFY"
	Refused  = "CARD_STATUS_VERIFY_FAIL"
	Approved = "CARD_STATUS_VERIFY_OK"
	Deleted  = "CARD_STATUS_DELETE"
)

// MemberCard is the type of member cards.
const MemberCard = "MEMBER_CARD"

// DepositMode is the get_custom_code_mode of a card of imported codes.
const DepositMode = "GET_CUSTOM_CODE_MODE_DEPOSIT"

// Bounds of a card.
const (
	MaxBody      = 16 << 10 // bytes of its object
	MaxDeposited = 1_000    // codes imported
)

// manyInStock is the stock of a card that does not say how much it has.
const manyInStock = 1_000_000

// cardTypes are the types of card; the key of a type's object is its name in lower case.
var cardTypes = []string{
	"GROUPON", "CASH", "DISCOUNT", "GIFT", "GENERAL_COUPON", MemberCard, "GENERAL_CARD",
	"MEETING_TICKET", "SCENIC_TICKET", "MOVIE_TICKET", "BOARDING_PASS",
}

// Card is a card of an official account.
type Card struct {
	ID, App string
	Type    string
	Body    map[string]any // the type's object, as it was created and updated
	Flags
	Status    string
	Created   time.Time
	Updated   time.Time
	Quantity  int             // what is left
	Total     int             // what there was
	Form      []string        // common fields asked for; nil: activateuserform/set was never called
	Deposited []string        // codes that WeChat may hand out
	Known     map[string]bool // all codes that were imported
	Sprung    bool            // nobody made it
}

// Flags are what the sandbox goes by, of a card's object.
type Flags struct {
	BaseInfo struct {
		UseCustomCode     bool   `json:"use_custom_code"`
		GetCustomCodeMode string `json:"get_custom_code_mode"`
		BindOpenID        bool   `json:"bind_openid"`
		GetLimit          int    `json:"get_limit"`
		Status            string `json:"status"`
		SKU               struct {
			Quantity *int `json:"quantity"`
		} `json:"sku"`
	} `json:"base_info"`
	WXActivate   bool   `json:"wx_activate"`
	AfterSubmit  bool   `json:"wx_activate_after_submit"`
	AfterURL     string `json:"wx_activate_after_submit_url"`
	AutoActivate bool   `json:"auto_activate"`
	ActivateURL  string `json:"activate_url"`
}

// CustomCode says that whoever hands out the card must send a code.
func (f *Flags) CustomCode() bool { return f.BaseInfo.UseCustomCode && !f.Deposit() }

// Deposit says that WeChat hands out codes that the merchant has imported.
func (f *Flags) Deposit() bool {
	return f.BaseInfo.UseCustomCode && f.BaseInfo.GetCustomCodeMode == DepositMode
}

// Consumable says that /card/code/consume takes the card.
func (c *Card) Consumable() bool { return c.Type != MemberCard || c.Sprung }

// OneTap says that users activate the card in WeChat (一键激活): auto_activate and activate_url make that void.
func (f *Flags) OneTap() bool { return f.WXActivate && !f.AutoActivate && f.ActivateURL == "" }

// readFlags reads the flags out of a card's object.
func readFlags(body map[string]any) (f Flags, err error) {
	if json.Unmarshal(wire.Encode(body), &f) != nil {
		return f, wire.ErrBadJSON
	}
	return f, nil
}

// Request is a card as /card/create takes it: {"card_type":"MEMBER_CARD","member_card":{…}}.
type Request map[string]json.RawMessage

// New checks a card and makes it. It fails with WeChat's refusal.
func New(appID, id string, req Request, now time.Time) (*Card, error) {
	var typ string
	if json.Unmarshal(req["card_type"], &typ) != nil || !slices.Contains(cardTypes, typ) {
		return nil, wire.ErrBadCardType
	}
	var body map[string]any
	if raw := req[strings.ToLower(typ)]; raw == nil || json.Unmarshal(raw, &body) != nil {
		return nil, wire.ErrNoField
	}
	if base, isObject := body["base_info"].(map[string]any); !isObject || base == nil {
		return nil, wire.ErrNoField
	}
	flags, err := readFlags(body)
	if err != nil {
		return nil, err
	}
	if len(wire.Encode(body)) > MaxBody {
		return nil, wire.ErrBigBody
	}
	n := manyInStock
	if said := flags.BaseInfo.SKU.Quantity; said != nil {
		n = *said
	}
	if n < 0 || n > 100_000_000 {
		return nil, wire.ErrBadQuantity
	}
	return &Card{
		ID: id, App: appID, Type: typ, Body: body, Flags: flags,
		Status: cmp.Or(flags.BaseInfo.Status, Approved), Quantity: n, Total: n, Known: make(map[string]bool),
		Created: now, Updated: now,
	}, nil
}
