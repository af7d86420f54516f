package secure_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure/securetest"
	"github.com/emmansun/gmsm/smx509"
)

// certificateOf signs a certificate of a pair by itself.
func certificateOf(t *testing.T, pair securetest.Pair) string {
	t.Helper()
	block, _ := pem.Decode([]byte(pair.Private))
	key, err := smx509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "shop"}, NotAfter: time.Unix(1<<31, 0)}
	der, err := smx509.CreateCertificate(rand.Reader, template, template, key.(crypto.Signer).Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// TestOwnCertificate refuses one's own public half where the other side's belongs, whatever it comes in, and beside a good one.
func TestOwnCertificate(t *testing.T) {
	for _, suite := range securetest.Suites() {
		for name, certificates := range map[string]map[string]string{
			"":                            {"p": suite.WeChat.Public},
			", a certificate":             {"p": certificateOf(t, suite.WeChat)},
			", own public key":            {"bad": suite.Own.Public},
			", own certificate":           {"bad": certificateOf(t, suite.Own)},
			", own certificate beside":    {"bad": certificateOf(t, suite.Own), "p": suite.WeChat.Public},
			", one of the other's kind":   {"p": securetest.Suites()[0].WeChat.Public, "q": securetest.Suites()[1].WeChat.Public},
			", own public key, two times": {"bad": suite.Own.Public, "p": suite.WeChat.Public, "q": suite.Older.Public},
		} {
			_, err := secure.New(secure.Config{
				SymmetricKey: suite.Symmetric, SymmetricNumber: "s", PrivateKey: suite.Own.Private, AsymmetricNumber: "o", Certificates: certificates,
			})
			if _, isBad := certificates["bad"]; !isBad {
				if err != nil {
					t.Errorf("%s%s: got %v", suite.Name, name, err)
				}
				continue
			}
			bad, ok := errors.AsType[*secure.BadKey](err)
			if !ok || bad.Which != secure.Certificate || bad.Number != "bad" || !strings.Contains(err.Error(), "public half of the private key itself") {
				t.Errorf("%s%s: got %v", suite.Name, name, err)
			}
		}
	}
}
