package secure

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// Unverified means that an answer is not WeChat's, or not the answer to this mini program's call, or too old.
type Unverified struct {
	Why    language.Phrase
	Number string // of the certificate that is not configured; of who answers, whoever that is
}

func (e *Unverified) Error() string {
	text := "an answer of API 安全 is not to be trusted: " + string(e.Why)
	if e.Number != "" {
		text += ": " + field.Quote(e.Number)
	}
	return text
}

// Why an answer is not to be trusted.
const (
	notSigned      language.Phrase = "it is not signed"
	noJSON         language.Phrase = "it is neither signed nor JSON, as the page of a server or a proxy on the way"
	noTime         language.Phrase = "it has no Wechatmp-TimeStamp"
	otherApp       language.Phrase = "it is for another mini program"
	otherTime      language.Phrase = "its time and ours are more than five minutes apart"
	noCertificate  language.Phrase = "it is signed by a certificate that is not configured; download it from the console"
	badSignature   language.Phrase = "its signature is wrong"
	notOpened      language.Phrase = "it cannot be decrypted; look at the symmetric key and its number"
	sealedNoObject language.Phrase = "what was sealed is no JSON object"
	sealedOther    language.Phrase = "it was sealed for another mini program, or at another time, than it was signed"
)

// Open opens the answer to a call of a path: the JSON object that WeChat would have answered without API 安全. Failures that WeChat
// tells in plain, without signature, such as 40234, come as they are, for they can only say that nothing was done: plain is true. The
// error is an *Unverified.
func (c *Channel) Open(path string, header http.Header, body []byte) (answer []byte, plain bool, err error) {
	if header.Get(headerSignature) == "" && header.Get(headerDeprecatedSignature) == "" {
		if isFailure(body) {
			return body, true, nil
		}
		if plainObject(body) == nil {
			return nil, false, &Unverified{Why: noJSON}
		}
		return nil, false, &Unverified{Why: notSigned}
	}
	timestamp, err := strconv.ParseInt(header.Get(headerTime), 10, 64)
	if err != nil {
		return nil, false, &Unverified{Why: noTime}
	}
	if header.Get(headerAppID) != c.appID {
		return nil, false, &Unverified{Why: otherApp}
	}
	if !c.isNear(timestamp) {
		return nil, false, &Unverified{Why: otherTime}
	}
	if err := c.verify(header, signed(path, c.appID, timestamp, body)); err != nil {
		return nil, false, err
	}
	text, err := c.aead.open(body, c.beside(path, timestamp))
	if err != nil {
		return nil, false, &Unverified{Why: notOpened}
	}
	answer, appID, inside, err := plainText(text)
	switch {
	case err != nil:
		return nil, false, &Unverified{Why: sealedNoObject}
	case appID != c.appID || inside != timestamp:
		return nil, false, &Unverified{Why: sealedOther}
	}
	return answer, false, nil
}

// isNear tells whether a moment is near enough to now.
func (c *Channel) isNear(timestamp int64) bool {
	return c.now().Sub(time.Unix(timestamp, 0)).Abs() <= MaxAge
}

// verify looks for a signature by a certificate that we have: while WeChat changes certificates it signs by both.
func (c *Channel) verify(header http.Header, text []byte) error {
	number, signature := header.Get(headerNumber), header.Get(headerSignature)
	key, ok := c.certificates[number]
	if !ok {
		unknown := number
		number, signature = header.Get(headerDeprecatedNumber), header.Get(headerDeprecatedSignature)
		if key, ok = c.certificates[number]; !ok {
			return &Unverified{Why: noCertificate, Number: unknown}
		}
	}
	if !key.verifyText(text, signature, number) {
		return &Unverified{Why: badSignature}
	}
	return nil
}

// verifyText is verify for a signature as headers have it.
func (v verifier) verifyText(text []byte, signature, number string) bool {
	raw, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && v.verify(text, raw, number)
}

// isFailure tells whether a body says that WeChat did nothing, to whomever reads it: it has one errcode, and that is a number.
func isFailure(body []byte) bool {
	found, failed := 0, false
	for name, value := range jsonscan.Members(plainObject(body)) {
		if strings.EqualFold(name, "errcode") {
			code, err := strconv.ParseInt(string(value), 10, 64)
			found, failed = found+1, name == "errcode" && err == nil && code != 0
		}
	}
	return found == 1 && failed
}

// plainObject gives the JSON object that a body is; nil: it is none.
func plainObject(body []byte) []byte {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	if len(body) == 0 || body[0] != '{' || !json.Valid(body) {
		return nil
	}
	return body
}
