package card_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/h5"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/signer"
)

// The oracle below tries every way to cut a text. It has the rule from its words, and nothing from the code that it judges.

var wechatCardID = regexp.MustCompile(`^p[0-9A-Za-z_-]{27}$`)

// reading is a way to cut a signed text.
type reading struct {
	cardID string
	values []string // the others, in their order
}

// readings calls found for each way to cut the text that is signed for a card into another card and at most so many values,
// until it is false.
func readings(e card.Ext, ticket string, values int, found func(reading) bool) {
	now := strconv.FormatInt(e.Timestamp, 10)
	cuts([]string{now, ticket, e.CardID, e.Code, e.OpenID, e.NonceStr}, now, ticket, e.CardID, values, found)
}

// cuts does the same for any values. now and ticket are among them and stay where they are.
func cuts(signed []string, now, ticket, cardID string, values int, found func(reading) bool) {
	slices.Sort(signed)
	text := strings.Join(signed, "")
	fixed := make(map[int]string) // by where it begins
	for i, v := range signed {
		if (v == now || v == ticket) && !slices.Contains(signed[:i], v) {
			fixed[len(strings.Join(signed[:i], ""))] = v
		}
	}
	left := utf8.RuneCountInString(text) - len(now) - len(ticket) // of what is not fixed
	goOn := true
	var cut func(at, left int, last string, r reading)
	cut = func(at, left int, last string, r reading) {
		room := 32 * (values - len(r.values))
		if r.cardID == "" {
			room += 28
		}
		if !goOn || left > room {
			return
		}
		if at == len(text) {
			if r.cardID != "" {
				goOn = found(r)
			}
			return
		}
		if v := fixed[at]; v != "" {
			if last <= v {
				cut(at+len(v), left, v, r)
			}
			return
		}
		if text[at:] < last {
			return // so is all that can be cut off here
		}
		for end := at + 1; end <= len(text); end++ {
			v := text[at:end]
			switch {
			case v < last || !utf8.ValidString(v):
			case len(r.values) < values && utf8.RuneCountInString(v) <= 32:
				cut(end, left-utf8.RuneCountInString(v), v, reading{r.cardID, append(slices.Clone(r.values), v)})
			}
			if r.cardID == "" && v != cardID && v >= last && wechatCardID.MatchString(v) {
				cut(end, left-utf8.RuneCountInString(v), v, reading{v, r.values})
			}
			if fixed[end] != "" {
				break
			}
		}
	}
	cut(0, left, "", reading{})
}

func canBeReadTwice(e card.Ext, ticket string, values int) bool {
	twice := false
	readings(e, ticket, values, func(reading) bool { twice = true; return false })
	return twice
}

// TestNothingSignedForChoosingAddsAnotherCard reads what is signed for choosing among cards as if it were for adding one.
func TestNothingSignedForChoosingAddsAnotherCard(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	seen := 0
	for range 60 {
		ticket, appID := anyTicket(r), "wx"+textOf(r, "0123456789abcdef", 16)
		filter := card.Choose{CardID: anyOf(r, "", anyCardID(r)), ShopID: anyOf(r, "", textOf(r, digits, 1+r.IntN(20))), CardType: anyOf(r, "", "CASH", "MEMBER_CARD")}
		now := 1_700_000_000 + r.Int64N(100_000_000)
		pages := h5.New(appID, func(context.Context, credential.Kind) (string, error) { return ticket, nil }, func() time.Time { return time.Unix(now, 0) })
		body, err := pages.ChooseCard(t.Context(), nil, filter)
		if err != nil {
			continue
		}
		var a struct{ NonceStr string }
		if err := json.Unmarshal(body, &a); err != nil || !nonce32.MatchString(a.NonceStr) {
			t.Fatalf("got %s, %v", body, err)
		}
		seen++
		signed := []string{strconv.FormatInt(now, 10), ticket, appID, filter.CardID, filter.ShopID, filter.CardType, a.NonceStr}
		cuts(signed, signed[0], ticket, filter.CardID, card.Values, func(other reading) bool {
			t.Fatalf("%+v with nonce %s and ticket %q is good for %+v", filter, a.NonceStr, ticket, other)
			return false
		})
	}
	if seen < 50 {
		t.Errorf("%d are signed", seen)
	}
}

