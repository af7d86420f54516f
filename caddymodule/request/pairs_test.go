package request

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// What names mean, written down a second time.
var (
	repeated = regexp.MustCompile(`^card_id(\[[0-9]*\])?$`)
	ofCard   = regexp.MustCompile(`^cards\[([0-9]+)\]\[([^\[\]]*)\]$`)
	family   = regexp.MustCompile(`^_*[cC]_*[aA]_*[rR]_*[dD]_*([iI]_*[dD]_*([sS]_*)?|[sS]_*|[lL]_*[iI]_*[sS]_*[tT]_*)(\[|$)`)
)

// asked is what a query asks for, read by other means.
type asked struct {
	ids    []string
	shared map[string][]string
	own    []map[string][]string // by the card
}

var errAsked = errors.New("refused")

// ask reads a query slowly.
func ask(raw string, limit int) (a asked, err error) {
	a.shared = make(map[string][]string)
	var numbers []*big.Int
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr != nil {
			continue
		}
		m := ofCard.FindStringSubmatch(name)
		switch {
		case repeated.MatchString(name):
			if valueErr != nil || value == "" || value[0] == '[' {
				return a, errAsked
			}
			a.ids = append(a.ids, strings.Split(value, ",")...)
		case m != nil:
			if !slices.Contains([]string{"card_id", "outer_str", "code"}, m[2]) {
				return a, errAsked
			}
			number, _ := new(big.Int).SetString(m[1], 10)
			i, found := slices.BinarySearchFunc(numbers, number, (*big.Int).Cmp)
			if !found {
				numbers = slices.Insert(numbers, i, number)
				a.own = slices.Insert(a.own, i, make(map[string][]string))
			}
			if m[2] == "card_id" && valueErr != nil {
				return a, errAsked
			}
			if valueErr != nil {
				value = "%"
			}
			a.own[i][m[2]] = append(a.own[i][m[2]], value)
		case family.MatchString(name):
			return a, errAsked
		case name == "outer_str" || name == "code":
			if valueErr != nil {
				value = "%"
			}
			a.shared[name] = append(a.shared[name], value)
		}
	}
	if len(a.own) > 0 && len(a.ids) > 0 {
		return a, errAsked
	}
	for _, own := range a.own {
		if len(own["card_id"]) != 1 || own["card_id"][0] == "" {
			return a, errAsked
		}
		a.ids = append(a.ids, own["card_id"][0])
	}
	if len(a.ids) > limit {
		return a, errAsked
	}
	return a, nil
}

// FuzzReadPairs compares what is read with what another reader makes of it.
func FuzzReadPairs(f *testing.F) {
	for _, seed := range []string{
		``, `card_id=p1`, `card_id=p1,p2&card_id=p3`, `outer_str=a+b%2B%E4%B8%AD&x=%ZZ`, `%63ode=1&&=&code`, `code=1&code=2`, `outer_str=%`, `a=b=c;d&outer_str=;`,
		`card_id[]=p1&card_id%5B%5D=p2`, `card_id[0]=p1&card_id[7]=p2,p3`, `card_id[x]=p1`, `card_id=`, `card_id`, `card_ids=1`, `CardID=1`, `cardList[0][cardId]=p1`,
		`cards[0][card_id]=p1&cards[0][outer_str]=o&cards[1][card_id]=p2`, `cards%5B1%5D%5Bcard_id%5D=p1&cards[0][card_id]=p2`, `cards[0][card_id]=p1&cards[0][card_id]=p1`,
		`cards[0][outer_str]=o`, `cards[0][x]=o`, `cards[][card_id]=p1`, `cards[0]=p1`, `cards[0].card_id=p1`, `cards.0.card_id=p1`, `c_a_r_d_s=`, `cards[00][card_id]=p1&cards[0][card_id]=p2`,
		`card_id=%5B%22p1%22%5D`, `cards=%5B%5D`, `card_id[`, `card_id]`, `card_id[]]=1`, `card_id[][]=1`, `cards[1][card_id][]=p1`, `cards[1][code]=%&cards[1][card_id]=p1`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) { compareReading(t, raw) })
}

// TestReadPairsAtRandom does the same with queries of pieces that matter.
func TestReadPairsAtRandom(t *testing.T) {
	pieces := []string{
		"card_id", "cards", "cardList", "card_ids", "CARD", "card", "_", "Id", "s", "outer_str", "code", "cardId", "x", "[", "]", "[]", "[0]", "[1]", "[00]", "[12]", "[card_id]", "[outer_str]", "[code]", "[x]",
		"=", "=", "=p1", "=p2,p3", "=%5B", "&", "&", "&", "%5B", "%5D", "%", "+", ".", " ", "&cards[0][card_id]=p1&", "&cards[1][card_id]=p2&", "&card_id[]=p1&",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var raw strings.Builder
		for range random.IntN(12) {
			raw.WriteString(pieces[random.IntN(len(pieces))])
		}
		compareReading(t, raw.String())
		if t.Failed() {
			t.Fatalf("it was %q", raw.String())
		}
	}
}

// compareReading reads a query in both ways.
func compareReading(t *testing.T, raw string) {
	t.Helper()
	sh := Shape{Fields: field.SetOf(field.OuterStr, field.Code), IDList: true, Cards: true, Max: 100}
	var q Cards
	err := q.readPairs(raw, &sh, false)
	want, refused := ask(raw, sh.Max)
	if (err != nil) != (refused != nil) {
		t.Fatalf("%q: got error %v, want %v", raw, err, refused)
	}
	if err != nil {
		if p := problem.Of(err, time.Time{}); p == nil || p.Status != 400 || p.Reason != problem.ReasonInvalidRequest {
			t.Fatalf("%q: got %v", raw, err)
		}
		return
	}
	if !slices.Equal(q.IDs, want.ids) || len(q.Own) != len(want.own) {
		t.Fatalf("%q: got ids %q and the fields of %d, want %q and %d", raw, q.IDs, len(q.Own), want.ids, len(want.own))
	}
	for _, f := range []field.Field{field.OuterStr, field.Code} {
		compare := func(got field.Text, values []string) {
			switch {
			case len(values) > 1:
				if got.Fault != field.FaultTwice {
					t.Errorf("%s: got %+v of %q", f.Name(), got, values)
				}
			case len(values) == 1 && values[0] == "%" && got.S != "%":
				if got.Fault != field.FaultEscape {
					t.Errorf("%s: got %+v", f.Name(), got)
				}
			case got.Fault != "" || got.S != strings.Join(values, ""):
				t.Errorf("%s: got %+v, want %q", f.Name(), got, values)
			}
		}
		switch {
		case len(want.own) == 0:
			compare(q.Shared[f], want.shared[f.Name()])
		case !q.Shared[f].Absent(): // stands beside the cards
			for i := range q.Own {
				if q.Own[i][f].Fault == "" {
					t.Errorf("got %+v", q.Own[i])
				}
			}
		default:
			for i := range q.Own {
				compare(q.Own[i][f], want.own[i][f.Name()])
			}
		}
	}
}
