package card

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
)

// naiveSignature signs the fields of an emitted cardExt as the phone does: all
// that is in it and is not known to be unsigned, with the ticket and the card.
func naiveSignature(t testing.TB, object []byte, cardID, ticket string) (computed, sent string) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(object)))
	dec.UseNumber()
	var fields map[string]any
	if err := dec.Decode(&fields); err != nil {
		t.Fatalf("%v in %s", err, object)
	}
	values := []string{ticket, cardID}
	for name, value := range fields {
		var text string
		switch value := value.(type) {
		case string:
			text = value
		case json.Number:
			text = value.String()
		default:
			t.Fatalf("%s is a %T in %s", name, value, object)
		}
		if text == "" {
			t.Errorf("%s is empty in %s", name, object)
		}
		switch name {
		case "signature":
			sent = text
		case "outer_str", "fixed_begintimestamp":
		default:
			values = append(values, text)
		}
	}
	slices.Sort(values)
	sum := sha1.Sum([]byte(strings.Join(values, "")))
	return hex.EncodeToString(sum[:]), sent
}

// randomText makes text of 0 to n bytes that JSON and sorting find awkward.
func randomText(r *rand.Rand, n int) string {
	alphabet := []rune(`0123456789ABCXYZabcxyz_-"\/ <>&=%+'{}[]:,` + "会员卡🎁é\u007f")
	var b strings.Builder
	for range r.IntN(n + 1) {
		b.WriteRune(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

func TestSignedSetIsEmittedSet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range racetest.Fewer(20_000) {
		text := func(n int) string {
			if r.IntN(3) == 0 {
				return ""
			}
			return randomText(r, n)
		}
		ticket := randomText(r, 100)
		e := Ext{
			CardID: text(64), Code: text(20), OpenID: text(28), Timestamp: r.Int64N(4e9),
			NumericTimestamp: r.IntN(2) == 0, NonceStr: text(32),
			FixedBeginTimestamp: text(10), OuterStr: text(300),
		}
		checkExt(t, e, ticket)
	}
}

// checkExt checks all that must hold of any Ext of valid UTF-8.
func checkExt(t testing.TB, e Ext, ticket string) {
	t.Helper()
	object := e.AppendJSON(nil, ticket)
	computed, sent := naiveSignature(t, object, e.CardID, ticket)
	if computed != sent || sent != e.Signature(ticket) {
		t.Fatalf("%+v: phone computes %s, %s sent, Signature gives %s", e, computed, sent, e.Signature(ticket))
	}
	var fields map[string]any
	if err := json.Unmarshal(object, &fields); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"code": e.Code, "openid": e.OpenID, "nonce_str": e.NonceStr,
		"fixed_begintimestamp": e.FixedBeginTimestamp, "outer_str": e.OuterStr,
	} {
		got, there := fields[name]
		if there != (want != "") || there && got != want {
			t.Fatalf("%s: got %v, want %q, in %s", name, got, want, object)
		}
	}
	var want any = strconv.FormatInt(e.Timestamp, 10)
	if e.NumericTimestamp {
		want = float64(e.Timestamp)
	}
	if fields["timestamp"] != want {
		t.Fatalf("timestamp: got %v, want %v", fields["timestamp"], want)
	}

	literal := e.AppendJSONString([]byte("prefix"), ticket)
	var inner string
	if err := json.Unmarshal(literal[len("prefix"):], &inner); err != nil {
		t.Fatalf("%v in %s", err, literal)
	}
	if inner != string(object) {
		t.Fatalf("the string holds %s, want %s", inner, object)
	}
}

func TestExtAppendJSON(t *testing.T) {
	const ticket = benchTicket
	for _, test := range []struct {
		name string
		ext  Ext
		want string
	}{
		{
			"least",
			Ext{CardID: "p1Pj9jr90_SQRaVqYI239Ka1erkI", Timestamp: 1700000000},
			`{"timestamp":"1700000000","signature":"32b16b874ede8a24592356e97d3ee2844a58fb1b"}`,
		},
		{
			"number",
			Ext{CardID: "p1Pj9jr90_SQRaVqYI239Ka1erkI", Timestamp: 1700000000, NumericTimestamp: true},
			`{"timestamp":1700000000,"signature":"32b16b874ede8a24592356e97d3ee2844a58fb1b"}`,
		},
		{
			"everything",
			Ext{
				CardID: "p1Pj9jr90_SQRaVqYI239Ka1erkI", Timestamp: 1700000000, NonceStr: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
				OpenID: "oFS7Fjl0WsZ9AMZqrI80nbIq8xrA", FixedBeginTimestamp: "1699999000", OuterStr: "小程序<a&b>",
			},
			`{"openid":"oFS7Fjl0WsZ9AMZqrI80nbIq8xrA","timestamp":"1700000000","nonce_str":"5K8264ILTKCH16CQ2502SI8ZNMTM67VS",` +
				`"fixed_begintimestamp":"1699999000","outer_str":"小程序<a&b>","signature":"ee1851c1e73618646a0beaa2bc780f9990515949"}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := string(test.ext.AppendJSON(nil, ticket)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			quoted := `"` + strings.ReplaceAll(test.want, `"`, `\"`) + `"`
			if got := string(test.ext.AppendJSONString(nil, ticket)); got != quoted {
				t.Errorf("got  %s\nwant %s", got, quoted)
			}
		})
	}
}

// Values that outgrow the stack buffer must come out right all the same.
func TestLongValues(t *testing.T) {
	long := strings.Repeat("0123456789", 200)
	checkExt(t, Ext{CardID: long, Code: long, Timestamp: 1, OuterStr: long}, long)

	url := "https://shop.example.com/?q=" + long
	c := Config{URL: url + "#top", NonceStr: "n", Timestamp: 1}
	sum := sha1.Sum([]byte("jsapi_ticket=t&noncestr=n&timestamp=1&url=" + url))
	if got := c.Signature("t"); got != hex.EncodeToString(sum[:]) {
		t.Errorf("got %s, want %x", got, sum)
	}
}

func TestAllocations(t *testing.T) {
	e := benchExt()
	e.Code, e.OpenID = "0012345678", "oFS7Fjl0WsZ9AMZqrI80nbIq8xrA"
	e.NonceStr = "oz23456789pbcdef0123456789abcdef"
	choose := Choose{AppID: "wxf8b4f85f3a794e77", Timestamp: 1700000020, NonceStr: e.NonceStr}
	config := Config{URL: "https://shop.example.com/card?id=1", Timestamp: 1700000020}
	buf := make([]byte, 0, 1024)
	for _, test := range []struct {
		name string
		most float64
		run  func()
	}{
		{"Ext.Signature", 1, func() { _ = e.Signature(benchTicket) }},
		{"Choose.Signature", 1, func() { _ = choose.Signature(benchTicket) }},
		{"Config.Signature", 1, func() { _ = config.Signature(benchTicket) }},
		{"Ext.AppendJSON", 0, func() { buf = e.AppendJSON(buf[:0], benchTicket) }},
		{"Ext.AppendJSONString", 0, func() { buf = e.AppendJSONString(buf[:0], benchTicket) }},
		{"Ext.SecondReading", 0, func() { _ = e.SecondReading(benchTicket, WithBalance) }},
		{"Ext.AppendNoncePrefix", 0, func() { buf = e.AppendNoncePrefix(buf[:0], benchTicket) }},
		{"Choose.SecondReading", 0, func() { _ = choose.SecondReading(benchTicket, WithBalance) }},
	} {
		if got := testing.AllocsPerRun(100, test.run); got > test.most {
			t.Errorf("%s: %v allocations, want at most %v", test.name, got, test.most)
		}
	}
}

func FuzzExt(f *testing.F) {
	f.Add("ticket", "pcard", "10", "", int64(1700000003), false, "9", "1699999000", `小程序-会员日🎁&a=b"c\`)
	f.Add("B", "b", "A", "a", int64(1700000002), true, "C", "", "\\\"\\")
	f.Fuzz(func(t *testing.T, ticket, cardID, code, openID string, ts int64, numeric bool, nonce, begin, outer string) {
		// What is signed is what is sent only where JSON can carry it: the
		// actions refuse invalid UTF-8 long before.
		valid := func(s string) string { return strings.ToValidUTF8(s, "") }
		if numeric {
			ts %= 1 << 53 // what checkExt can compare as a float
		}
		checkExt(t, Ext{
			CardID: valid(cardID), Code: valid(code), OpenID: valid(openID), Timestamp: ts,
			NumericTimestamp: numeric, NonceStr: valid(nonce), FixedBeginTimestamp: valid(begin), OuterStr: valid(outer),
		}, valid(ticket))
	})
}
