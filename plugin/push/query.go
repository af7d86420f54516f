package push

import (
	"strconv"
	"strings"
	"time"
)

// The ages of messages that are taken. WeChat repeats a push for up to 24 hours.
const (
	MaxAge   = 25 * time.Hour
	maxAhead = 5 * time.Minute // of our clock
)

// maxNonce is less than the three blocks that an encrypted message could lose at its beginning and still be looked into.
const maxNonce = 63

// maxSeconds is far in the future, and still a time.Time that can be compared.
const maxSeconds = 1 << 34

// Query is what a push has in its URL.
type Query struct {
	Signature    string // over token, timestamp and nonce
	Timestamp    string
	Nonce        string
	MsgSignature string // over these and the encrypted message
}

// check checks what does not need the token. Texts that were shifted from one field into another have the same signature.
func (q Query) check(now time.Time) error {
	if len(q.Nonce) > maxNonce {
		return &Refused{Reason: "the nonce is too long"}
	}
	if q.Timestamp == "" || q.Timestamp[0] == '0' || strings.Trim(q.Timestamp, "0123456789") != "" {
		return &Refused{Reason: "the timestamp is no number"}
	}
	seconds, err := strconv.ParseInt(q.Timestamp, 10, 64)
	if err != nil {
		return &Refused{Reason: "the timestamp is no number"}
	}
	switch age := now.Sub(time.Unix(min(seconds, maxSeconds), 0)); {
	case age > MaxAge:
		return &Refused{Reason: "the timestamp is too old", Age: true}
	case age < -maxAhead:
		return &Refused{Reason: "the timestamp lies in the future", Age: true}
	}
	return nil
}
