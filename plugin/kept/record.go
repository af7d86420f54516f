package kept

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// record is what lies in the store. How old a message is must be known of those, too, that do not open any more, and which of
// those of one second came first: they are brought again in that order.
type record struct {
	Since  int64  `json:"since"` // in microseconds since 1970
	Sealed string `json:"sealed"`
}

func (s *Shelf) seal(m Message) ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return json.Marshal(record{m.Time.UnixMicro(), s.sealer.Seal(string(text), s.label+"/"+m.ID)})
}

func (s *Shelf) open(id string, raw []byte) (m Message, err error) {
	var r record
	if err := json.Unmarshal(raw, &r); err != nil {
		return m, err
	}
	text, err := s.sealer.Open(r.Sealed, s.label+"/"+id)
	for _, older := range s.older {
		if err == nil {
			break
		}
		text, err = older.Open(r.Sealed, s.label+"/"+id)
	}
	if err != nil {
		return m, err
	}
	err = json.Unmarshal([]byte(text), &m)
	m.ID, m.Time = id, time.UnixMicro(r.Since).UTC()
	return m, err
}

// since tells when a record's message failed first; 0 of nonsense.
func since(raw []byte) int64 {
	var r struct {
		Since int64 `json:"since"`
	}
	_ = json.Unmarshal(raw, &r)
	return r.Since
}

// ID is what a message is called, by the SHA-256 of its text.
func ID(sum []byte) string { return hex.EncodeToString(sum[:16]) }

// IsID tells whether a text may be the id of a message.
func IsID(id string) bool {
	_, err := hex.DecodeString(id)
	return err == nil && len(id) == 32 && id == strings.ToLower(id)
}
