package phone

import (
	"crypto/sha1" //nolint:gosec // WeChat's choice
	"encoding/hex"
	"slices"
	"sort"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
)

// The rule is written down here a second time, apart from plugin/card and as plainly as it goes: a fault in the signer
// shall not be a fault of its check as well.

// Signature sorts values, joins them and hashes the result.
func Signature(values ...string) string {
	sorted := slices.Clone(values)
	sort.Strings(sorted)
	sum := sha1.Sum([]byte(strings.Join(sorted, ""))) //nolint:gosec // WeChat's choice
	return hex.EncodeToString(sum[:])
}

// verify gives the app one of whose live api_tickets signed e. owner is the card's account; empty: any will do.
func (p *phone) verify(owner, cardID string, e *cardExt) (signer string, no *Refused) {
	values := []string{cardID, e.timestamp, e.code, e.openID, e.nonce, e.balance}
	signed := func(t *accounts.Ticket, values ...string) bool {
		return Signature(append([]string{t.Text}, values...)...) == e.signature
	}
	var why *Refused
	for _, a := range p.world.Accounts.All() {
		mine := owner == "" || a.ID == owner
		for _, t := range a.Tickets[accounts.CardTicket] {
			switch {
			case !signed(t, values...):
			case mine && t.Live(p.now):
				return a.ID, nil
			case mine:
				why = &Refused{TextSignature, "expired_ticket", "signed with an api_ticket that has ended"}
			default:
				why = &Refused{TextSignature, "foreign_ticket", "signed with the api_ticket of another account than the card's"}
			}
		}
		for _, t := range a.Tickets[accounts.JSAPITicket] {
			if signed(t, values...) {
				why = &Refused{TextSignature, "jsapi_ticket", "signed with a jsapi_ticket; cards want the api_ticket (type=wx_card)"}
			}
		}
	}
	if why != nil {
		return "", why
	}

	detail := "no live api_ticket of the card's account gives this signature"
	for _, a := range p.world.Accounts.All() {
		if owner != "" && a.ID != owner {
			continue
		}
		for _, t := range a.Tickets[accounts.CardTicket][max(0, len(a.Tickets[accounts.CardTicket])-5):] {
			if hint := e.slip(cardID, func(values []string) bool { return signed(t, values...) }); hint != "" {
				detail = hint
			}
		}
	}
	return "", &Refused{TextSignature, "signature", detail}
}

// slip finds out whether a field was signed and not sent, or sent and not signed.
func (e *cardExt) slip(cardID string, signed func([]string) bool) string {
	fields := []struct {
		name, value string
		sign        bool
	}{
		{"code", e.code, true},
		{"openid", e.openID, true},
		{"nonce_str", e.nonce, true},
		{"balance", e.balance, true},
		{"outer_str", e.outerStr, false},
		{"fixed_begintimestamp", e.fixedBegin, false},
	}
masks:
	for mask := range 1 << len(fields) {
		values := []string{cardID, e.timestamp}
		var slips []string
		for i, f := range fields {
			other := mask>>i&1 == 1
			switch {
			case other && f.value == "":
				continue masks
			case other && f.sign:
				slips = append(slips, f.name+" was sent but not signed")
			case other:
				slips = append(slips, f.name+" was signed, and must not be")
			}
			if f.sign != other {
				values = append(values, f.value)
			}
		}
		if len(slips) > 0 && signed(values) {
			return strings.Join(slips, "; ")
		}
	}
	return ""
}
