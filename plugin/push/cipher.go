package push

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
)

const (
	padBlock = 32 // PKCS#7, but with the key's length
	headSize = saltSize + 4
	saltSize = 16
)

var errCipherText = errors.New("not encrypted with this key, or damaged")

// Cipher encrypts as messages are encrypted: base64 of AES-256-CBC over 16 random bytes, the message's length in four
// bytes, the message, and the receiver's app_id, padded to a multiple of 32 bytes.
type Cipher struct {
	block cipher.Block
	iv    []byte
}

// NewCipher makes a Cipher of an EncodingAESKey: 43 characters of base64, whose padding WeChat leaves out.
func NewCipher(encodingAESKey string) (*Cipher, error) {
	// Not strict: WeChat sets the bits of the last character that are left over.
	key, err := base64.StdEncoding.DecodeString(encodingAESKey + "=")
	if err != nil || len(encodingAESKey) != 43 || len(key) != 32 {
		return nil, errors.New("the encoding_aes_key must be 43 letters and digits")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return &Cipher{block: block, iv: key[:aes.BlockSize]}, nil
}

// Decrypt gives the message and the app_id that it was encrypted for.
func (c *Cipher) Decrypt(encrypt string) (msg []byte, receiver string, err error) {
	text, err := base64.StdEncoding.DecodeString(encrypt)
	if err != nil || len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil, "", errCipherText
	}
	cipher.NewCBCDecrypter(c.block, c.iv).CryptBlocks(text, text)
	pad := int(text[len(text)-1])
	if pad < 1 || pad > padBlock || pad > len(text) {
		return nil, "", errCipherText
	}
	text, padding := text[:len(text)-pad], text[len(text)-pad:]
	if bytes.Count(padding, padding[:1]) != pad || len(text) < headSize {
		return nil, "", errCipherText
	}
	size := uint64(binary.BigEndian.Uint32(text[saltSize:]))
	text = text[headSize:]
	if size > uint64(len(text)) {
		return nil, "", errCipherText
	}
	return text[:size:size], string(text[size:]), nil
}

// Encrypt encrypts a message for a receiver.
func (c *Cipher) Encrypt(salt [saltSize]byte, msg []byte, receiver string) string {
	size := headSize + len(msg) + len(receiver)
	pad := padBlock - size%padBlock
	text := make([]byte, 0, size+pad)
	text = append(text, salt[:]...)
	text = binary.BigEndian.AppendUint32(text, uint32(len(msg)))
	text = append(text, msg...)
	text = append(text, receiver...)
	text = append(text, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(c.block, c.iv).CryptBlocks(text, text)
	return base64.StdEncoding.EncodeToString(text)
}
