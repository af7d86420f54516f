package secure

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The header fields of calls and answers, as Go spells them.
const (
	headerAppID               = "Wechatmp-Appid"
	headerTime                = "Wechatmp-Timestamp"
	headerSignature           = "Wechatmp-Signature"
	headerNumber              = "Wechatmp-Serial"
	headerDeprecatedSignature = "Wechatmp-Signature-Deprecated"
	headerDeprecatedNumber    = "Wechatmp-Serial-Deprecated"
)

// Origin stands before a call's path in what is signed, whichever host the call goes to.
const Origin = "https://api.weixin.qq.com"

// Call is a call as it is to be sent.
type Call struct {
	Header http.Header // to be set
	Body   []byte      // to be sent as it is, by POST
}

// ofPlain are fields that speak of the body that was sealed, or want a part of the answer.
var ofPlain = []string{"Content-Encoding", "Content-Md5", "Digest", "Content-Digest", "Range", "If-Range", "If-None-Match", "If-Modified-Since"}

// Over gives a copy of a header with the call's fields, without others of API 安全 and without what is said of the body that was sealed.
func (c Call) Over(header http.Header) http.Header {
	out := make(http.Header, len(header)+len(c.Header))
	for name, values := range header {
		if !strings.HasPrefix(name, "Wechatmp-") && !slices.Contains(ofPlain, name) {
			out[name] = values
		}
	}
	maps.Copy(out, c.Header)
	return out
}

// Seal seals a call of a path, such as /wxa/getuserriskrank. Its query, without access_token, goes into the body; that is a JSON
// object or empty, else the error is ErrNoObject. access_token stays in the query of the request, alone.
func (c *Channel) Seal(path string, query url.Values, body []byte) (Call, error) {
	now := c.now().Unix()
	plain, err := plainCall(c.random(), c.appID, now, query, body)
	if err != nil {
		return Call{}, err
	}
	sealed, err := c.aead.seal(c.random(), plain, c.beside(path, now))
	if err != nil {
		return Call{}, fmt.Errorf("sealing: %w", err)
	}
	signature, err := c.sign(path, now, sealed)
	if err != nil {
		return Call{}, err
	}
	header := http.Header{
		"Content-Type":  {"application/json"},
		headerAppID:     {c.appID},
		headerTime:      {strconv.FormatInt(now, 10)},
		headerSignature: {signature},
	}
	if c.cfg.SendNumber {
		header[headerNumber] = []string{c.cfg.AsymmetricNumber}
	}
	return Call{header, sealed}, nil
}

// sign gives the signature of a body as headers have it.
func (c *Channel) sign(path string, timestamp int64, body []byte) (string, error) {
	signature, err := c.key.sign(c.random(), signed(path, c.appID, timestamp, body), c.cfg.AsymmetricNumber)
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	return base64.StdEncoding.EncodeToString(signature), nil
}

func (k *Keys) random() io.Reader {
	if k.cfg.Rand != nil {
		return k.cfg.Rand
	}
	return rand.Reader
}

// beside is what is authenticated beside the text.
func (c *Channel) beside(path string, timestamp int64) []byte {
	return fmt.Appendf(nil, "%s%s|%s|%d|%s", Origin, path, c.appID, timestamp, c.cfg.SymmetricNumber)
}

// signed is what is signed. No number of a key is in it: with one, WeChat answers 40234.
func signed(path, appID string, timestamp int64, body []byte) []byte {
	return fmt.Appendf(nil, "%s%s\n%s\n%d\n%s", Origin, path, appID, timestamp, body)
}
