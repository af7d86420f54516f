package fill

import (
	"slices"
	"sync"
)

// reason says why an answer passes as it is.
type reason string

// The reasons.
const (
	noSuccess     reason = "its status is not 2xx, or one without a body"
	noJSON        reason = "its Content-Type is not JSON"
	onlyPart      reason = "it is only a part (206)"
	isStream      reason = "it is a stream"
	clientSends   reason = "the client had not sent its whole request, and the answer has no Content-Length"
	nothingToFill reason = "there is nothing to fill in it"

	typesDiffer   reason = "its Content-Type lines do not agree"
	otherCharset  reason = "its charset is not UTF-8"
	unknownCoding reason = "its Content-Encoding is none that can be unpacked"
	notPacked     reason = "it cannot be unpacked as its Content-Encoding says"
	tooLarge      reason = "it has more than max_body bytes"
	cutShort      reason = "it is shorter than its Content-Length"
	broken        reason = "it is broken JSON"
)

// suspect tells of a reason whether somebody may have expected the answer to be filled: it says that it is JSON, and is passed
// on without anybody having looked into it.
func (r reason) suspect() bool {
	return slices.Contains([]reason{typesDiffer, otherCharset, unknownCoding, notPacked, tooLarge, cutShort, broken}, r)
}

// told has the reasons that were warned of.
type told struct{ reasons sync.Map }

// first tells whether a reason is given for the first time.
func (t *told) first(why reason) bool {
	_, before := t.reasons.LoadOrStore(why, nil)
	return !before
}
