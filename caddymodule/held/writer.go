// Package held holds back the answer of a handler until it is clear what becomes of it.
package held

import (
	"io"
)

// WriterOnly hides ReadFrom from io.Copy.
type WriterOnly struct{ io.Writer }
