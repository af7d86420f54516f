package cards

import (
	"time"
)

// ComponentAge is how long something is used again unless configured otherwise.
const ComponentAge = 10 * time.Minute
