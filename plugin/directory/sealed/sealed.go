// Package sealed keeps single values of accounts secret where their data lie, under a key that the gateway has and the data have not.
package sealed

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
)

const (
	// Prefix is what a sealed value begins with.
	Prefix = "sealed:"

	// MinKey is how many bytes a seal key has at least.
	MinKey = 32

	// maxKeys is how many there may be at a time: the one that is used, and the one before.
	maxKeys = 2

	purpose = "values of accounts that are data"
)

// Why a value does not open. Neither holds anything of it.
var (
	ErrNoKey   = errors.New("it is sealed, and there is no seal_key to open it with")
	ErrForeign = errors.New("it is sealed with another seal_key, or damaged")
)

// Keys seal and open values. The zero value and nil have no key: they open nothing.
type Keys struct{ sealers []*seal.Sealer }

// New makes Keys of at most two: the first seals, each opens. Errors do not show them.
func New(keys ...string) (*Keys, error) {
	if len(keys) > maxKeys {
		return nil, fmt.Errorf("there are %d seal keys; at most %d can be used at a time", len(keys), maxKeys)
	}
	made := new(Keys)
	for i, key := range keys {
		if len(key) < MinKey {
			return nil, fmt.Errorf("seal key %d has %d characters; it needs %d at least", i+1, len(key), MinKey)
		}
		sealer, err := seal.For(key, purpose)
		if err != nil {
			return nil, err
		}
		made.sealers = append(made.sealers, sealer)
	}
	return made, nil
}

// Is tells whether a value is sealed.
func Is(value string) bool { return strings.HasPrefix(value, Prefix) }

// Seal seals a value: "sealed:" and base64, another text each time.
func (k *Keys) Seal(value string) (string, error) {
	switch {
	case k == nil || len(k.sealers) == 0:
		return "", errors.New("there is no seal key")
	case value == "":
		return "", errors.New("there is no value to seal")
	case Is(value):
		return "", errors.New("the value is sealed already")
	}
	return Prefix + k.sealers[0].Seal(value, ""), nil
}

// Open gives a value as it is: one that is not sealed as it stands. ErrNoKey, ErrForeign.
func (k *Keys) Open(value string) (string, error) {
	text, isSealed := strings.CutPrefix(value, Prefix)
	if !isSealed {
		return value, nil
	}
	if k == nil || len(k.sealers) == 0 {
		return "", ErrNoKey
	}
	for _, sealer := range k.sealers {
		if opened, err := sealer.Open(text, ""); err == nil {
			return opened, nil
		}
	}
	return "", ErrForeign
}
