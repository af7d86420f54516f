package report

import "slices"

// Kind says what a value was recognised as.
type Kind string

// The kinds.
const (
	AddCard    Kind = "add_card"    // the argument of wx.addCard, or its cardList
	Card       Kind = "card"        // one entry of a cardList
	CardExt    Kind = "card_ext"    // a cardExt by itself
	ChooseCard Kind = "choose_card" // the argument of wx.chooseCard or wx.chooseInvoice
	JSConfig   Kind = "js_config"   // the argument of wx.config
	Unknown    Kind = "unknown"
)

// Verdict is the whole in one word.
type Verdict string

// The verdicts.
const (
	Fine    Verdict = "fine"    // nothing is wrong with it; what it warns of may matter all the same
	Refused Verdict = "refused" // a phone refuses it, or shows an empty list
	Open    Verdict = "open"    // something to check it with is missing; the findings say what
)

// Report is what Check found out. It holds no ticket.
type Report struct {
	Verdict  Verdict   `json:"verdict"`
	Kind     Kind      `json:"kind"`
	Findings []Finding `json:"findings,omitempty"` // about the whole
	Items    []Item    `json:"items,omitempty"`    // what is signed in it, one by one
	Tried    int       `json:"tried"`              // signatures that were made and compared
}

// Item is one thing that is signed: a card of a cardList, or the one object.
type Item struct {
	Where   string  `json:"where,omitempty"` // as in cardList[1]
	Verdict Verdict `json:"verdict"`
	CardID  string  `json:"card_id,omitempty"`
	Account string  `json:"account,omitempty"` // whose ticket the right signature takes

	Signature string   `json:"signature,omitempty"` // as it was sent
	Right     string   `json:"right,omitempty"`     // as a phone wants it, for the values that were sent
	Values    []Signed `json:"values,omitempty"`    // what Right signs, in its order; the ticket is masked
	Text      string   `json:"text,omitempty"`      // the same as it is hashed
	TextSent  string   `json:"text_sent,omitempty"` // what was hashed for Signature, where that came out

	Findings []Finding `json:"findings,omitempty"`
}

// Signed is one value under a signature.
type Signed struct {
	Name  string `json:"name"` // as in WeChat's documentation
	Value string `json:"value"`
}

// Found notes a finding about the whole, once.
func (r *Report) Found(id ID) { Add(&r.Findings, New(id, "", "")) }

// Found notes a finding about an item, once.
func (i *Item) Found(id ID) { Add(&i.Findings, New(id, "", "")) }

// About notes a finding about a field of an item, once.
func (i *Item) About(id ID, field, got string) { Add(&i.Findings, New(id, field, got)) }

// verdict judges findings.
func verdict(list []Finding) Verdict {
	v := Fine
	for _, f := range list {
		if f.Level == Mistake {
			return Refused
		}
		if f.Level == Missing {
			v = Open
		}
	}
	return v
}

// Settle fills in the verdicts. A timestamp in milliseconds is a mistake that has to be mended before anything else can be told
// of its signature: that nothing explains it is not said too.
func (r *Report) Settle() {
	all := slices.Clone(r.Findings)
	for i := range r.Items {
		if slices.ContainsFunc(r.Items[i].Findings, func(f Finding) bool { return f.ID == Milliseconds }) {
			r.Items[i].Findings = slices.DeleteFunc(r.Items[i].Findings, func(f Finding) bool { return f.ID == SignatureUnknown || f.ID == URLCheck })
		}
		r.Items[i].Verdict = verdict(r.Items[i].Findings)
		all = append(all, r.Items[i].Findings...)
	}
	r.Verdict = verdict(all)
}
