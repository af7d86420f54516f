package secure

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/emmansun/gmsm/sm4"
)

// aead is AES256_GCM or SM4_GCM.
type aead struct{ cipher.AEAD }

func newAEAD(key []byte) (aead, error) {
	var block cipher.Block
	var err error
	switch len(key) {
	case 32:
		block, err = aes.NewCipher(key)
	case 16:
		block, err = sm4.NewCipher(key)
	default:
		err = fmt.Errorf("has %d bytes, not 32 (AES256_GCM) or 16 (SM4_GCM)", len(key))
	}
	if err != nil {
		return aead{}, err
	}
	gcm, err := cipher.NewGCM(block)
	return aead{gcm}, err
}

// envelope is the body of a call, and of an answer. Its JSON has these keys in this order; []byte is standard base64 there.
type envelope struct {
	IV   []byte `json:"iv"`
	Data []byte `json:"data"`
	Tag  []byte `json:"authtag"`
}

// seal encrypts plain for what is authenticated beside it.
func (a aead) seal(random io.Reader, plain, beside []byte) ([]byte, error) {
	e := envelope{IV: make([]byte, a.NonceSize())}
	if _, err := io.ReadFull(random, e.IV); err != nil {
		return nil, err
	}
	sealed := a.Seal(nil, e.IV, plain, beside)
	border := len(sealed) - a.Overhead()
	e.Data, e.Tag = sealed[:border], sealed[border:]
	return json.Marshal(e)
}

// errNotSealed means that a body is not what the other side makes.
var errNotSealed = errors.New("the body is no {iv, data, authtag}")

// open decrypts a body.
func (a aead) open(body, beside []byte) ([]byte, error) {
	var e envelope
	if json.Unmarshal(body, &e) != nil || len(e.IV) != a.NonceSize() || len(e.Tag) != a.Overhead() {
		return nil, errNotSealed
	}
	return a.Open(nil, e.IV, append(e.Data, e.Tag...), beside)
}
