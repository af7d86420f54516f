// Package securetest makes keys of API 安全 for tests.
package securetest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"sync"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// Pair is a private key and its public half, as PEM.
type Pair struct{ Private, Public string }

// Suite is the keys of one choice of algorithms: a mini program's pair, WeChat's, WeChat's of before, and what both have.
type Suite struct {
	Name               string
	Symmetric          string // in base64
	Own, WeChat, Older Pair
}

// Suites gives AES256_GCM with RSAwithSHA256, and SM4_GCM with SM2withSM3. They are made once: RSA keys take a while.
var Suites = sync.OnceValue(func() []Suite {
	return []Suite{
		{"AES and RSA", random(32), newRSA(), newRSA(), newRSA()},
		{"SM4 and SM2", random(16), newSM2(), newSM2(), newSM2()},
	}
})

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.StdEncoding.EncodeToString(b)
}

func newRSA() Pair {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	return pair(private, public, err)
}

func newSM2() Pair {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	private, err := smx509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	public, err := smx509.MarshalPKIXPublicKey(key.Public())
	return pair(private, public, err)
}

func pair(private, public []byte, err error) Pair {
	if err != nil {
		panic(err)
	}
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return Pair{encode("PRIVATE KEY", private), encode("PUBLIC KEY", public)}
}
