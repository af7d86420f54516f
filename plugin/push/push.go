// Package push reads what WeChat pushes to an account's URL (消息推送) and seals what is answered: signatures, encryption,
// XML and JSON. It does no I/O.
//
// The facts are those of WeChat's page 消息推送 (developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html).
package push

import (
	"errors"
	"fmt"
	"time"
)

// MaxBody is how many bytes a message, its envelope, or a reply may have.
const MaxBody = 64 << 10

// Config holds what the message settings of an account's console show.
type Config struct {
	Token          string // 令牌; required
	EncodingAESKey string // 消息加解密密钥, 43 characters; "": messages come as they are
	PreviousKey    string // the EncodingAESKey before that, which WeChat may still use; "": there is none
	Pairs          *Pairs // which timestamps and nonces were used; required without EncodingAESKey
}

// Receiver reads the messages of one account. Any number of goroutines may use it.
type Receiver struct {
	token    string
	cipher   *Cipher // nil: messages come as they are
	previous *Cipher // nil: there is none
	pairs    *Pairs
}

// New makes a Receiver.
func New(cfg Config) (*Receiver, error) {
	if cfg.Token == "" {
		return nil, errors.New("the token is missing")
	}
	r := &Receiver{token: cfg.Token, pairs: cfg.Pairs}
	if cfg.EncodingAESKey != "" {
		var err error
		if r.cipher, err = NewCipher(cfg.EncodingAESKey); err != nil {
			return nil, err
		}
		if cfg.PreviousKey != "" {
			if r.previous, err = NewCipher(cfg.PreviousKey); err != nil {
				return nil, fmt.Errorf("the previous key: %w", err)
			}
		}
	} else if r.pairs == nil {
		r.pairs = NewPairs()
	}
	return r, nil
}

// Handshake checks the GET request by which WeChat finds out whether a URL is the account's.
func (r *Receiver) Handshake(q Query, now time.Time) error {
	if err := q.check(now); err != nil {
		return err
	}
	return r.checkSignature(q)
}

// Open verifies a message, decrypts it and reads it. now is the time by WeChat's clock. receiver is whom it must be
// encrypted for: the account's app_id, or that of the third-party platform (第三方平台) that serves it.
// The error is *Refused or *Malformed. Whatever is authentic is taken: a text that is no well-formed document, too.
//
// With a key only the encrypted part of a message counts. Without one the signature does not cover the body; so a
// timestamp with its nonce is good for one body, which may come again.
func (r *Receiver) Open(q Query, body []byte, receiver string, now time.Time) (*Message, error) {
	if err := q.check(now); err != nil {
		return nil, err
	}
	if r.cipher != nil {
		return r.openSealed(q, body, receiver)
	}
	if err := r.checkSignature(q); err != nil {
		return nil, err
	}
	doc := read(body)
	if doc.encrypt.to > 0 && doc.count[fieldMsgType] == 0 {
		return nil, &Malformed{Reason: "the message is encrypted, and the account has no encoding_aes_key"}
	}
	m := newMessage(doc, body, doc.encrypt)
	if !r.pairs.use(q, m.Name, now) {
		return nil, &Refused{Reason: "the timestamp and nonce were those of another message"}
	}
	return m, nil
}

func (r *Receiver) openSealed(q Query, body []byte, receiver string) (*Message, error) {
	if q.MsgSignature == "" {
		return nil, &Refused{Reason: "the message is not encrypted: there is no msg_signature"}
	}
	envelope := read(body)
	encrypt, err := r.signedPart(q, body, envelope)
	if err != nil {
		return nil, err
	}
	plain, whose, opener, err := r.decrypt(encrypt, receiver)
	if err != nil {
		return nil, &Malformed{Reason: "the message cannot be decrypted with the account's encoding_aes_key", Err: err}
	}
	if whose != receiver {
		return nil, &Refused{Reason: "the message is for another receiver than", Of: receiver}
	}
	m := newMessage(read(plain), plain, span{})
	m.receiver, m.envelope, m.opener = receiver, envelope.format, opener
	return m, nil
}

// decrypt opens what is encrypted for receiver, with the present key or the one before it.
func (r *Receiver) decrypt(encrypt, receiver string) (plain []byte, whose string, opener *Cipher, err error) {
	plain, whose, err = r.cipher.Decrypt(encrypt)
	if r.previous == nil || err == nil && whose == receiver {
		return plain, whose, r.cipher, err
	}
	if older, of, olderErr := r.previous.Decrypt(encrypt); olderErr == nil && of == receiver {
		return older, of, r.previous, nil
	}
	return plain, whose, r.cipher, err
}

// signedPart finds the encrypted part of an envelope: the one that msg_signature is for.
func (r *Receiver) signedPart(q Query, body []byte, envelope document) (string, error) {
	found := false
	for encrypt := range encrypts(body, envelope) {
		if found = true; signed(q.MsgSignature, r.token, q.Timestamp, q.Nonce, encrypt) {
			return encrypt, nil
		}
	}
	switch {
	case found:
		return "", &Refused{Reason: "the msg_signature is wrong"}
	case envelope.whole:
		return "", &Refused{Reason: "the message is not encrypted: there is no Encrypt"}
	}
	return "", envelope.broken(body)
}

func (r *Receiver) checkSignature(q Query) error {
	if !signed(q.Signature, r.token, q.Timestamp, q.Nonce) {
		return &Refused{Reason: "the signature is wrong"}
	}
	return nil
}
