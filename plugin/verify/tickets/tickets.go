// Package tickets holds what signatures are compared with: the accounts whose tickets and app ids may have been used, rightly
// or not.
package tickets

import "time"

// Known is what signatures are compared with.
type Known struct {
	// Now is the present, by WeChat's clock. The zero time: timestamps are not judged.
	Now time.Time
	// Accounts are all whose tickets or app ids may have been used, rightly or not.
	Accounts []Account
	// Owner gives the name of the account that a card belongs to, "" if that is not known. Nil: nothing is known. It counts
	// where nobody names the account.
	Owner func(cardID string) string
}

// Account is an official account (公众号), or a mini program by itself.
type Account struct {
	Name  string
	AppID string // "": not known
	// MiniProgram says that it is a mini program (小程序), whose tickets and app id sign nothing rightly.
	MiniProgram  bool
	MiniPrograms []string // app ids of mini programs that belong to it

	APITickets   []Ticket // of type wx_card, the current one first
	JSAPITickets []Ticket // of type jsapi, the current one first

	// What people take for a ticket.
	AccessTokens []Ticket
	AppSecrets   []string // of the account and of its mini programs

	Cards []string // ids of cards that are known to be the account's
}

// Ticket is an api_ticket or a jsapi_ticket.
type Ticket struct {
	Text string
	Ends time.Time // zero: not known, so it counts as good
}

// Ended tells whether a ticket has ended.
func (t Ticket) Ended(now time.Time) bool {
	return !t.Ends.IsZero() && !now.IsZero() && !now.Before(t.Ends)
}

// Listed gives the ids of the cards that an account may have signed for: its own; nil: all that are known.
func (k *Known) Listed(of *Account) []string {
	var list []string
	for _, a := range k.Accounts {
		if of == nil || of.Name == a.Name {
			list = append(list, a.Cards...)
		}
	}
	return list
}

// Signer gives the account that must have signed for a card: the one of that name or, where name is "", the card's owner.
// Nil: any may have.
func (k *Known) Signer(name, cardID string) *Account {
	if name == "" && k.Owner != nil && cardID != "" {
		name = k.Owner(cardID)
	}
	if name == "" {
		return nil
	}
	for i := range k.Accounts {
		if k.Accounts[i].Name == name {
			return &k.Accounts[i]
		}
	}
	return &Account{Name: name}
}

// ByAppID gives the official account of an app id, nil if none has it.
func (k *Known) ByAppID(appID string) *Account {
	for i := range k.Accounts {
		if a := &k.Accounts[i]; a.AppID == appID && appID != "" && !a.MiniProgram {
			return a
		}
	}
	return nil
}
