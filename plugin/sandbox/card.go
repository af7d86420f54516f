package sandbox

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// A card id that nobody made becomes a card of the first account that uses it (or whose api_ticket signs for it), so that
// a demo works with any id: an approved member card of the jump type (wx_activate, wx_activate_after_submit, form set)
// with a million in stock, which can be consumed all the same, as a coupon; of WeChat's codes, unless
// Config.CustomCodeCards names it. From then on it is that account's, and 40073 for others. No card ever springs up from an
// id that begins with "pUnknown", from one that is no card id ([0-9A-Za-z_-]{1,64}), or under Config.StrictCards.

// The states of a card.
const (
	statusInReview = "CARD_STATUS_NOT_VERIFY"
	statusRefused  = "CARD_STATUS_VERIFY_FAIL"
	statusApproved = "CARD_STATUS_VERIFY_OK"
	statusDeleted  = "CARD_STATUS_DELETE"
)

const (
	memberCard       = "MEMBER_CARD"
	depositMode      = "GET_CUSTOM_CODE_MODE_DEPOSIT"
	maxCardBody      = 16 << 10
	springQuantity   = 1_000_000
	springAfterURL   = "https://merchant.example/activate?from=wechat"
	maxDepositedCode = 1_000
)

// cardTypes are the types of card; the key of a type's object is its name in lower case.
var cardTypes = []string{
	"GROUPON", "CASH", "DISCOUNT", "GIFT", "GENERAL_COUPON", memberCard, "GENERAL_CARD",
	"MEETING_TICKET", "SCENIC_TICKET", "MOVIE_TICKET", "BOARDING_PASS",
}

// card is a card of an official account.
type card struct {
	id, app string
	typ     string
	body    map[string]any // the type's object, as it was created and updated
	cardFlags
	status    string
	created   time.Time
	updated   time.Time
	quantity  int      // what is left
	total     int      // what there was
	form      []string // common fields asked for; nil: activateuserform/set was never called
	deposited []string // codes that WeChat may hand out
	known     map[string]bool
	sprung    bool
}

