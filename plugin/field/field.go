// Package field says what the values that go with a card or a request may be: card_id, code, openid, outer_str and the others.
// What is wrong with one is an *Invalid, in words that can be translated.
package field

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// Field is one of the values that go with a card, or with a request.
type Field uint8

// The fields. Requests, JSON and Caddyfile know them by fieldRules' names.
const (
	OuterStr Field = iota
	Code
	OpenID
	FixedBegin
	PageURL
	ShopID
	CardType
	Count
)

// fieldRules says what each field may hold.
var fieldRules = [Count]struct {
	name   string
	max    int               // characters, of configured values too
	client func(string) bool // whether a client may send this; nil: any text of that length
	hint   language.Phrase   // what client asks for
}{
	OuterStr: {name: "outer_str", max: 512},
	// What is signed are bare values, sorted: a card_id in the place of a code or openid would sign another card.
	Code:       {name: "code", max: 20, client: IsPlainCode, hint: "letters and digits"},
	OpenID:     {name: "openid", max: 64, client: IsOpenID, hint: "an openid"},
	FixedBegin: {name: "fixed_begintimestamp", max: 20, client: IsDigits, hint: "digits"},
	PageURL:    {name: "url", max: 8192, client: isPageURL, hint: "the address of a page as location.href has it, encoded once"},
	// These two are signed as bare values, too.
	ShopID:   {name: "shop_id", max: 20, client: IsDigits, hint: "digits"},
	CardType: {name: "card_type", max: 32, client: isCardType, hint: "one of WeChat's card types"},
}

// Name is what requests, JSON and Caddyfile call the field.
func (f Field) Name() string { return fieldRules[f].name }

// Named finds a field by its name.
func Named(name string) (Field, bool) {
	switch name { // the compiler makes this faster than a loop over fieldRules
	case "outer_str":
		return OuterStr, true
	case "code":
		return Code, true
	case "openid":
		return OpenID, true
	case "fixed_begintimestamp":
		return FixedBegin, true
	case "url":
		return PageURL, true
	case "shop_id":
		return ShopID, true
	case "card_type":
		return CardType, true
	}
	return 0, false
}

// Set is a set of fields.
type Set uint8

// SetOf makes a Set.
func SetOf(fields ...Field) Set {
	var set Set
	for _, f := range fields {
		set |= 1 << f
	}
	return set
}

// Has tells whether a field is in the set.
func (s Set) Has(f Field) bool { return s&(1<<f) != 0 }
