package secure

import (
	"net/http"
	"strconv"
)

// This file is WeChat's side, for who plays it. Its Config has WeChat's private key, with the number of its certificate, and as
// Certificates the mini program's public key, with its number; SendNumber has it want that number of calls.

// Refused is why WeChat does not take a call.
type Refused struct {
	Code int // the errcode
	Msg  string
}

func (e *Refused) Error() string { return e.Msg }

// IsSealed tells whether a call is meant to be sealed: it has a header of API 安全.
func IsSealed(header http.Header) bool {
	for _, name := range []string{headerSignature, headerTime, headerAppID} {
		if header.Get(name) != "" {
			return true
		}
	}
	return false
}

// OpenCall opens a call of a path as WeChat does: the JSON object with what its query had, and its body. The error is a *Refused.
func (c *Channel) OpenCall(path string, header http.Header, body []byte) ([]byte, error) {
	number := header.Get(headerNumber)
	switch {
	case number == "" && c.cfg.SendNumber:
		return nil, &Refused{40230, "missing signature serial"}
	case header.Get(headerTime) == "":
		return nil, &Refused{40231, "missing signature timestamp"}
	case header.Get(headerSignature) == "":
		return nil, &Refused{40232, "missing signature"}
	case header.Get(headerAppID) == "":
		return nil, &Refused{40233, "missing signature appid"}
	case header.Get(headerAppID) != c.appID:
		return nil, &Refused{40237, "signature appid does not match the access_token"}
	}
	timestamp, err := strconv.ParseInt(header.Get(headerTime), 10, 64)
	if err != nil || !c.isNear(timestamp) {
		return nil, &Refused{40240, "signature timestamp expired"}
	}
	if !c.isSigned(number, header.Get(headerSignature), signed(path, c.appID, timestamp, body)) {
		return nil, &Refused{40234, "invalid signature"}
	}
	text, err := c.aead.open(body, c.beside(path, timestamp))
	if err != nil {
		return nil, &Refused{40235, "decrypt failed"}
	}
	call, appID, inside, err := plainText(text)
	switch {
	case err != nil:
		return nil, &Refused{40235, "decrypt failed"}
	case appID != c.appID:
		return nil, &Refused{40236, "invalid appid"}
	case inside != timestamp:
		return nil, &Refused{40240, "signature timestamp expired"}
	}
	return call, nil
}

// isSigned tells whether one of the certificates has signed a text: the one with this number, if there is a number.
func (c *Channel) isSigned(number, signature string, text []byte) bool {
	for own, key := range c.certificates {
		if (number == "" || number == own) && key.verifyText(text, signature, own) {
			return true
		}
	}
	return false
}

// SealAnswer seals the answer, a JSON object, to a call of a path. deprecated is WeChat with the certificate of before, which signs
// beside this one while certificates change; nil: it does not.
func (c *Channel) SealAnswer(path string, answer []byte, deprecated *Channel) (Call, error) {
	call, err := c.Seal(path, nil, answer)
	if err != nil {
		return Call{}, err
	}
	call.Header[headerNumber] = []string{c.cfg.AsymmetricNumber}
	if deprecated == nil {
		return call, nil
	}
	timestamp, err := strconv.ParseInt(call.Header.Get(headerTime), 10, 64)
	if err != nil {
		return Call{}, err
	}
	signature, err := deprecated.sign(path, timestamp, call.Body)
	if err != nil {
		return Call{}, err
	}
	call.Header[headerDeprecatedNumber] = []string{deprecated.cfg.AsymmetricNumber}
	call.Header[headerDeprecatedSignature] = []string{signature}
	return call, nil
}
