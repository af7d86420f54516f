package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// anyCard stands in the place of card ids for every card that has no block of its own.
const anyCard = "*"

// defaultMaxCards is how many cards WeChat recommends at most for one call on the phone.
const defaultMaxCards = 5

// defaultComponentAge is how long something is used again unless configured otherwise.
const defaultComponentAge = 10 * time.Minute

// CardList lists cards for which an action configures nothing.
type CardList struct {
	// The ids of the cards; or `*` alone, for all cards of the account.
	CardID []string `json:"card_id,omitempty"`
}

// cardSet holds the cards that a route is for.
type cardSet struct {
	byID   map[string]*cardRule
	any    *cardRule // nil: no cards but those of byID
	listed []string  // the keys of byID, in the order of the configuration
}

// cardRule is what is configured for a card.
type cardRule struct {
	listed bool // by its id, not by anyCard
	values [numFields]value
}

// claim adds ids under one rule, whose values are yet to be set.
func (s *cardSet) claim(ids []string) (*cardRule, error) {
	rule := &cardRule{listed: true}
	switch {
	case len(ids) == 0:
		return nil, errors.New("card_id is missing")
	case len(ids) == 1 && ids[0] == anyCard:
		if s.any != nil {
			return nil, fmt.Errorf("card %s is listed twice", anyCard)
		}
		rule.listed = false
		s.any = rule
		return rule, nil
	}
	if s.byID == nil {
		s.byID = make(map[string]*cardRule)
	}
	for _, id := range ids {
		if !isCardID(id) {
			return nil, fmt.Errorf("'%s' is no card_id", id)
		}
		if _, ok := s.byID[id]; ok {
			return nil, fmt.Errorf("card %s is listed twice", id)
		}
		s.byID[id] = rule
		s.listed = append(s.listed, id)
	}
	return rule, nil
}

// add is claim with the values.
func (s *cardSet) add(ids []string, values map[field]string) error {
	rule, err := s.claim(ids)
	if err != nil {
		return err
	}
	for f, raw := range values {
		if raw == "" {
			continue
		}
		if rule.values[f], err = newValue(f, raw); err != nil {
			return err
		}
	}
	return nil
}

// addLists adds cards for which nothing is configured.
func (s *cardSet) addLists(lists []CardList) error {
	for _, list := range lists {
		if _, err := s.claim(list.CardID); err != nil {
			return err
		}
	}
	return nil
}

// checkNotEmpty refuses a set that no request could ask anything of.
func (s *cardSet) checkNotEmpty() error {
	if s.any == nil && len(s.byID) == 0 {
		return errors.New("no card is listed")
	}
	return nil
}

// maxCards gives how many cards a request may ask for.
func (s *cardSet) maxCards(configured int) (int, error) {
	if configured < 0 {
		return 0, errors.New("max_cards must be greater than zero")
	}
	if configured == 0 {
		configured = defaultMaxCards
	}
	if s.any == nil && len(s.listed) > configured {
		return 0, fmt.Errorf("%d cards are listed, but max_cards is %d", len(s.listed), configured)
	}
	return configured, nil
}

// find gives the rule for a card.
func (s *cardSet) find(id string) (*cardRule, error) {
	if !isCardID(id) {
		return nil, invalid("card_id is not 1 to 64 letters, digits, _ and -")
	}
	if rule := s.byID[id]; rule != nil {
		return rule, nil
	}
	if s.any != nil {
		return s.any, nil
	}
	return nil, problemf(http.StatusForbidden, reasonCardNotAllowed, "card %s is not handed out here", id)
}

// sets tells whether a field is configured.
func (c *cardRule) sets(f field) bool { return c.values[f].raw != "" }

// resolve finds a field's value: the configured one, or else the client's if clients may send it.
func (c *cardRule) resolve(r *http.Request, f field, client text, accept fieldSet) (string, error) {
	if c.sets(f) {
		return c.values[f].eval(f, r)
	}
	if client.absent() {
		return "", nil
	}
	if !accept.has(f) {
		return "", problemf(http.StatusForbidden, reasonFieldNotAllowed, "%s is not for clients to send here", f.Name())
	}
	return client.check(f)
}

