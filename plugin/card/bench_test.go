package card

import "testing"

const benchTicket = "IpK_1T69hDhZkLQTlwsAX9rTjR1Qm3kZ7a0BcDeFgHiJkLmNoPqRsTuVwXyZ0123456789-_abcdefghijklmn"

func benchExt() Ext {
	return Ext{
		CardID:    "p1Pj9jr90_SQRaVqYI239Ka1erkI",
		Timestamp: 1700000000,
		NonceStr:  "0123456789abcdef0123456789abcdef",
		OuterStr:  "shop-12",
	}
}

func BenchmarkExtSignature(b *testing.B) {
	e := benchExt()
	b.ReportAllocs()
	for b.Loop() {
		_ = e.Signature(benchTicket)
	}
}

func BenchmarkExtSignatureAllFields(b *testing.B) {
	e := benchExt()
	e.Code, e.OpenID = "0012345678", "oFS7Fjl0WsZ9AMZqrI80nbIq8xrA"
	b.ReportAllocs()
	for b.Loop() {
		_ = e.Signature(benchTicket)
	}
}

func BenchmarkExtSecondReading(b *testing.B) {
	for name, nonce := range map[string]string{"no p": "oz23456789abcdef0123456789abcdef", "p": "oz23456789pbcdef0123456789abcdef"} {
		e := benchExt()
		e.OpenID, e.NonceStr = "oFS7Fjl0WsZ9AMZqrI80nbIq8xrA", nonce
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = e.SecondReading(benchTicket, WithBalance)
			}
		})
	}
}

func BenchmarkExtAppendJSON(b *testing.B) {
	e := benchExt()
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendJSON(buf[:0], benchTicket)
	}
}

func BenchmarkExtAppendJSONString(b *testing.B) {
	e := benchExt()
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendJSONString(buf[:0], benchTicket)
	}
}

func BenchmarkConfigSignature(b *testing.B) {
	c := Config{URL: "https://shop.example.com/card?id=1", NonceStr: "Wm3WZYTPz0wzccnW", Timestamp: 1700000020}
	b.ReportAllocs()
	for b.Loop() {
		_ = c.Signature(benchTicket)
	}
}

func BenchmarkChooseSignature(b *testing.B) {
	c := Choose{AppID: "wxf8b4f85f3a794e77", NonceStr: "Wm3WZYTPz0wzccnW", Timestamp: 1700000020, CardType: "GROUPON"}
	b.ReportAllocs()
	for b.Loop() {
		_ = c.Signature(benchTicket)
	}
}

func BenchmarkParseActivateURL(b *testing.B) {
	const s = "https://mp.weixin.qq.com/bizmall/activatemembercard?action=preshow&&encrypt_card_id=3%2Bm9vVGt9YzgCphZE8Z28dUux7i0jgCUWu32QayFZsscPd7oyXGsHp9HoOjH9ML%2B&outer_str=guide&biz=MzU2ODQzMDM1MQ%3D%3D#wechat_redirect"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseActivateURL(s); err != nil {
			b.Fatal(err)
		}
	}
}
