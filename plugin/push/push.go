// Package push reads what WeChat pushes to an account's URL (消息推送) and seals what is answered: signatures, encryption,
// XML and JSON. It does no I/O.
//
// The facts are those of WeChat's page 消息推送 (developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html).
package push

import (
	"crypto/sha256"
	"errors"
	"strconv"
	"strings"
	"time"
)

// The ages of messages that are taken. WeChat repeats a push for up to 24 hours.
const (
	MaxAge   = 25 * time.Hour
	maxAhead = 5 * time.Minute // of our clock
)

// maxNonce is less than the three blocks that an encrypted message could lose at its beginning and still be looked into.
const maxNonce = 63

// maxSeconds is far in the future, and still a time.Time that can be compared.
const maxSeconds = 1 << 34

// MaxBody is how many bytes a message, its envelope, or a reply may have.
const MaxBody = 64 << 10

// Refused is the error for a message that is not WeChat's, not for this account, too old, or a forged repetition.
type Refused struct {
	Reason string
	Of     string // what Reason ends with, if that comes from the message
	Age    bool   // it is the time that is wrong, which may be our clock's fault
}

// Error implements error.
func (e *Refused) Error() string { return reason(e.Reason, e.Of) }

// Malformed is the error for a message that cannot be read.
type Malformed struct {
	Reason string
	Of     string // what Reason ends with, if that comes from the message
	Err    error  // what the parser says, without the message's text; may be nil
}

// Error implements error.
func (e *Malformed) Error() string { return reason(e.Reason, e.Of) }

// Unwrap gives the cause.
func (e *Malformed) Unwrap() error { return e.Err }

func reason(reason, of string) string {
	if of == "" {
		return reason
	}
	return reason + " " + of
}

// Config holds what the message settings of an account's console show.
type Config struct {
	Token          string // 令牌; required
	EncodingAESKey string // 消息加解密密钥, 43 characters; "": messages come as they are
	Pairs          *Pairs // which timestamps and nonces were used; required without EncodingAESKey
}

// Receiver reads the messages of one account. Any number of goroutines may use it.
type Receiver struct {
	token  string
	cipher *Cipher // nil: messages come as they are
	pairs  *Pairs
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
	} else if r.pairs == nil {
		r.pairs = NewPairs()
	}
	return r, nil
}

// Query is what a push has in its URL.
type Query struct {
	Signature    string // over token, timestamp and nonce
	Timestamp    string
	Nonce        string
	MsgSignature string // over these and the encrypted message
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
// The error is *Refused or *Malformed.
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
	doc, err := parse(body)
	if err != nil {
		return nil, err
	}
	if doc.fields[fieldEncrypt] != "" && doc.fields[fieldMsgType] == "" {
		return nil, &Malformed{Reason: "the message is encrypted, and the account has no encoding_aes_key"}
	}
	m := newMessage(doc, body)
	if !r.pairs.use(q, m.Name, now) {
		return nil, &Refused{Reason: "the timestamp and nonce were those of another message"}
	}
	return m, nil
}

func (r *Receiver) openSealed(q Query, body []byte, receiver string) (*Message, error) {
	if q.MsgSignature == "" {
		return nil, &Refused{Reason: "the message is not encrypted: there is no msg_signature"}
	}
	envelope, err := parse(body)
	if err != nil {
		return nil, err
	}
	encrypt := envelope.fields[fieldEncrypt]
	if encrypt == "" {
		return nil, &Refused{Reason: "the message is not encrypted: there is no Encrypt"}
	}
	if !signed(q.MsgSignature, r.token, q.Timestamp, q.Nonce, encrypt) {
		return nil, &Refused{Reason: "the msg_signature is wrong"}
	}
	plain, whose, err := r.cipher.Decrypt(encrypt)
	if err != nil {
		return nil, &Malformed{Reason: "the message cannot be decrypted with the account's encoding_aes_key", Err: err}
	}
	if whose != receiver {
		return nil, &Refused{Reason: "the message is for another receiver than", Of: receiver}
	}
	doc, err := parse(plain)
	if err != nil {
		return nil, err
	}
	m := newMessage(doc, plain)
	m.receiver, m.envelope = receiver, envelope.format
	return m, nil
}

func (r *Receiver) checkSignature(q Query) error {
	if !signed(q.Signature, r.token, q.Timestamp, q.Nonce) {
		return &Refused{Reason: "the signature is wrong"}
	}
	return nil
}

// check checks what does not need the token. Texts that were shifted from one field into another have the same signature.
func (q Query) check(now time.Time) error {
	if len(q.Nonce) > maxNonce {
		return &Refused{Reason: "the nonce is too long"}
	}
	if q.Timestamp == "" || q.Timestamp[0] == '0' || strings.Trim(q.Timestamp, "0123456789") != "" {
		return &Refused{Reason: "the timestamp is no number"}
	}
	seconds, err := strconv.ParseInt(q.Timestamp, 10, 64)
	if err != nil {
		return &Refused{Reason: "the timestamp is no number"}
	}
	switch age := now.Sub(time.Unix(min(seconds, maxSeconds), 0)); {
	case age > MaxAge:
		return &Refused{Reason: "the timestamp is too old", Age: true}
	case age < -maxAhead:
		return &Refused{Reason: "the timestamp lies in the future", Age: true}
	}
	return nil
}

// EventSubmitMembercardUserInfo is the Event of a member card that was activated. It does not say what the user filled in.
const EventSubmitMembercardUserInfo = "submit_membercard_user_info"

// Message is a message of WeChat's that was verified.
type Message struct {
	Format Format // of Plain
	Plain  []byte // the message, not encrypted

	// Name is the SHA-256 of Plain (less an encrypted part that cannot be read, which is another one each time).
	// WeChat repeats a push with the same text.
	Name [sha256.Size]byte

	MsgType      string // MsgType: event, text …
	Event        string // Event: user_get_card …; "": MsgType is not event
	OpenID       string // FromUserName: the user's openid at the official account
	UnionID      string // UnionId; "": the account is bound to no open platform account
	CardID       string // CardId
	UserCardCode string // UserCardCode: the plain code
	OuterStr     string // OuterStr
	GiveByFriend bool   // IsGiveByFriend: the card was a present
	Restored     bool   // IsRestoreMemberCard: the user had deleted the card before

	hasInfo  bool   // it brings what the member filled in
	insertAt int    // where Plain can be added to; 0: nowhere
	receiver string // "": it was not encrypted
	envelope Format
}

// Encrypted tells whether the message was encrypted. Its reply must be then.
func (m *Message) Encrypted() bool { return m.receiver != "" }

func newMessage(doc document, plain []byte) *Message {
	f := doc.fields
	_, hasInfo := f[doc.format.infoField()]
	m := &Message{
		Format:       doc.format,
		Plain:        plain,
		MsgType:      f[fieldMsgType],
		OpenID:       f["FromUserName"],
		UnionID:      f["UnionId"],
		CardID:       f["CardId"],
		UserCardCode: f["UserCardCode"],
		OuterStr:     f["OuterStr"],
		GiveByFriend: isOne(f["IsGiveByFriend"]),
		Restored:     isOne(f["IsRestoreMemberCard"]),
		hasInfo:      hasInfo,
		insertAt:     doc.end,
	}
	if m.MsgType == "event" {
		m.Event = f["Event"]
	}
	h := sha256.New()
	h.Write(plain[:doc.encrypt.from])
	h.Write(plain[doc.encrypt.to:])
	h.Sum(m.Name[:0])
	return m
}

// isOne reads a flag, which some messages write as a number and some as a string.
func isOne(s string) bool { return s == "1" || s == "true" }
