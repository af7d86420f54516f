// Package secure is 服务端 API 签名与加密 (API 安全): calls of a mini program that are sealed and signed, and their answers, opened and
// verified; and WeChat's side of both, for who plays it. Source: WeChat's page 服务端 API 签名与加密.
package secure

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// Config is what a mini program has set in its console, under 开发管理, 开发设置, API 安全.
type Config struct {
	SymmetricKey    string // in base64, as the console shows it: 32 bytes are AES256_GCM, 16 are SM4_GCM
	SymmetricNumber string // sym_sn, the key's number in the console

	PrivateKey       string // PEM: RSA (RSAwithSHA256) or SM2 (SM2withSM3), whose public half the other side has
	AsymmetricNumber string // asym_sn, that key's number; SM2 signs with it, and SendNumber sends it

	// Certificates are the other side's, by their numbers, PEM: of the console's 开放平台证书 that is the number which it shows, and not
	// the certificate's own. None has the public half of PrivateKey.
	Certificates map[string]string

	// SendNumber adds the header Wechatmp-Serial to calls. WeChat's page does not list it, an errcode (40230) asks for it.
	SendNumber bool

	Rand io.Reader // nil: crypto/rand
}

// Keys are the keys of one side, checked.
type Keys struct {
	cfg          Config
	aead         aead
	key          signer
	certificates map[string]verifier
}

// Channel seals calls of one mini program and opens their answers. It may be used by several goroutines.
type Channel struct {
	*Keys

	appID string
	now   func() time.Time
}

// MaxAge is how far a moment that is signed may lie from now.
const MaxAge = 5 * time.Minute

// Which says of what a BadKey speaks.
type Which string

// The keys of a Config.
const (
	Symmetric   Which = "the symmetric key"
	Private     Which = "the private key"
	Certificate Which = "the certificate"
)

// BadKey is the error of a key that is none, or has no number. It quotes neither.
type BadKey struct {
	Which  Which
	Number string // of a certificate
	Err    error
}

func (e *BadKey) Error() string {
	if e.Number != "" {
		return fmt.Sprintf("%s %s %v", e.Which, e.Number, e.Err)
	}
	return fmt.Sprintf("%s %v", e.Which, e.Err)
}

// Unwrap gives what is wrong.
func (e *BadKey) Unwrap() error { return e.Err }

// IsNumber tells whether text may be the number of a key: letters, digits, _ and -. A key is none.
func IsNumber(text string) bool {
	return text != "" && len(text) <= 64 && field.All(text, field.IsWord)
}

var (
	errNoNumber = errors.New("has no number that is 1 to 64 letters, digits, _ and -")
	errOwn      = errors.New("is the public half of the private key itself: it has to be the other side's")
)

// New checks keys. Its error is a *BadKey.
func New(cfg Config) (*Keys, error) {
	if !IsNumber(cfg.SymmetricNumber) {
		return nil, &BadKey{Which: Symmetric, Err: errNoNumber}
	}
	raw, err := base64.StdEncoding.DecodeString(cfg.SymmetricKey)
	if err != nil {
		return nil, &BadKey{Which: Symmetric, Err: errors.New("is no base64")}
	}
	k := &Keys{cfg: cfg, certificates: make(map[string]verifier, len(cfg.Certificates))}
	if k.aead, err = newAEAD(raw); err != nil {
		return nil, &BadKey{Which: Symmetric, Err: err}
	}
	if k.key, err = parsePrivateKey(cfg.PrivateKey); err != nil {
		return nil, &BadKey{Which: Private, Err: err}
	}
	if !IsNumber(cfg.AsymmetricNumber) && (cfg.AsymmetricNumber != "" || cfg.SendNumber || k.key.needsNumber()) {
		return nil, &BadKey{Which: Private, Err: errNoNumber}
	}
	if len(cfg.Certificates) == 0 {
		return nil, &BadKey{Which: Certificate, Err: errors.New("is missing, with its number")}
	}
	for _, number := range slices.Sorted(maps.Keys(cfg.Certificates)) {
		if !IsNumber(number) {
			return nil, &BadKey{Which: Certificate, Err: errNoNumber}
		}
		certificate, err := parseCertificate(cfg.Certificates[number])
		if err == nil && k.key.isHalfOf(certificate) {
			err = errOwn
		}
		if err != nil {
			return nil, &BadKey{Certificate, number, err}
		}
		k.certificates[number] = certificate
	}
	return k, nil
}

// Of gives the Channel of the mini program that the keys belong to. now is WeChat's clock.
func (k *Keys) Of(appID string, now func() time.Time) *Channel { return &Channel{k, appID, now} }
