// Package secure is 服务端 API 签名与加密 (API 安全): calls of a mini program that are sealed and signed, and their answers, opened and
// verified. Source: WeChat's page 服务端 API 签名与加密.
package secure

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// Config is what a mini program has set in its console, under 开发管理, 开发设置, API 安全.
type Config struct {
	AppID string // of the mini program

	SymmetricKey    string // in base64, as the console shows it: 32 bytes are AES256_GCM, 16 are SM4_GCM
	SymmetricNumber string // sym_sn, the key's number in the console

	PrivateKey       string // PEM: RSA (RSAwithSHA256) or SM2 (SM2withSM3), whose public half the console has
	AsymmetricNumber string // asym_sn, that key's number; SM2 signs with it, and SendNumber sends it

	// Certificates are the console's 开放平台证书, by the numbers that it shows, which are not their own serial numbers: PEM.
	Certificates map[string]string

	// SendNumber adds the header Wechatmp-Serial to calls. WeChat's page does not list it, an errcode (40230) asks for it.
	SendNumber bool

	Now  func() time.Time // nil: time.Now
	Rand io.Reader        // nil: crypto/rand
}

// Channel seals calls and opens answers. It may be used by several goroutines.
type Channel struct {
	cfg          Config
	aead         aead
	key          signer
	certificates map[string]verifier
}

// MaxAge is how far a moment that is signed may lie from now.
const MaxAge = 5 * time.Minute

// New checks keys. Its errors name what is wrong, and quote no key.
func New(cfg Config) (*Channel, error) {
	if !field.IsAppID(cfg.AppID) {
		return nil, fmt.Errorf("%q is no app_id", cfg.AppID)
	}
	if cfg.SymmetricNumber == "" {
		return nil, errors.New("the number of the symmetric key (sym_sn) is missing")
	}
	raw, err := base64.StdEncoding.DecodeString(cfg.SymmetricKey)
	if err != nil {
		return nil, errors.New("the symmetric key is no base64")
	}
	c := &Channel{cfg: cfg, certificates: make(map[string]verifier, len(cfg.Certificates))}
	if c.aead, err = newAEAD(raw); err != nil {
		return nil, err
	}
	if c.key, err = parsePrivateKey(cfg.PrivateKey); err != nil {
		return nil, err
	}
	if cfg.AsymmetricNumber == "" && (cfg.SendNumber || c.key.needsNumber()) {
		return nil, errors.New("the number of the private key (asym_sn) is missing")
	}
	if len(cfg.Certificates) == 0 {
		return nil, errors.New("a certificate of the platform's (开放平台证书) is missing, with its number")
	}
	for number, text := range cfg.Certificates {
		if c.certificates[number], err = parseCertificate(text); err != nil {
			return nil, fmt.Errorf("certificate %s: %w", number, err)
		}
	}
	if c.cfg.Now == nil {
		c.cfg.Now = time.Now
	}
	return c, nil
}
