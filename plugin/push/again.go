package push

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Again pushes a message once more, as WeChat would: it gives the parameters of the URL and the body. now is the time by
// WeChat's clock, receiver whom the message was for.
func (r *Receiver) Again(plain []byte, format Format, receiver string, now time.Time) (url.Values, []byte) {
	var random [2 * saltSize]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	timestamp, nonce := strconv.FormatInt(now.Unix(), 10), hex.EncodeToString(random[saltSize:])
	query := url.Values{"signature": {Sign(r.token, timestamp, nonce)}, "timestamp": {timestamp}, "nonce": {nonce}}
	if r.cipher == nil {
		return query, plain
	}
	encrypt := r.cipher.Encrypt([saltSize]byte(random[:saltSize]), plain, receiver)
	query.Set("encrypt_type", "aes")
	query.Set("msg_signature", Sign(r.token, timestamp, nonce, encrypt))
	if format == JSON {
		return query, fmt.Appendf(nil, `{"Encrypt":"%s"}`, encrypt)
	}
	return query, fmt.Appendf(nil, "<xml><Encrypt><![CDATA[%s]]></Encrypt></xml>", encrypt)
}

// Receiver gives whom the message was encrypted for; "" if it was not.
func (m *Message) Receiver() string { return m.receiver }

// QueryNames are the parameters of a push's URL that belong to one push.
func QueryNames() []string {
	return strings.Fields("signature timestamp nonce msg_signature encrypt_type")
}
