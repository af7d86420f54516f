package vault

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
)

// version is of what lies in the stores.
const version = 1

// sealed is what lies in the stores. Its numbers are in plain, so that they can be compared by those who cannot open it; they are
// sealed in with the text, so that nobody can change them.
type sealed struct {
	Version int    `json:"version"`
	Serial  int64  `json:"serial"`
	Written int64  `json:"written"` // in milliseconds since 1970
	Sealed  string `json:"sealed"`
}

func (r sealed) label(key string) string {
	return key + "|" + strconv.FormatInt(r.Serial, 10) + "|" + strconv.FormatInt(r.Written, 10)
}

// sealers are the keys, the present one first.
type sealers []*seal.Sealer

func newSealers(secrets []string) (sealers, error) {
	var all sealers
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		sealer, err := seal.For(secret, "authorisations at rest")
		if err != nil {
			return nil, err
		}
		all = append(all, sealer)
	}
	if all == nil {
		return nil, errors.New("there is no key to seal what must not be lost with")
	}
	return all, nil
}

func (all sealers) seal(e Entry, key string) []byte {
	r := sealed{Version: version, Serial: e.Serial, Written: e.Written.UnixMilli()}
	r.Sealed = all[0].Seal(e.Text, r.label(key))
	raw, _ := json.Marshal(r) // can always be written
	return raw
}

// open opens what lies in a store, and tells with which of the keys.
func (all sealers) open(raw []byte, key string) (e Entry, with int, err error) {
	var r sealed
	if json.Unmarshal(raw, &r) != nil || r.Version != version {
		return e, 0, ErrForeign
	}
	for i, sealer := range all {
		if text, err := sealer.Open(r.Sealed, r.label(key)); err == nil {
			return Entry{Serial: r.Serial, Written: time.UnixMilli(r.Written), Text: text}, i, nil
		}
	}
	return e, 0, ErrForeign
}
