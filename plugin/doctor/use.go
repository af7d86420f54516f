package doctor

// Sending says whether a route sends a field with a card.
type Sending int

// How routes send a field.
const (
	Never  Sending = iota
	Maybe          // clients, or the backend, may send it
	Always         // it is configured
)

// CardUse is what a route does with a card.
type CardUse struct {
	CardID string
	Action string // the route's: add_card, fill, …

	Adds                     bool // it signs the card for wx.addCard
	Code, OpenID, FixedBegin Sending
	OpensComponent           bool // it opens the member-card component for the card

	// Decides says that with which code or for whom the card is added is for the route to say, or for the backend behind it, and
	// not for clients. Chooses says that the route signs the card for wx.chooseCard, which is good for adding it as well: so
	// no client of such a route may say what else is signed of a card about which another route decides.
	Decides, Chooses bool
	// The ids of all cards that it signs at once for whoever names none, separated by blanks; empty: nobody gets several without
	// having asked for them.
	Together string

	// What else it does with the card, for people: "tells how many are left". The doctor says so below the card. It is for
	// actions of other modules, and may be empty.
	Does string
}
