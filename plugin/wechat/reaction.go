package wechat

// Reaction says what an Error asks of us.
type Reaction uint8

// The reactions. Every Error has exactly one.
const (
	Transient  Reaction = iota // busy, 5xx, network, time-out, nonsense: back off and try again
	Credential                 // the access_token was refused, nothing was executed: drop it, get another, repeat once
	Quota                      // a quota is used up: wait until NotBefore
	Setup                      // the operator has something to put right
	Refused                    // what was asked is at fault: nothing to retry
)
