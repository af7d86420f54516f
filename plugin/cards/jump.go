package cards

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Entry is a place on a card that can lead into a mini program. A field pair goes with it: where it leads.
type Entry struct {
	Name  string // what it is called in the fields' names: custom, center, promotion or activate
	Title string // the field of base_info with its text, without which it is not shown; empty: it has none
	// InMember says that the fields are member_card's and not base_info's: one of WeChat's tables lists activate with the
	// others, but its samples and the SDKs have it there.
	InMember bool
}

// Entries are the places that can lead into a mini program, on every type of card but for activate.
var Entries = []Entry{
	{Name: "custom", Title: "custom_url_name"},
	{Name: "center", Title: "center_title"},
	{Name: "promotion", Title: "promotion_url_name"},
	{Name: "activate", InMember: true},
}

// UserNameField holds the mini program's original id and "@app".
func (e Entry) UserNameField() string { return e.Name + "_app_brand_user_name" }

// PassField holds the path of the page. (It is "pass", not "path".)
func (e Entry) PassField() string { return e.Name + "_app_brand_pass" }

// Target is where an entry leads.
type Target struct {
	UserName string // gh_86a091e50ad4@app: the original id (原始ID) of the mini program, and @app
	Pass     string // pages/card: the path of the page
}

// ParseTarget reads <original id>@app:<path>.
func ParseTarget(text string) (Target, error) {
	user, pass, found := strings.Cut(text, ":")
	if !found || pass == "" {
		return Target{}, errors.New("want gh_…@app:<page>, the mini program's original id (原始ID) with @app and the path of the page")
	}
	t := Target{user, pass}
	if fault := t.Fault(); fault != "" {
		return Target{}, errors.New(fault)
	}
	return t, nil
}

// Fault tells what is wrong with a target; empty: nothing.
func (t Target) Fault() string {
	id, hasSuffix := strings.CutSuffix(t.UserName, "@app")
	switch {
	case t.UserName == "":
		return "there is a page, but no mini program"
	case !strings.HasPrefix(id, "gh_") || !hasSuffix:
		return fmt.Sprintf("%q is not the mini program's original id (原始ID) with @app, as in gh_86a091e50ad4@app", t.UserName)
	case t.Pass == "":
		return "there is a mini program, but no page"
	}
	return ""
}

// Target is where an entry of the card leads; the zero value: not into a mini program.
func (c Card) Target(e Entry) Target {
	fields := c.base()
	if e.InMember {
		fields = c.Body
	}
	var t Target
	t.UserName, _ = fields[e.UserNameField()].(string)
	t.Pass, _ = fields[e.PassField()].(string)
	return t
}

// Jump is what has to be wanted of a card, as in Diff, for its entries to lead to targets and to have titles, both by
// name.
func (c Card) Jump(targets map[string]Target, titles map[string]string) (map[string]any, error) {
	base, wanted := make(map[string]any), make(map[string]any)
	for _, e := range Entries {
		if title, ok := titles[e.Name]; ok && e.Title != "" {
			base[e.Title] = title
		}
		t, ok := targets[e.Name]
		if !ok {
			continue
		}
		fields := base
		if e.InMember {
			if c.Type != memberCard {
				return nil, fmt.Errorf("%s is for member cards, and this is a %s", e.Name, c.Type)
			}
			fields = wanted
		}
		fields[e.UserNameField()], fields[e.PassField()] = t.UserName, t.Pass
	}
	if len(base) > 0 {
		wanted[baseInfo] = base
	}
	return wanted, nil
}

// Untitled lists those of the named entries that have no text on the card.
func (c Card) Untitled(names []string) []Entry {
	return slices.DeleteFunc(slices.Clone(Entries), func(e Entry) bool {
		return e.Title == "" || !slices.Contains(names, e.Name) || c.Text(e.Title) != ""
	})
}
