package push

// Refused is the error for a message that is not WeChat's, not for this account, too old, or a forged repetition.
type Refused struct {
	Reason string
	Of     string // what Reason ends with, if that comes from the message
	Age    bool   // it is the time that is wrong, which may be our clock's fault
}

// Error implements error.
func (e *Refused) Error() string { return reason(e.Reason, e.Of) }

// Malformed is the error for a message that cannot be read.
type Malformed struct {
	Reason string
	Of     string // what Reason ends with, if that comes from the message
	Err    error  // what the parser says, without the message's text; may be nil
}

// Error implements error.
func (e *Malformed) Error() string { return reason(e.Reason, e.Of) }

// Unwrap gives the cause.
func (e *Malformed) Unwrap() error { return e.Err }

func reason(reason, of string) string {
	if of == "" {
		return reason
	}
	return reason + " " + of
}