// cardFlags are what the sandbox goes by, of a card's object.
type cardFlags struct {
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

// customCode says that whoever hands out the card must send a code.
func (f *cardFlags) customCode() bool { return f.BaseInfo.UseCustomCode && !f.deposit() }

// deposit says that WeChat hands out codes that the merchant has imported.
func (f *cardFlags) deposit() bool {
	return f.BaseInfo.UseCustomCode && f.BaseInfo.GetCustomCodeMode == depositMode
}

// consumable says that /card/code/consume takes the card.
func (c *card) consumable() bool { return c.typ != memberCard || c.sprung }

// oneTap says that users activate the card in WeChat (一键激活): auto_activate and activate_url make that void.
func (f *cardFlags) oneTap() bool { return f.WXActivate && !f.AutoActivate && f.ActivateURL == "" }

func readFlags(body map[string]any) (f cardFlags, err error) {
	if json.Unmarshal(encode(body), &f) != nil {
		return f, errBadJSON
	}
	return f, nil
}

// cardRequest is a card as /card/create takes it: {"card_type":"MEMBER_CARD","member_card":{…}}.
type cardRequest map[string]json.RawMessage

// newCard checks a card and makes it.
func newCard(appID, id string, req cardRequest, now time.Time) (*card, error) {
	var typ string
	if json.Unmarshal(req["card_type"], &typ) != nil || !slices.Contains(cardTypes, typ) {
		return nil, errBadCardType
	}
	var body map[string]any
	if raw := req[strings.ToLower(typ)]; raw == nil || json.Unmarshal(raw, &body) != nil {
		return nil, errNoField
	}
	if base, isObject := body["base_info"].(map[string]any); !isObject || base == nil {
		return nil, errNoField
	}
	flags, err := readFlags(body)
	if err != nil {
		return nil, err
	}
	if len(encode(body)) > maxCardBody {
		return nil, errBigBody
	}
	n := springQuantity
	if said := flags.BaseInfo.SKU.Quantity; said != nil {
		n = *said
	}
	if n < 0 || n > 100_000_000 {
		return nil, errBadQuantity
	}
	return &card{
		id: id, app: appID, typ: typ, body: body, cardFlags: flags,
		status: cmp.Or(flags.BaseInfo.Status, statusApproved), quantity: n, total: n, known: make(map[string]bool),
		created: now, updated: now,
	}, nil
}

// PutCard makes a card, or replaces it, as /card/create would, but with an id of the caller's choice. The card is JSON: {"card_type":"MEMBER_CARD","member_card":{"base_info":
// {"sku":{"quantity":9}, …}, "wx_activate":true}}.
func (s *Sandbox) PutCard(appID, id, card string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.putCard(appID, id, []byte(card))
}

func (s *Sandbox) putCard(appID, id string, raw []byte) error {
	if !isCardID(id) {
		return errBadCardID
	}
	var req cardRequest
	if json.Unmarshal(raw, &req) != nil {
		return errBadJSON
	}
	c, err := newCard(appID, id, req, s.now())
	if err != nil {
		return err
	}
	s.cards.Add(id, c)
	return nil
}

// card gives the card of an account.
func (s *Sandbox) card(a *app, id string) (*card, error) {
	if id == "" {
		return nil, errNoCardID
	}
	c, found := s.cards.Get(id)
	switch {
	case found && (c.app != a.id || c.status == statusDeleted):
		return nil, errBadCardID
	case found:
		return c, nil
	case !s.springs(id):
		return nil, errBadCardID
	}
	return s.spring(a.id, id), nil
}

// springs says whether id becomes a card on first use.
func (s *Sandbox) springs(id string) bool {
	return !s.cfg.StrictCards && isCardID(id) && !strings.HasPrefix(id, "pUnknown")
}

func (s *Sandbox) spring(appID, id string) *card {
	base := map[string]any{
		"title": "会员卡", "brand_name": "沙箱商户", "color": "Color010", "code_type": "CODE_TYPE_QRCODE",
		"date_info":       map[string]any{"type": "DATE_TYPE_PERMANENT"},
		"sku":             map[string]any{"quantity": springQuantity},
		"use_custom_code": s.customCode[id], "bind_openid": false,
	}
	c := &card{
		id: id, app: appID, typ: memberCard, status: statusApproved, created: s.now(), updated: s.now(),
		body: map[string]any{
			"base_info": base, "prerogative": "会员特权", "wx_activate": true,
			"wx_activate_after_submit": true, "wx_activate_after_submit_url": springAfterURL,
		},
		quantity: springQuantity, total: springQuantity,
		form: []string{"USER_FORM_INFO_FLAG_MOBILE"}, known: make(map[string]bool), sprung: true,
	}
	c.cardFlags, _ = readFlags(c.body) // fits
	s.cards.Add(id, c)
	return c
}

// isCardID says whether id has the form of one.
func isCardID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, b := range []byte(id) {
		if !isAlphanumeric(b) && b != '_' && b != '-' {
			return false
		}
	}
	return true
}

func isAlphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// colors are WeChat's names of some colours and the values that /card/get gives for them.
var colors = map[string]string{
	"Color010": "#63b359", "Color020": "#2c9f67", "Color030": "#509fc9", "Color040": "#5885cf", "Color050": "#9062c0",
	"Color060": "#d09a45", "Color070": "#e4b138", "Color080": "#ee903c", "Color081": "#f08500", "Color082": "#a9d92d",
	"Color090": "#dd6549", "Color100": "#cc463d", "Color101": "#cf3e36", "Color102": "#5e6671",
}

// view is the card as /card/get gives it.
func (c *card) view() map[string]any {
	body := maps.Clone(c.body)
	base, _ := body["base_info"].(map[string]any)
	base = maps.Clone(base)
	if base == nil {
		base = make(map[string]any)
	}
	base["id"], base["status"] = c.id, c.status
	base["create_time"], base["update_time"] = c.created.Unix(), c.updated.Unix()
	base["sku"] = map[string]any{"quantity": c.quantity, "total_quantity": c.total}
	if name, isText := base["color"].(string); isText && colors[name] != "" {
		base["color"] = colors[name]
	}
	body["base_info"] = base
	return map[string]any{"card_type": c.typ, strings.ToLower(c.typ): body}
}
