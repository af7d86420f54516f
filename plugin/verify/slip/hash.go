package slip

import (
	"crypto/hmac"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// HMAC are hashes with a key, which is one of keys or empty. ticket is the name of the ticket, which may be in the text or not.
func HMAC(ticket string, keys []string) []*Slip {
	var list []*Slip
	for i, key := range append(keys, "") {
		sum := func(function func() hash.Hash, text string) []byte {
			h := hmac.New(function, []byte(key))
			h.Write([]byte(text))
			return h.Sum(nil)
		}
		with := func(variant string, apply func(*draft.Draft)) {
			list = append(list, New(report.HashHMAC, "", func(d *draft.Draft) {
				apply(d)
				d.Hash = sum
			}, ticketGroup).As(variant+strconv.Itoa(i)))
		}
		with("without the ticket", Remove(report.HashHMAC, ticket).apply)
		with("with the ticket", func(*draft.Draft) {})
		if key != "" {
			with("with the key", func(d *draft.Draft) { d.Set(ticket, key) })
		}
	}
	return Alone(list...)
}

// hashTwiceSlips hash a hash.
func hashTwiceSlips() []*Slip {
	again := func(variant string, write func([]byte) string) *Slip {
		return draftSlip(report.HashTwice, variant, func(d *draft.Draft) {
			d.Hash = func(function func() hash.Hash, text string) []byte {
				first, second := function(), function()
				first.Write([]byte(text))
				second.Write([]byte(write(first.Sum(nil))))
				return second.Sum(nil)
			}
		}, "hash")
	}
	return []*Slip{
		again("hex", hex.EncodeToString),
		again("HEX", func(sum []byte) string { return strings.ToUpper(hex.EncodeToString(sum)) }),
		again("bytes", func(sum []byte) string { return string(sum) }),
	}
}
