package phone

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// cardExt is what the client reads out of a cardExt.
type cardExt struct {
	code, openID, timestamp, nonce, balance string // signed
	outerStr, fixedBegin                    string // not signed
	signature                               string
}

// readCardExt reads a cardExt as it stands in a cardList.
func readCardExt(raw json.RawMessage) (text string, e cardExt, no *Refused) {
	if json.Unmarshal(raw, &text) != nil || text == "" {
		return "", e, &Refused{TextSignature, "card_ext", "cardExt must be a string that holds JSON"}
	}
	var fields map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if d.Decode(&fields) != nil || fields == nil || d.More() {
		return "", e, &Refused{TextParameter, "card_ext", "cardExt holds no JSON object"}
	}
	for name, to := range map[string]*string{
		"code": &e.code, "openid": &e.openID, "timestamp": &e.timestamp, "nonce_str": &e.nonce, "balance": &e.balance,
		"outer_str": &e.outerStr, "fixed_begintimestamp": &e.fixedBegin, "signature": &e.signature,
	} {
		switch v := fields[name].(type) {
		case string:
			*to = v
		case json.Number:
			if name != "timestamp" && name != "fixed_begintimestamp" && name != "balance" {
				return "", e, &Refused{TextParameter, name, name + " must be a string"}
			}
			*to = v.String()
		default:
			if _, sent := fields[name]; sent {
				return "", e, &Refused{TextParameter, name, name + " must be a string"}
			}
		}
	}
	switch {
	case e.signature == "":
		return "", e, &Refused{TextSignature, "signature", "there is no signature"}
	case !isNumber(e.timestamp):
		return "", e, &Refused{TextParameter, "timestamp", "timestamp must be the seconds since 1970"}
	case len(e.timestamp) > 11:
		return "", e, &Refused{TextSignature, "timestamp", "timestamp is in milliseconds; WeChat wants seconds"}
	case e.fixedBegin != "" && !isNumber(e.fixedBegin):
		return "", e, &Refused{TextParameter, "fixed_begintimestamp", "fixed_begintimestamp must be the seconds since 1970"}
	case e.balance != "" && !isNumber(e.balance):
		return "", e, &Refused{TextParameter, "balance", "balance must be digits: the money in fen"}
	case e.nonce != "" && (len(e.nonce) > 32 || strings.ContainsFunc(e.nonce, func(r rune) bool { return r > 127 || !wire.IsAlphanumeric(byte(r)) })):
		return "", e, &Refused{TextParameter, "nonce_str", "nonce_str has at most 32 letters and digits"}
	}
	return text, e, nil
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 64)
	return err == nil
}
