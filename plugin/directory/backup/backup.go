// Package backup is a file with what components hold of the accounts that authorised them, sealed with a passphrase. WeChat gives none of
// it again without the merchants.
package backup

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Backup is what such a file holds.
type Backup struct {
	Made       time.Time                    `json:"made"`
	Components map[string][]json.RawMessage `json:"components"` // records by the component's name
}

// file is the file itself, as JSON.
type file struct {
	Format     string `json:"format"`
	Iterations int    `json:"iterations"` // of PBKDF2 with SHA-256
	Salt       []byte `json:"salt"`
	Sealed     []byte `json:"sealed"` // AES-256-GCM, the nonce first
}

const (
	format = "caddy-wechat-card backup 1"

	// MinPassphrase is how many characters a passphrase has at least.
	MinPassphrase = 12

	// MaxSize bounds a file: some 100,000 accounts.
	MaxSize = 256 << 20

	iterations    = 600_000
	maxIterations = 10_000_000 // a file must not keep a machine busy for minutes
	saltSize      = 16
)

// Why a file does not open.
var (
	ErrForeign  = errors.New("this is no backup of this program")
	ErrNotYours = errors.New("the passphrase is another, or the file is damaged")
)

// Seal makes a file. Another one each time.
func (b *Backup) Seal(passphrase string) ([]byte, error) {
	if utf8.RuneCountInString(passphrase) < MinPassphrase {
		return nil, fmt.Errorf("the passphrase is shorter than %d characters", MinPassphrase)
	}
	plain, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	f := file{Format: format, Iterations: iterations, Salt: make([]byte, saltSize)}
	_, _ = rand.Read(f.Salt) // never fails
	aead, err := f.aead(passphrase)
	if err != nil {
		return nil, err
	}
	f.Sealed = aead.Seal(nil, nil, plain, []byte(format)) //nolint:gosec // it makes its nonces itself
	sealed, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return append(sealed, '\n'), nil
}

// Open reads a file. ErrForeign, ErrNotYours.
func Open(raw []byte, passphrase string) (*Backup, error) {
	var f file
	if json.Unmarshal(raw, &f) != nil || f.Format != format || f.Iterations < 1 || f.Iterations > maxIterations {
		return nil, ErrForeign
	}
	aead, err := f.aead(passphrase)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, f.Sealed, []byte(format))
	if err != nil {
		return nil, ErrNotYours
	}
	b := new(Backup)
	if err := json.Unmarshal(plain, b); err != nil {
		return nil, ErrForeign
	}
	return b, nil
}

func (f *file) aead(passphrase string) (cipher.AEAD, error) {
	key, err := pbkdf2.Key(sha256.New, passphrase, f.Salt, f.Iterations, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
