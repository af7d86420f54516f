package terminal

// Mark says at a glance how something stands; the worse, the greater.
type Mark int

const (
	Fine Mark = iota
	Warn
	Bad
)

func (m Mark) String() string { return [...]string{"✓", "!", "✗"}[m] }

// Colour gives the terminal's code for it.
func (m Mark) Colour() string { return [...]string{"\x1b[32m", "\x1b[33m", "\x1b[31m"}[m] }

const ColourOff = "\x1b[0m"
