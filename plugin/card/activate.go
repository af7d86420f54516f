package card

import (
	"errors"
	"strings"
)

// ComponentAppID is the app id of the member-card component, a mini program of
// WeChat's own (page 会员卡开卡组件).
const ComponentAppID = "wxeb490c6f9b154ef9"

// ExtraData is what wx.navigateToMiniProgram passes to the member-card
// component.
type ExtraData struct {
	EncryptCardID string
	OuterStr      string // may be empty
	Biz           string
}

// AppendJSON appends the object with all its three keys, empty or not.
func (x ExtraData) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"encrypt_card_id":`...)
	dst = AppendString(dst, x.EncryptCardID)
	dst = append(dst, `,"outer_str":`...)
	dst = AppendString(dst, x.OuterStr)
	dst = append(dst, `,"biz":`...)
	dst = AppendString(dst, x.Biz)
	return append(dst, '}')
}

// ParseActivateURL takes the parameters of the member-card component out of the
// URL that /card/membercard/activate/geturl returns:
//
//	https://mp.weixin.qq.com/bizmall/activatemembercard?action=preshow&&encrypt_card_id=3%2Bm…&outer_str=guide&biz=MzU…%3D%3D#wechat_redirect
//
// Each value is percent-decoded exactly once, and a plus sign stays one: these
// are base64. The parameters may come in any order; of a repeated one the first
// counts. It is an error when encrypt_card_id or biz is missing or empty; the
// error does not quote the URL.
func ParseActivateURL(s string) (ExtraData, error) {
	s, _, _ = strings.Cut(s, "#")
	_, query, _ := strings.Cut(s, "?")

	var x ExtraData
	for part := range strings.SplitSeq(strings.TrimSpace(query), "&") {
		key, value, _ := strings.Cut(part, "=")
		var field *string
		switch unescape(key) {
		case "encrypt_card_id":
			field = &x.EncryptCardID
		case "outer_str":
			field = &x.OuterStr
		case "biz":
			field = &x.Biz
		default:
			continue
		}
		if *field == "" {
			*field = unescape(value)
		}
	}

	if x.EncryptCardID == "" {
		return ExtraData{}, errors.New("activate URL: no encrypt_card_id")
	}
	if x.Biz == "" {
		return ExtraData{}, errors.New("activate URL: no biz")
	}
	return x, nil
}

// unescape decodes percent escapes once. A % that starts no escape stays as it
// is (net/url would refuse the whole value), and so does a plus sign (which
// net/url's query decoding turns into a blank).
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// unhex is the value of a hex digit, or -1.
func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
