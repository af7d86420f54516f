package secure

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"strings"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// signer is a private key: RSA-PSS with SHA-256 and a salt of 32 bytes, or SM2 with SM3, whose user id is the key's number.
type signer struct {
	rsa *rsa.PrivateKey
	sm2 *sm2.PrivateKey
}

// verifier is the public half of another's key.
type verifier struct {
	rsa *rsa.PublicKey
	sm2 *ecdsa.PublicKey
}

var pss = rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA256}

// decodePEM gives the first block of a text, which may begin with a byte order mark, and what stands behind it.
func decodePEM(text string) (block *pem.Block, rest []byte, err error) {
	if block, rest = pem.Decode([]byte(strings.TrimPrefix(text, "\ufeff"))); block == nil {
		return nil, nil, errors.New("is no PEM")
	}
	return block, rest, nil
}

// parsePrivateKey reads PKCS #8, and the older forms of either kind.
func parsePrivateKey(text string) (signer, error) {
	block, _, err := decodePEM(text)
	if err != nil {
		return signer{}, err
	}
	key, err := smx509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		if old, errRSA := x509.ParsePKCS1PrivateKey(block.Bytes); errRSA == nil {
			key, err = old, nil
		} else if old, errSM2 := smx509.ParseSM2PrivateKey(block.Bytes); errSM2 == nil {
			key, err = old, nil
		}
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() < 2048 {
			return signer{}, errors.New("has less than 2048 bits")
		}
		return signer{rsa: key}, nil
	case *sm2.PrivateKey:
		return signer{sm2: key}, nil
	}
	if err != nil {
		return signer{}, errors.New("is none that can be read: RSA or SM2, not encrypted")
	}
	return signer{}, errors.New("is neither RSA nor SM2")
}

// parseCertificate reads a certificate, or a public key alone. Until when it is good does not matter: WeChat says by its number
// which one it signs with.
func parseCertificate(text string) (verifier, error) {
	block, rest, err := decodePEM(text)
	if err != nil {
		return verifier{}, err
	}
	if more, _ := pem.Decode(rest); more != nil {
		return verifier{}, errors.New("is more than one; each has a number of its own")
	}
	var public any
	if cert, err := smx509.ParseCertificate(block.Bytes); err == nil {
		public = cert.PublicKey
	} else if public, err = smx509.ParsePKIXPublicKey(block.Bytes); err != nil {
		return verifier{}, errors.New("is no certificate that can be read")
	}
	switch key := public.(type) {
	case *rsa.PublicKey:
		return verifier{rsa: key}, nil
	case *ecdsa.PublicKey:
		if sm2.IsSM2PublicKey(key) {
			return verifier{sm2: key}, nil
		}
	}
	return verifier{}, errors.New("has a key that is neither RSA nor SM2")
}

// isHalfOf tells whether a public key is the private key's own.
func (s signer) isHalfOf(v verifier) bool {
	if s.sm2 != nil {
		return v.sm2 != nil && s.sm2.PublicKey.Equal(v.sm2)
	}
	return v.rsa != nil && s.rsa.PublicKey.Equal(v.rsa)
}

func (s signer) needsNumber() bool { return s.sm2 != nil }

// sign signs a text. What SM2 gives is in DER, which WeChat's page does not say.
func (s signer) sign(random io.Reader, text []byte, number string) ([]byte, error) {
	if s.sm2 != nil {
		return s.sm2.Sign(random, text, sm2.NewSM2SignerOption(true, []byte(number)))
	}
	sum := sha256.Sum256(text)
	return rsa.SignPSS(random, s.rsa, crypto.SHA256, sum[:], &pss)
}

// verify tells whether a signature is that of a text.
func (v verifier) verify(text, signature []byte, number string) bool {
	if v.sm2 != nil {
		return sm2.VerifyASN1WithSM2(v.sm2, []byte(number), text, signature)
	}
	sum := sha256.Sum256(text)
	return rsa.VerifyPSS(v.rsa, crypto.SHA256, sum[:], signature, &pss) == nil
}
