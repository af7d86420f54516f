package words

import (
	"fmt"
)

// OnOff reads a setting that is on unless it is off.
func OnOff(name, value string) (bool, error) {
	switch value {
	case "", "on":
		return true, nil
	case "off":
		return false, nil
	}
	return false, fmt.Errorf("%s is on or off, not %q", name, value)
}
