package secure

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Unverified means that an answer is not WeChat's, or not the answer to this mini program's call, or too old.
type Unverified struct{ Why string }

func (e *Unverified) Error() string { return "an answer of API 安全 is not to be trusted: " + e.Why }

// Open opens the answer to a call of a path: the JSON object that WeChat would have answered without API 安全. Failures that WeChat
// tells in plain, without signature, such as 40234, come as they are, for they can only say that nothing was done: plain true. The
// error is an *Unverified.
func (c *Channel) Open(path string, header http.Header, body []byte) (answer []byte, plain bool, err error) {
	if header.Get(headerSignature) == "" && header.Get(headerDeprecatedSignature) == "" {
		if isFailure(body) {
			return body, true, nil
		}
		return nil, false, &Unverified{"it is not signed"}
	}
	timestamp, err := strconv.ParseInt(header.Get(headerTime), 10, 64)
	if err != nil {
		return nil, false, &Unverified{"it has no Wechatmp-TimeStamp"}
	}
	if got := header.Get(headerAppID); got != c.cfg.AppID {
		return nil, false, &Unverified{fmt.Sprintf("it is for %q", got)}
	}
	if age := c.cfg.Now().Sub(time.Unix(timestamp, 0)).Abs(); age > MaxAge {
		return nil, false, &Unverified{fmt.Sprintf("its clock and ours are %v apart", age.Round(time.Second))}
	}
	if err := c.verify(header, signed(path, c.cfg.AppID, timestamp, body)); err != nil {
		return nil, false, err
	}
	text, err := c.aead.open(body, c.beside(path, timestamp))
	if err != nil {
		return nil, false, &Unverified{"it cannot be decrypted: is sym_sn that of the key?"}
	}
	answer, appID, inside, err := plainAnswer(text)
	switch {
	case err != nil:
		return nil, false, &Unverified{err.Error()}
	case appID != c.cfg.AppID:
		return nil, false, &Unverified{fmt.Sprintf("it was sealed for %q", appID)}
	case inside != timestamp:
		return nil, false, &Unverified{"it was sealed at another moment than it was signed"}
	}
	return answer, false, nil
}

// verify looks for a signature by a certificate that we have: while WeChat changes certificates it signs by both.
func (c *Channel) verify(header http.Header, text []byte) error {
	number := header.Get(headerNumber)
	signature := header.Get(headerSignature)
	key, ok := c.certificates[number]
	if !ok {
		old := header.Get(headerDeprecatedNumber)
		if key, ok = c.certificates[old]; !ok || old == "" {
			return &Unverified{fmt.Sprintf("it is signed by the certificate %q, which is not configured: download it from the console", number)}
		}
		number, signature = old, header.Get(headerDeprecatedSignature)
	}
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !key.verify(text, raw, number) {
		return &Unverified{"its signature is wrong"}
	}
	return nil
}

// isFailure tells whether a body says that WeChat did nothing.
func isFailure(body []byte) bool {
	var answer struct {
		ErrCode int `json:"errcode"`
	}
	return json.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), &answer) == nil && answer.ErrCode != 0
}
