package push

// Format is how a message is written, which the account's console says.
type Format string

// The formats.
const (
	XML  Format = "text/xml"
	JSON Format = "application/json"
)

// infoField is where a message holds what a member filled in.
func (f Format) infoField() string {
	if f == JSON {
		return "user_info"
	}
	return "UserInfo"
}