// uses makes a CardUse of each card of the set.
func (s *cardSet) uses(use func(*cardRule) plugin.CardUse) []plugin.CardUse {
	var all []plugin.CardUse
	for _, id := range s.listed {
		u := use(s.byID[id])
		u.CardID = id
		all = append(all, u)
	}
	if s.any != nil {
		u := use(s.any)
		u.CardID = anyCard
		all = append(all, u)
	}
	return all
}

// sending tells whether a field goes with a card.
func (c *cardRule) sending(f field, accept fieldSet) plugin.Sending {
	switch {
	case c.sets(f):
		return plugin.Always
	case accept.has(f):
		return plugin.Maybe
	}
	return plugin.Never
}

// onlyNamed is the use of a card about which there is nothing to check but that it is there.
func onlyNamed(*cardRule) plugin.CardUse { return plugin.CardUse{} }

// listedCardError marks an error of WeChat's about a card that the configuration names.
type listedCardError struct {
	cardID string
	err    error
}

func (e *listedCardError) Error() string { return "card " + e.cardID + ": " + e.err.Error() }
func (e *listedCardError) Unwrap() error { return e.err }

// unmarshalCard reads `card <card_id...>|*` with its block. seen holds the cards before it.
func unmarshalCard(d *caddyfile.Dispenser, seen *cardSet, values map[field]*string) ([]string, error) {
	ids := d.RemainingArgs()
	if len(ids) == 0 {
		return nil, d.ArgErr()
	}
	if _, err := seen.claim(ids); err != nil {
		return nil, d.WrapErr(err)
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		f, _ := fieldNamed(d.Val())
		target := values[f]
		if target == nil || f.Name() != d.Val() {
			return nil, d.Errf("unrecognized subdirective '%s'", d.Val())
		}
		if err := oneValue(d, target); err != nil {
			return nil, err
		}
		if _, err := newValue(f, *target); err != nil {
			return nil, d.WrapErr(err)
		}
	}
	return ids, nil
}

// unmarshalCardList reads `card <card_id...>|*` of an action that configures nothing for a card.
func unmarshalCardList(d *caddyfile.Dispenser, seen *cardSet, lists *[]CardList) error {
	ids, err := unmarshalCard(d, seen, nil)
	*lists = append(*lists, CardList{ids})
	return err
}

// checkUnmarshaled reports what can only be seen at the end of an action's block.
func checkUnmarshaled(d *caddyfile.Dispenser, cards *cardSet, maxCards int) error {
	err := cards.checkNotEmpty()
	if err == nil {
		_, err = cards.maxCards(maxCards)
	}
	return located(d, err)
}

// acceptNone stands in a list of accepted fields that is meant to be empty.
const acceptNone = "none"

// parseAccept reads which fields a client may send, of those possible. None named: outer_str.
func parseAccept(names []string, possible fieldSet) (fieldSet, error) {
	if len(names) == 0 {
		return fieldsOf(outerStr), nil
	}
	if slices.Equal(names, []string{acceptNone}) {
		return 0, nil
	}
	var set fieldSet
	for _, name := range names {
		f, ok := fieldNamed(name)
		if !ok || !possible.has(f) {
			return 0, fmt.Errorf("accept: '%s' is no field that clients could send here", name)
		}
		if set.has(f) {
			return 0, fmt.Errorf("accept: %s already specified", name)
		}
		set |= 1 << f
	}
	return set, nil
}

// unmarshalAccept reads `accept <field...>|none`.
func unmarshalAccept(d *caddyfile.Dispenser, target *[]string, possible fieldSet) error {
	if *target != nil {
		return alreadySpecified(d, d.Val())
	}
	if *target = d.RemainingArgs(); len(*target) == 0 {
		return d.ArgErr()
	}
	_, err := parseAccept(*target, possible)
	return located(d, err)
}
