package platform

import (
	"encoding/json"
	"time"
)

// Authorisation is what a platform holds of an account that authorised it, without its secrets.
type Authorisation struct {
	AppID         string          `json:"app_id"`
	Since         time.Time       `json:"since"` // of the grant
	Sets          []int           `json:"sets"`  // permission sets (权限集) that were granted
	IsMiniProgram bool            `json:"is_mini_program"`
	Name          string          `json:"name,omitempty"`      // nick_name
	UserName      string          `json:"user_name,omitempty"` // gh_…
	Refused       int             `json:"refused,omitempty"`   // the errcode with which WeChat refuses it for good: its administrator has to scan again; 0: it does not
	Generation    string          `json:"-"`                   // another one for each grant and its sets: what was made for an older one is not to be used
	Settings      json.RawMessage `json:"-"`                   // alias, key and account options that somebody set by hand; nil: none
}

// ChangeKind says what happened to an authorisation.
type ChangeKind string

// The kinds of changes.
const (
	Authorised ChangeKind = "authorized"       // anew, or again
	Updated    ChangeKind = "updateauthorized" // other permission sets
	Ended      ChangeKind = "unauthorized"
)

// Change is one change of an authorisation. It may be told twice, where a process was killed behind the first time.
type Change struct {
	Kind ChangeKind
	At   time.Time // by WeChat's clock
	Authorisation
}

// Event is what WeChat pushes about an authorisation (InfoType authorized, updateauthorized, unauthorized).
type Event struct {
	Kind    ChangeKind
	AppID   string    // AuthorizerAppid
	Code    string    // AuthorizationCode; empty with Ended
	Created time.Time // CreateTime
}
