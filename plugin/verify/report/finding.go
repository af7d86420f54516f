package report

import (
	"maps"
	"slices"
	"strings"
)

// Finding is one mistake, by its identifier.
type Finding struct {
	ID    ID     `json:"id"`
	Level Level  `json:"level"`
	Field string `json:"field,omitempty"` // which one it is about
	Got   string `json:"got,omitempty"`   // what was found, where that says more
	Title Text   `json:"title"`
	Fix   Text   `json:"fix"`
}

// mistakes are all that there are.
var mistakes = union(sentTexts, ticketTexts, signedTexts, configTexts)

func union(lists ...map[ID]mistake) map[ID]mistake {
	all := make(map[ID]mistake)
	for _, list := range lists {
		maps.Copy(all, list)
	}
	return all
}

// IDs lists all identifiers.
func IDs() []ID { return slices.Sorted(maps.Keys(mistakes)) }

// New makes a finding with its texts. field and got may be "".
func New(id ID, field, got string) Finding {
	m := mistakes[id]
	fill := strings.NewReplacer("{field}", field, "{got}", got)
	say := func(t Text) Text { return Text{fill.Replace(t.EN), fill.Replace(t.ZH)} }
	return Finding{ID: id, Level: m.level, Field: field, Got: got, Title: say(m.title), Fix: say(m.fix)}
}

// Add notes a finding, unless there is one of its identifier and field.
func Add(list *[]Finding, f Finding) {
	if !slices.ContainsFunc(*list, func(o Finding) bool { return o.ID == f.ID && o.Field == f.Field }) {
		*list = append(*list, f)
	}
}
