package push

const (
	fieldEncrypt = "Encrypt"
	fieldMsgType = "MsgType"
)

// wanted are the fields that are read, at the top level only. What else a message holds is the backend's business.
var wanted = map[string]bool{
	fieldEncrypt:          true,
	fieldMsgType:          true,
	"Event":               true,
	"FromUserName":        true,
	"UnionId":             true,
	"CardId":              true,
	"UserCardCode":        true,
	"OuterStr":            true,
	"IsGiveByFriend":      true,
	"IsRestoreMemberCard": true,
	XML.infoField():       true,
	JSON.infoField():      true,
}

// document is a message or an envelope, read.
type document struct {
	format  Format
	fields  map[string]string // those that are wanted, without the blanks around them
	encrypt struct{ from, to int }
	end     int // where more fields can be put in; 0: nowhere
}

// set notes a field. One that stands twice is read differently by different backends.
func (d *document) set(name, value string) error {
	if _, ok := d.fields[name]; ok {
		return &Malformed{Reason: "the message has two fields", Of: name}
	}
	d.fields[name] = value
	return nil
}
