package cards

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Form is what users fill in to get a member card.
type Form struct {
	Required []string // names of fields, see fieldLists
	Optional []string
	// Modifiable says that users may change later what they filled in, which WeChat tells by events.
	Modifiable bool

	Statement string // "<name>=<url>" of the members' rules; empty: none
	BindOld   string // "<name>=<url>" of a page for those who are members already; empty: none
}

// commonPrefix begins the names of WeChat's own fields.
const commonPrefix = "USER_FORM_INFO_FLAG_"

// fieldLists puts WeChat's own fields apart from the merchant's: a name in ASCII letters and underscores is WeChat's, with
// or without its prefix and in any letter case; anything else is the text of a field of the merchant's. Which fields WeChat
// has its pages disagree on, so none is refused here.
func fieldLists(names []string) (common, custom []any) {
	for _, name := range names {
		isWord := strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") == ""
		if !isWord {
			custom = append(custom, name)
			continue
		}
		common = append(common, commonPrefix+strings.TrimPrefix(strings.ToUpper(name), commonPrefix))
	}
	return common, custom
}

// Request is the body of /card/membercard/activateuserform/set for a card.
func (f Form) Request(cardID string) (json.RawMessage, error) {
	if len(f.Required)+len(f.Optional) == 0 {
		return nil, errors.New("the form has no field")
	}
	body := map[string]any{"card_id": cardID}
	for name, fields := range map[string][]string{"required_form": f.Required, "optional_form": f.Optional} {
		if len(fields) == 0 {
			continue
		}
		form := map[string]any{"can_modify": f.Modifiable}
		common, custom := fieldLists(fields)
		if common != nil {
			form["common_field_id_list"] = common
		}
		if custom != nil {
			form["custom_field_list"] = custom
		}
		body[name] = form
	}
	for name, link := range map[string]string{"service_statement": f.Statement, "bind_old_card": f.BindOld} {
		if link == "" {
			continue
		}
		text, url, found := strings.Cut(link, "=")
		if !found || text == "" || url == "" {
			return nil, fmt.Errorf("%s: want <name>=<url>, not %q", name, link)
		}
		body[name] = map[string]any{"name": text, "url": url}
	}
	return appendValue(nil, body), nil
}

// ParseForm reads the body of /card/membercard/activateuserform/set. The card is that of the id, whatever it says.
func ParseForm(raw []byte, cardID string) (json.RawMessage, error) {
	fields, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	if fields["required_form"] == nil && fields["optional_form"] == nil {
		return nil, errors.New("there is neither a required_form nor an optional_form")
	}
	fields["card_id"] = cardID
	return appendValue(nil, fields), nil
}