// textOf gives n letters of an alphabet.
func textOf(r *rand.Rand, alphabet string, n int) string {
	var b strings.Builder
	letters := []rune(alphabet)
	for range n {
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	return b.String()
}

const (
	digits = "0123456789"
	alnums = digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	words  = alnums + "_-"
)

// alphabets are those of which a value may be made: some have much in common with a card_id, so that there is much to misread.
var alphabets = []string{"p", "op", "pz", "opqz", "0p", "01", "oz", "Ppz", alnums, digits}

func anyOf(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

// anyTicket gives a ticket that sorts anywhere among the other values.
func anyTicket(r *rand.Rand) string {
	return anyOf(r, "", "0", "17", "18", "A", "a", "o", "ozz", "p", "pp", "pz", "q", "z") + textOf(r, words, 58+r.IntN(29))
}

func anyCardID(r *rand.Rand) string {
	rest := anyOf(r, append(alphabets, words, words, "_-p")...)
	switch r.IntN(6) {
	case 0:
		return textOf(r, rest, 1+r.IntN(64))
	case 1:
		return anyOf(r, "a", "o", "z", "0") + textOf(r, rest, 27)
	}
	return "p" + textOf(r, rest, 27)
}

// anyExt gives a card with values as clients may send them, or as an operator may configure them.
func anyExt(r *rand.Rand) card.Ext {
	e := card.Ext{CardID: anyCardID(r), Timestamp: 1_700_000_000 + r.Int64N(100_000_000)}
	if r.IntN(2) == 0 {
		e.Code = textOf(r, anyOf(r, alphabets...), 1+r.IntN(20))
	}
	if r.IntN(2) == 0 {
		e.OpenID = "o" + textOf(r, anyOf(r, append(alphabets, words, words, "zp_")...), 27)
	}
	if r.IntN(20) == 0 {
		e.Code = textOf(r, "p券a.😀", 1+r.IntN(20))
	}
	return e
}

func TestSecondReadingIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	count := make(map[bool]int)
	for range racetest.Fewer(400) {
		e, ticket := anyExt(r), anyTicket(r)
		if r.IntN(2) == 0 {
			e.NonceStr = textOf(r, anyOf(r, alphabets...), 32)
		}
		for _, values := range []int{card.Values, card.WithBalance} {
			want := canBeReadTwice(e, ticket, values)
			if got := e.SecondReading(ticket, values); got != want {
				t.Fatalf("%+v with %q and %d values: got %v", e, ticket, values, got)
			}
			count[want]++
		}
	}
	if count[true] < racetest.Fewer(50) || count[false] < racetest.Fewer(50) {
		t.Errorf("there were %v", count)
	}
}

func TestSecondReading(t *testing.T) {
	const ticket = "IpK_1T69hDhZkLQTlwsAX9rTjR1Qm3kZ7a0BcDeFgHiJkLmNoPqRsTuVwXyZ0123456789-_abcdefghijklmn"
	const own, other = "pjZ8Yt1XGILfi-FUsewpnnolGgZk", "p1Pj9jr90_SQRaVqYI239Ka1erkp"
	for _, tc := range []struct {
		name string
		ext  card.Ext
		want bool
	}{
		{"least", card.Ext{CardID: own}, false},
		{"the nonce holds no p", card.Ext{CardID: own, NonceStr: "fc20fa99c4bd8c68ce31967d02bf8d6e"}, false},
		{"the last letter of another card is the first of this", card.Ext{CardID: own, OpenID: "o" + other[:27]}, false}, // j sorts before p
		{"and what is left sorts behind", card.Ext{CardID: "pyZ8Yt1XGILfi-FUsewpnnolGgZk", OpenID: "o" + other[:27]}, true},
		{"kept apart", card.Ext{CardID: "pyZ8Yt1XGILfi-FUsewpnnolGgZk", OpenID: "o" + other[:27], NonceStr: "oz0123456789abcdef0123456789abcd"}, false},
		{"a card in a long openid", card.Ext{CardID: own, OpenID: "o" + other + "q"}, true},
		{"a code before the card", card.Ext{CardID: "pjZ8Yt1Xz" + strings.Repeat("z", 19), Code: "p0123456789012345678"}, true},
	} {
		tc.ext.Timestamp = 1_700_000_000
		if got := tc.ext.SecondReading(ticket, card.Values); got != tc.want || canBeReadTwice(tc.ext, ticket, card.Values) != tc.want {
			t.Errorf("%s: got %v", tc.name, got)
		}
	}
}

// sign has a Signer sign a card, and gives back what a phone reads of it; false where it is refused.
func sign(t testing.TB, e card.Ext, ticket string, nonce bool) (signed card.Ext, ok bool) {
	t.Helper()
	s := signer.New(func(context.Context, credential.Kind) (string, error) { return ticket, nil },
		func() time.Time { return time.Unix(e.Timestamp, 0) })
	body, err := s.AddCard(t.Context(), nil, []card.Ext{e}, nonce)
	if err != nil {
		if _, isInvalid := errors.AsType[*field.Invalid](err); !isInvalid {
			t.Fatal(err)
		}
		return e, false
	}
	var list struct {
		CardList []struct{ CardID, CardExt string }
	}
	var ext struct {
		Code, OpenID, Timestamp, Signature string
		Nonce                              string `json:"nonce_str"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(list.CardList[0].CardExt), &ext); err != nil {
		t.Fatal(err)
	}
	signed = card.Ext{CardID: list.CardList[0].CardID, Code: ext.Code, OpenID: ext.OpenID, NonceStr: ext.Nonce}
	if signed.Timestamp, err = strconv.ParseInt(ext.Timestamp, 10, 64); err != nil || signed.Signature(ticket) != ext.Signature {
		t.Fatalf("got %s", body)
	}
	return signed, true
}

var nonce32 = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)

// TestNothingSignedHasASecondReading signs whatever is allowed, and more.
func TestNothingSignedHasASecondReading(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	refused := make(map[bool]int)
	for range racetest.Fewer(500) {
		e, ticket, withNonce := anyExt(r), anyTicket(r), r.IntN(4) > 0
		signed, ok := sign(t, e, ticket, withNonce)
		if !ok {
			refused[withNonce]++
			if !withNonce && !canBeReadTwice(e, ticket, card.Values) {
				t.Fatalf("%+v with %q is refused", e, ticket)
			}
			continue
		}
		if canBeReadTwice(signed, ticket, card.Values) {
			t.Fatalf("%+v with %q is signed", signed, ticket)
		}
		if withNonce != nonce32.MatchString(signed.NonceStr) || !withNonce && signed.NonceStr != "" {
			t.Fatalf("got nonce %q", signed.NonceStr)
		}
	}
	if refused[false] == 0 {
		t.Error("nothing was refused")
	}
	t.Logf("refused: %v", refused)
}

// TestNonceSeparates looks at where a nonce stands between openid and card_id.
func TestNonceSeparates(t *testing.T) {
	for openid, prefix := range map[string]string{
		"oFS7Fjl0WsZ9AMZqrI80nbIq8xrA": "oz",
		"ozS7Fjl0WsZ9AMZqrI80nbIq8xrA": "ozz",
		"ozzzzzzzz0sZ9AMZqrI80nbIq8xr": "ozzzzzzzzz", // 22 random letters
		"ozzzzzzzzzsZ9AMZqrI80nbIq8xr": "",           // 21
		"ozzzzzzzzzzzzzzzzzzzzzzzzzzz": "",
		"o-_zzzzzzzzzzzzzzzzzzzzzzzzz": "oz",
	} {
		e := card.Ext{CardID: "pjZ8Yt1XGILfi-FUsewpnnolGgZk", OpenID: openid, Timestamp: 1_700_000_000}
		signed, ok := sign(t, e, "IpK_1T69hDhZkLQTlwsAX9rTjR1Qm3kZ7a0BcDeFgHiJk", true)
		for range 5 { // of 22 letters few are drawn
			if !ok {
				signed, ok = sign(t, e, "IpK_1T69hDhZkLQTlwsAX9rTjR1Qm3kZ7a0BcDeFgHiJk", true)
			}
		}
		if ok != (prefix != "") || ok && (!strings.HasPrefix(signed.NonceStr, prefix) || signed.NonceStr < openid || signed.NonceStr > e.CardID) {
			t.Errorf("%s: got nonce %q, %v", openid, signed.NonceStr, ok)
		}
		// The ticket keeps them apart itself.
		if signed, ok := sign(t, e, "ozzzzzzzzzzzzzzzzzzzzzzzzzzzzz", true); !ok || !nonce32.MatchString(signed.NonceStr) {
			t.Errorf("%s: got nonce %q, %v", openid, signed.NonceStr, ok)
		}
	}
}

// TestNobodyHonestIsRefused draws ten thousand users for each of some cards. Where openid and code are both letters, a card can
// be such that its border to the code stays open.
func TestNobodyHonestIsRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	none := func() string { return "" }
	openid := func() string { return "o" + textOf(r, words, 27) }
	number := func() string { return textOf(r, digits, 1+r.IntN(20)) }
	code := func() string { return textOf(r, alnums, 8+r.IntN(13)) }
	cards := []string{
		"pjZ8Yt1XGILfi-FUsewpnnolGgZk", "pSandboxMember00000000000001", "pzyxXP_CMMgB4ZcshitgYJo0DFfB", "pz_ppq-zzpqp-zpzqpzzpp-zqzpz",
		"pppppppppppppppppppppppppppp",
	}
	for range 15 {
		cards = append(cards, "p"+textOf(r, words, 27))
	}
	for i, cardID := range cards {
		for _, kind := range []struct {
			name         string
			openid, code func() string
			anyCard      bool
		}{
			{"nothing", none, none, true},
			{"openid", openid, none, true},
			{"digits", none, number, true},
			{"openid and digits", openid, number, true},
			{"letters", none, code, false},
		} {
			if !kind.anyCard && i == 4 {
				continue
			}
			n := 500
			if kind.name == "openid" {
				n = 10_000
			}
			for range racetest.Fewer(n) {
				e := card.Ext{CardID: cardID, OpenID: kind.openid(), Code: kind.code()}
				s := signer.New(func(context.Context, credential.Kind) (string, error) { return textOf(r, words, 86), nil }, time.Now)
				if _, err := s.AddCard(t.Context(), nil, []card.Ext{e}, true); err != nil {
					t.Errorf("%s: %+v: %v", kind.name, e, err)
				}
			}
		}
	}
}

// TestPhoneTakesNoOtherCard moves the borders of what is signed for clients who choose their values for it, and shows the
// sandbox's phone every card that comes out.
func TestPhoneTakesNoOtherCard(t *testing.T) {
	w := accounttest.New(t, nil)
	s := signer.New(w.Credential, w.Clock.Now)
	ticket, err := w.Credential(t.Context(), credential.APITicket)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(9, 10))
	for range 100 {
		e := card.Ext{CardID: "p" + textOf(r, "zqp", 27), OpenID: "o" + textOf(r, "pq", 27)}
		if r.IntN(2) == 0 {
			e.Code = "p" + textOf(r, "0pz", 19)
		}
		list := []card.Ext{e}
		if _, err := s.AddCard(t.Context(), nil, list, r.IntN(3) > 0); err != nil {
			continue
		}
		e = list[0]
		readings(e, ticket, card.Values, func(other reading) bool {
			for _, names := range [][]string{{"nonce_str", "code", "openid"}, {"balance", "nonce_str", "code"}} {
				ext := map[string]string{"timestamp": strconv.FormatInt(e.Timestamp, 10), "signature": e.Signature(ticket)}
				for i, v := range other.values {
					ext[names[i]] = v
				}
				text, err := json.Marshal(ext)
				if err != nil {
					t.Fatal(err)
				}
				body, err := json.Marshal(map[string]any{"cardList": []any{map[string]string{"cardId": other.cardID, "cardExt": string(text)}}})
				if err != nil {
					t.Fatal(err)
				}
				if answer := w.Phone(t, "addCard", body); answer["reason"] != "signature" && answer["reason"] != "balance" {
					t.Fatalf("%+v was signed, and the phone says %v of %s", e, answer, body)
				}
			}
			return true
		})
	}
}
