package routes

// world is one way that a request may have gone so far.
type world struct {
	path    string
	known   bool   // the path
	rel     string // what the file matcher found
	file    bool   // by supposing a file at the path
	changed string // what made another path of it
	from    string // which path that was
	groups  map[string]bool
	sets    map[string]bool // placeholders and headers
}

// shown is the path, for people.
func (at world) shown() string {
	if at.known {
		return at.path
	}
	return "all"
}
