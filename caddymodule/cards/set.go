// Package cards has the rules of a route for its cards: which may be asked for, and who sets which field.
package cards

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// Any stands in the place of card ids for every card that has no block of its own.
const Any = "*"

// DefaultMaxCards is how many cards WeChat recommends at most for one call on the phone.
const DefaultMaxCards = 5

// List lists cards for which an action configures nothing.
type List struct {
	// The ids of the cards; or `*` alone, for all cards of the account.
	CardID []string `json:"card_id,omitempty"`
}

// Set holds the cards that a route is for.
type Set struct {
	byID   map[string]*Rule
	Any    *Rule    // nil: no cards but those of byID
	Listed []string // the keys of byID, in the order of the configuration
}

// Claim adds ids under one rule, whose values are yet to be set.
func (s *Set) Claim(ids []string) (*Rule, error) {
	rule := &Rule{Listed: true}
	switch {
	case len(ids) == 0:
		return nil, errors.New("card_id is missing")
	case len(ids) == 1 && ids[0] == Any:
		if s.Any != nil {
			return nil, fmt.Errorf("card %s is listed twice", Any)
		}
		rule.Listed = false
		s.Any = rule
		return rule, nil
	}
	if s.byID == nil {
		s.byID = make(map[string]*Rule)
	}
	for _, id := range ids {
		if !field.IsCardID(id) {
			return nil, fmt.Errorf("'%s' is no card_id", id)
		}
		if _, ok := s.byID[id]; ok {
			return nil, fmt.Errorf("card %s is listed twice", id)
		}
		s.byID[id] = rule
		s.Listed = append(s.Listed, id)
	}
	return rule, nil
}

// Add is claim with the values.
func (s *Set) Add(ids []string, values map[field.Field]string) error {
	rule, err := s.Claim(ids)
	if err != nil {
		return err
	}
	for f, raw := range values {
		if raw == "" {
			continue
		}
		if rule.Values[f], err = value.New(f, raw); err != nil {
			return err
		}
	}
	return nil
}

// AddLists adds cards for which nothing is configured.
func (s *Set) AddLists(lists []List) error {
	for _, list := range lists {
		if _, err := s.Claim(list.CardID); err != nil {
			return err
		}
	}
	return nil
}

// CheckNotEmpty refuses a set that no request could ask anything of.
func (s *Set) CheckNotEmpty() error {
	if s.Any == nil && len(s.byID) == 0 {
		return errors.New("no card is listed")
	}
	return nil
}

// MaxCards gives how many cards a request may ask for.
func (s *Set) MaxCards(configured int) (int, error) {
	if configured < 0 {
		return 0, errors.New("max_cards must be greater than zero")
	}
	if configured == 0 {
		configured = DefaultMaxCards
	}
	if s.Any == nil && len(s.Listed) > configured {
		return 0, fmt.Errorf("%d cards are listed, but max_cards is %d", len(s.Listed), configured)
	}
	return configured, nil
}

// Find gives the rule for a card.
func (s *Set) Find(id string) (*Rule, error) {
	if !field.IsCardID(id) {
		return nil, problem.Invalid("card_id is not 1 to 64 letters, digits, _ and -")
	}
	if rule := s.byID[id]; rule != nil {
		return rule, nil
	}
	if s.Any != nil {
		return s.Any, nil
	}
	return nil, problem.Newf(http.StatusForbidden, problem.ReasonCardNotAllowed, "card %s is not handed out here", id)
}

// Uses makes a CardUse of each card of the set.
func (s *Set) Uses(use func(*Rule) doctor.CardUse) []doctor.CardUse {
	var all []doctor.CardUse
	for _, id := range s.Listed {
		u := use(s.byID[id])
		u.CardID = id
		all = append(all, u)
	}
	if s.Any != nil {
		u := use(s.Any)
		u.CardID = Any
		all = append(all, u)
	}
	return all
}

func (e *ListedError) Error() string { return "card " + e.CardID + ": " + e.Err.Error() }

func (e *ListedError) Unwrap() error { return e.Err }
