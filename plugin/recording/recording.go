// Package recording keeps what WeChat answered to a real account in a form that anybody may see, gives it out again, and
// compares it with what a sandbox answers. It does no I/O.
//
// What is kept is an allow-list: errcode, the names of fields, the types of values, their lengths, and what is true or false.
// Every other value becomes `<kind:n>`, where n is its length: nothing of a phone number, a code, a ticket, an id or an address is
// left. What a name is, is allowed, too: letters, and _ between them.
package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Recording is a file.
type Recording struct {
	Version   int        `json:"version"` // of this form: 1
	Plugin    string     `json:"plugin"`  // which version wrote it
	Exchanges []Exchange `json:"exchanges"`
}

// Version is that of the form.
const Version = 1

// Exchange is a call with its answer.
type Exchange struct {
	Name    string            `json:"name"`   // what it is for: a name of ours
	Method  string            `json:"method"` //
	Path    string            `json:"path"`   // a constant of ours
	Query   map[string]string `json:"query,omitempty"`
	Request json.RawMessage   `json:"request,omitempty"`
	Status  int               `json:"status"` // of HTTP
	Answer  json.RawMessage   `json:"answer"`
	Same    bool              `json:"same,omitempty"` // byte for byte what the exchange before brought
}

// Read reads a file.
func Read(raw []byte) (*Recording, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	r := new(Recording)
	if err := dec.Decode(r); err != nil {
		return nil, fmt.Errorf("this is no recording: %w", err)
	}
	if r.Version != Version {
		return nil, errors.New("this recording has a form of another version")
	}
	for _, x := range r.Exchanges {
		if x.Status < 200 || x.Status > 599 || x.Answer == nil {
			return nil, fmt.Errorf("this is no recording: %q has no status or no answer", x.Name)
		}
	}
	return r, nil
}

// Marshal writes a file.
func (r *Recording) Marshal() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(r)
	return b.Bytes(), err
}
