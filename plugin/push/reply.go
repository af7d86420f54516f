package push

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// Seal encrypts and signs the reply to an encrypted message, in the format of that message's envelope. now is the time
// by WeChat's clock.
func (r *Receiver) Seal(m *Message, reply []byte, now time.Time) (sealed []byte, format Format) {
	var random [2 * saltSize]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	nonce := hex.EncodeToString(random[saltSize:])
	return r.seal(m, reply, now.Unix(), nonce, [saltSize]byte(random[:saltSize])), m.envelope
}

// seal builds its texts by hand: base64, hex and digits need no escape in either format.
func (r *Receiver) seal(m *Message, reply []byte, timestamp int64, nonce string, salt [saltSize]byte) []byte {
	cipher := r.cipher
	if m.opener != nil {
		cipher = m.opener
	}
	encrypt := cipher.Encrypt(salt, reply, m.receiver)
	signature := Sign(r.token, strconv.FormatInt(timestamp, 10), nonce, encrypt)
	if m.envelope == JSON {
		return fmt.Appendf(nil, `{"Encrypt":"%s","MsgSignature":"%s","TimeStamp":%d,"Nonce":"%s"}`, encrypt, signature, timestamp, nonce)
	}
	return fmt.Appendf(nil, "<xml><Encrypt><![CDATA[%s]]></Encrypt><MsgSignature><![CDATA[%s]]></MsgSignature>"+
		"<TimeStamp>%d</TimeStamp><Nonce><![CDATA[%s]]></Nonce></xml>", encrypt, signature, timestamp, nonce)
}

// WithUserInfo gives the message's text with what the member filled in, a JSON object, as its last field: the object
// user_info in JSON, and in XML the element UserInfo, whose text is the object. Everything else stays byte for byte.
// A message that has such a field already, or nowhere to put it, is given as it is.
func (m *Message) WithUserInfo(info []byte) []byte {
	if m.hasInfo || m.insertAt == 0 {
		return m.Plain
	}
	before, after := m.Plain[:m.insertAt], m.Plain[m.insertAt:]
	var b bytes.Buffer
	b.Grow(len(m.Plain) + len(info) + 64)
	if m.Format == JSON {
		before = bytes.TrimRight(before, " \t\r\n")
		b.Write(before)
		if !bytes.HasSuffix(before, []byte("{")) {
			b.WriteByte(',')
		}
		b.WriteString(`"user_info":`)
		b.Write(info)
	} else {
		b.Write(before)
		b.WriteString("<UserInfo><![CDATA[")
		b.Write(bytes.ReplaceAll(info, []byte("]]>"), []byte("]]]]><![CDATA[>")))
		b.WriteString("]]></UserInfo>")
	}
	b.Write(after)
	return b.Bytes()
}
