package terminal

// Mark says at a glance how something stands; the worse, the greater.
type Mark int

// The marks.
const (
	Fine Mark = iota
	Warn      // somebody should look at it
	Bad       // it does not work
)

// String gives the sign that is printed.
func (m Mark) String() string { return [...]string{"✓", "!", "✗"}[m] }

// Colour gives the terminal's code for it.
func (m Mark) Colour() string { return [...]string{"\x1b[32m", "\x1b[33m", "\x1b[31m"}[m] }

// ColourOff ends a colour on a terminal.
const ColourOff = "\x1b[0m"
