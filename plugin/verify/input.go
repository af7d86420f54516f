package verify

import (
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/sent"
)

// MaxInput is how many bytes of a value are looked at: what is longer is not recognised.
const MaxInput = sent.MaxInput

// Input is what a client sent, and what cannot be seen from it.
type Input struct {
	// Value is what was sent: a JSON object, list or string. Strings that hold JSON, and objects that hold it in one of
	// their members, as the answers of many backends do, are looked into.
	Value json.RawMessage `json:"value"`
	// Account is the name of the official account whose card it is. "": any that is known may have signed.
	Account string `json:"account,omitempty"`
	// CardID is the card's, for a cardExt by itself.
	CardID string `json:"card_id,omitempty"`
	// URL is the page's, for wx.config, unless the value holds it as url; and for a card that may carry the signature of
	// wx.config.
	URL string `json:"url,omitempty"`
	// Signed are values that the signer had, by the names of WeChat's documentation (nonce_str, code, timestamp …). They are
	// tried where they were not sent: what was signed but not sent cannot be guessed.
	Signed map[string]string `json:"signed,omitempty"`
}
