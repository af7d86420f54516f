package request_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/request"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// The shapes of the actions.
var (
	addCard   = &request.Shape{Fields: field.SetOf(field.OuterStr, field.Code, field.OpenID, field.FixedBegin), IDList: true, Cards: true, Answer: true, Max: 5}
	openCard  = &request.Shape{Fields: field.SetOf(field.Code), Cards: true, CardList: true, Max: 5}
	choose    = &request.Shape{Fields: field.SetOf(field.CardType, field.ShopID), Max: 1}
	component = &request.Shape{Fields: field.SetOf(field.OuterStr), Max: 1}
	jsConfig  = &request.Shape{Fields: field.SetOf(field.PageURL)}
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// read reads a GET with a query, or where there is a type a POST with a body.
func read(sh *request.Shape, query, mediaType, body string) (string, *problem.Problem) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if mediaType != "" {
		r = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", mediaType)
	}
	r.URL.RawQuery = query
	var q request.Cards
	if err := q.Read(r, sh); err != nil {
		return "", problem.Of(err, time.Time{})
	}
	show := func(texts *field.Texts) (s string) {
		for f := range field.Count {
			if t := texts[f]; !t.Absent() {
				s += " " + f.Name() + "=" + t.S + string(t.Fault)
			}
		}
		return s
	}
	if len(q.IDs) == 0 {
		return "none" + show(&q.Shared), nil
	}
	var cards []string
	for i, id := range q.IDs {
		cards = append(cards, id+show(q.Texts(i)))
	}
	return strings.Join(cards, "|"), nil
}

// want reads pairs as a query and as a form.
func want(t *testing.T, sh *request.Shape, pairs, want string) {
	t.Helper()
	for _, got := range []func() (string, *problem.Problem){
		func() (string, *problem.Problem) { return read(sh, pairs, "", "") },
		func() (string, *problem.Problem) { return read(sh, "", formType, pairs) },
	} {
		if got, p := got(); p != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", pairs, got, p, want)
		}
	}
}

// refused wants the 400 that names the right spelling.
func refused(t *testing.T, what string, p *problem.Problem, spelling string) {
	t.Helper()
	if p == nil || p.Status != http.StatusBadRequest || p.Reason != problem.ReasonInvalidRequest || !strings.Contains(p.Detail, spelling) {
		t.Errorf("%s: got %+v, want a 400 that says %q", what, p, spelling)
	}
}

func TestBrackets(t *testing.T) {
	for pairs, is := range map[string]string{
		"card_id[]=p1":                           "p1",
		"card_id[]=p1&card_id[]=p2":              "p1|p2",
		"card_id%5B%5D=p1&card_id%5b%5d=p2":      "p1|p2",
		"card_id[0]=p1":                          "p1",
		"card_id%5B0%5D=p1&card_id%5B1%5D=p2":    "p1|p2",
		"card_id[1]=p1&card_id[0]=p2":            "p1|p2",
		"card_id[7]=p1&card_id[99999999999]=p2":  "p1|p2",
		"card_id[0]=p1&card_id[0]=p2":            "p1|p2",
		"card_id[]=p1,p2&card_id=p3&card_id[]=p": "p1|p2|p3|p",
		"card_id[]=p1&outer_str=x":               "p1 outer_str=x",
		"cards[0][card_id]=p1":                   "p1",
		"cards[0][card_id]=p1&cards[0][outer_str]=a+b&cards[1][card_id]=p2&cards[1][code]=1":                        "p1 outer_str=a b|p2 code=1",
		"cards%5B0%5D%5Bcard_id%5D=p1&cards%5B0%5D%5Bopenid%5D=o":                                                   "p1 openid=o",
		"cards[1][outer_str]=b&cards[0][outer_str]=a&cards[1][card_id]=p2&cards[0][card_id]=p1&x=1":                 "p1 outer_str=a|p2 outer_str=b",
		"cards[8][card_id]=p1&cards[3][card_id]=p2":                                                                 "p2|p1",
		"cards[10][card_id]=p1&cards[9][card_id]=p2&cards[99999999999999999999][card_id]=p3&cards[000][card_id]=p4": "p4|p2|p1|p3",
		"cards[0][card_id]=p1&cards[00][outer_str]=x":                                                               "p1 outer_str=x",
		"cards[" + strings.Repeat("9", 400) + "][card_id]=p1":                                                       "p1",
		"cards[0][card_id]=p1&cards[0][code]=1&cards[0][code]=2":                                                    "p1 code=1is given twice",
		"cards[0][card_id]=p1&outer_str=x":                                                                          "p1 outer_str=stands beside cards, not in it",
		"cards[0][card_id]=p1&cards[0][code]=%zz":                                                                   "p1 code=is not valid percent-encoding",
	} {
		want(t, addCard, pairs, is)
	}
	want(t, openCard, "card_id[]=p1&code=1", "p1 code=1")
	want(t, openCard, "cards[0][card_id]=p1&cards[0][code]=1&cards[1][card_id]=p2&cards[1][encrypt_code]=2", "p1 code=1|p2 code=2")
	want(t, choose, "card_id[0]=p1&card_type=CASH", "p1 card_type=CASH")
	want(t, component, "card_id[]=p1&outer_str=x", "p1 outer_str=x")

	for pairs, spelling := range map[string]string{
		"cards[0][card_id]=p1&card_id=p2":                         "exclude each other",
		"cards[0][outer_str]=x":                                   "card_id",
		"cards[0][card_id]=":                                      "card_id",
		"cards[0][card_id]=p1&cards[0][card_id]=p1":               "card_id is given twice",
		"cards[0][card_id]=%zz":                                   "card_id",
		"cards[0][card_id]=p1&cards[0][foo]=x":                    "'foo'",
		"cards[0][card_id]=p1&cards[0][isSuccess]=x":              "'isSuccess'",
		strings.Repeat("card_id[]=p1&", 6):                        "5",
		"card_id[]=p1,p2,p3,p4,p5,p6":                             "5",
		"card_id=p1&cards[0][card_id]=p2&cards[0][outer_str]=abc": "exclude each other",
	} {
		_, p := read(addCard, pairs, "", "")
		refused(t, pairs, p, spelling)
		_, p = read(addCard, "", formType, pairs)
		refused(t, pairs, p, spelling)
	}
	var many strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&many, "cards[%d][outer_str]=x&", i)
	}
	_, p := read(addCard, many.String(), "", "")
	refused(t, "many", p, "5")
	_, p = read(choose, "card_id[]=p1&card_id[]=p2", "", "")
	refused(t, "two", p, "card_id is given twice")
}

// TestLookAlikes: a name that nearly is one of those that choose cards is refused wherever it stands, and says how to write it.
func TestLookAlikes(t *testing.T) {
	ids := []string{
		"cardId", "cardID", "CARD_ID", "Card_Id", "cardid", "card__id", "_card_id", "card_id_", "c_a_r_d_i_d", "card_ids", "cardIds", "cardIDs", "CARDIDS",
		"card_id[x]", "card_id[-1]", "card_id[ 0]", "card_id[0", "card_id[", "card_id[0]x", "card_id[][]", "card_id[0][1]", "card_id[1.5]", "cardId[]", "cardId[0]", "card_ids[]", "card_ids[0][id]",
	}
	lists := []string{
		"Cards", "CARDS", "cards_", "card_s", "cards[]", "cards[0]", "cards[0", "cards[x][card_id]", "cards[][card_id]", "cards[0][cardId]", "cards[0][card_ids]", "cards[0][card_id][]",
		"cards[0].card_id", "cards[-1][card_id]", "Cards[0][card_id]", "card_list", "cardlist", "CardList", "CARD_LIST", "cardList[]", "cardList[0]", "cardList[0][cardId]", "cardList[0][card_id]", "card_list[0].cardId",
	}
	for sh, spelling := range map[*request.Shape]string{addCard: "cards", openCard: "cards", choose: "card_id", component: "card_id"} {
		for _, name := range ids {
			wantLookAlike(t, sh, name, "card_id")
		}
		for _, name := range lists {
			wantLookAlike(t, sh, name, spelling)
			wantLookAlike(t, sh, name, "card_id")
		}
	}
	for _, name := range []string{"cards", "cardList"} {
		wantLookAlike(t, choose, name, "card_id")
		wantLookAlike(t, component, name, "card_id")
		for _, sh := range []*request.Shape{addCard, openCard} { // JSON has them, and forms cardList in open_card
			_, p := read(sh, name+"=%5B%7B%22card_id%22%3A%22p1%22%7D%5D", "", "")
			refused(t, name, p, "cards[0][card_id]")
		}
		_, p := read(addCard, "", formType, name+"=%5B%7B%22card_id%22%3A%22p1%22%7D%5D")
		refused(t, name, p, "cards[0][card_id]")
	}
	wantLookAlike(t, choose, "cardType", "card_type")
	wantLookAlike(t, choose, "CARD_TYPE[]", "card_type")
	wantLookAlike(t, choose, "card_type[0]", "card_type")
	wantLookAlike(t, choose, "shopId", "shop_id")
	wantLookAlike(t, choose, "SHOP_ID", "shop_id")
	wantLookAlike(t, choose, "shopid[x]", "shop_id")

	for _, name := range []string{
		"card", "id", "ids", "cards2", "cardsx", "xcards", "mycard_id", "card_idx", "card-id", "card_id ", " card_id", "cardListing", "cardſ", "[card_id]", "data[card_id]", "cards.0.card_id", "token", "_", "",
	} {
		for _, sh := range []*request.Shape{addCard, openCard, choose, component} {
			if name != "" {
				want(t, sh, url.QueryEscape(name)+"=p1", "none")
			}
			if got, p := read(sh, url.QueryEscape(name)+"=p1", jsonType, fmt.Sprintf("{%q:1}", name)); p != nil || got != "none" {
				t.Errorf("%q: got %q, %v", name, got, p)
			}
		}
	}
	for _, name := range []string{"cardType", "shopId", "shop_id", "card_type"} {
		want(t, addCard, name+"=1", "none")
	}
	for _, name := range append(append(ids, lists...), "card_id", "cards", "cardList") {
		want(t, jsConfig, url.QueryEscape(name)+"=p1", "none")
		if got, p := read(jsConfig, name+"=p1", jsonType, fmt.Sprintf("{%q:1}", name)); p != nil || got != "none" {
			t.Errorf("%q: got %q, %v", name, got, p)
		}
	}
}

// wantLookAlike sends a name wherever one can stand.
func wantLookAlike(t *testing.T, sh *request.Shape, name, spelling string) {
	t.Helper()
	for _, beside := range []string{"", "card_id=p1&"} {
		for _, pairs := range []string{name + "=p1", url.QueryEscape(name) + "=p1", name, name + "=", name + "=%zz"} {
			_, p := read(sh, beside+pairs, "", "")
			refused(t, "query "+beside+pairs, p, spelling)
			if _, p = read(sh, "", formType, beside+pairs); !(name == "cardList" && sh == openCard) {
				refused(t, "form "+beside+pairs, p, spelling)
			}
			for _, mediaType := range []string{jsonType, formType} {
				_, p = read(sh, "x=1&"+pairs, mediaType, "")
				refused(t, "query of a POST "+pairs, p, spelling)
			}
		}
	}
	for _, value := range []string{`"p1"`, `["p1"]`, `[]`, `null`, `""`, `{}`, `[{"card_id":"p1"}]`} {
		_, p := read(sh, "", jsonType, fmt.Sprintf("{%q:%s}", name, value))
		refused(t, "JSON "+name+" "+value, p, spelling)
		_, p = read(sh, "", jsonType, fmt.Sprintf(`{"card_id":"p1",%q:%s}`, name, value))
		refused(t, "JSON "+name+" "+value, p, spelling)
	}
}

func TestQueryOfPost(t *testing.T) {
	for _, sh := range []*request.Shape{addCard, openCard, choose, component} {
		for _, query := range []string{"card_id=p1", "card_id[]=p1", "card_id", "x=1&card%5Fid=p1", "cards[0][card_id]=p1", "cardList=x", "cards"} {
			for _, post := range [][2]string{{jsonType, ""}, {jsonType, "{}"}, {jsonType, `{"card_id":"p1"}`}, {formType, "card_id=p1"}, {"text/plain", ""}} {
				_, p := read(sh, query, post[0], post[1])
				refused(t, query, p, "card_id")
			}
		}
		if got, p := read(sh, "outer_str=%zz&code=1&url=x&_=1&%zz=1", jsonType, `{"card_id":"p1"}`); p != nil || got != "p1" {
			t.Errorf("got %q, %v", got, p)
		}
	}
	if got, p := read(jsConfig, "card_id=p1", formType, "url=https://a.example/"); p != nil || got != "none url=https://a.example/" {
		t.Errorf("got %q, %v", got, p)
	}
	for _, query := range []string{"card_type=CASH", "shopId=1"} {
		_, p := read(choose, query, jsonType, "{}")
		refused(t, query, p, "query of a POST")
	}
}

func TestEmptyCardID(t *testing.T) {
	for _, sh := range []*request.Shape{addCard, openCard, choose, component} {
		for _, pairs := range []string{"card_id=", "card_id", "card_id[]=", "card_id[0]", "card_id=p1&card_id=", "&card_id&", "card%5Fid="} {
			_, p := read(sh, pairs, "", "")
			refused(t, pairs, p, "card_id")
			_, p = read(sh, "", formType, pairs)
			refused(t, pairs, p, "card_id")
		}
		for _, body := range []string{`{"card_id":""}`, `{"card_id":null}`, `{"card_id":[]}`, `{"outer_str":"x","card_id":"","shop_id":""}`} {
			_, p := read(sh, "", jsonType, body)
			refused(t, body, p, "card_id")
		}
		for _, request := range [][3]string{{"", "", ""}, {"x=1", "", ""}, {"", jsonType, "{}"}, {"", jsonType, ""}, {"", formType, ""}, {"", formType, "x=1"}, {"", "text/plain", ""}} {
			if got, p := read(sh, request[0], request[1], request[2]); p != nil || got != "none" {
				t.Errorf("%q: got %q, %v", request, got, p)
			}
		}
	}
}

func TestJSONAsForm(t *testing.T) {
	for body, is := range map[string]string{
		`{"card_id":"p1"}`:                               "p1",
		" \r\n\t{\"card_id\":[\"p1\",\"p2\"]}":           "p1|p2",
		`{"cards":[{"card_id":"p1","outer_str":"a&b"}]}`: "p1 outer_str=a&b",
		`{"cardList":[{"cardId":"p1"}]}`:                 "p1",
		`{}`:                                             "none",
	} {
		for _, mediaType := range []string{formType, formType + "; charset=UTF-8", "Application/X-WWW-Form-urlencoded;charset=utf-8"} {
			if got, p := read(addCard, "", mediaType, body); p != nil || got != is {
				t.Errorf("%s: got %q, %v; want %q", body, got, p, is)
			}
		}
	}
	for _, body := range []string{`{`, `{"card_id":"p1"}x`, `[]`, `[{"card_id":"p1"}]`, `[card_id]=p1`, `{"card_id":"p1"}&x=1`, "\ufeff{\"card_id\":\"p1\"}", "{\"x\":\"\xff\"}"} {
		_, p := read(addCard, "", formType, body)
		refused(t, body, p, "")
	}
	if got, p := read(openCard, "", formType, `{"cardList":"[{\"card_id\":\"p1\",\"encrypt_code\":\"x+y\"}]"}`); p != nil || got != "p1 code=x+y" {
		t.Errorf("got %q, %v", got, p)
	}
}

// TestOwnAnswer: add_card reads the shape of its own answer.
func TestOwnAnswer(t *testing.T) {
	const signed = `"cardExt":"{\"timestamp\":\"1\",\"nonce_str\":\"n\",\"signature\":\"s\"}"`
	for body, is := range map[string]string{
		`{"cardList":[{"cardId":"p1"}]}`:                                               "p1",
		`{"cardList":[{"cardId":"p1"},{"card_id":"p2","outer_str":"x","code":"1"}]}`:   "p1|p2 outer_str=x code=1",
		`{"cardList":[{"cardId":"p1",` + signed + `},{` + signed + `,"cardId":"p2"}]}`: "p1|p2",
		`{"token":1,"cardList":[{"cardId":"p1","cardExt":""}]}`:                        "p1",
		`{"outer_str":"x","cardList":[{"cardId":"p1"}]}`:                               "p1 outer_str=stands beside cardList, not in it",
	} {
		if got, p := read(addCard, "", jsonType, body); p != nil || got != is {
			t.Errorf("%s: got %q, %v; want %q", body, got, p, is)
		}
	}
	for body, mention := range map[string]string{
		`{"cardList":[]}`:                                                             "cardList",
		`{"cardList":{}}`:                                                             "cardList",
		`{"cardList":null}`:                                                           "cardList",
		`{"cardList":"[]"}`:                                                           "cardList",
		`{"cardList":["p1"]}`:                                                         "cardList",
		`{"cardList":[{}]}`:                                                           "card_id",
		`{"cardList":[{"cardId":""}]}`:                                                "card_id",
		`{"cardList":[{"cardId":1}]}`:                                                 "cardId",
		`{"cardList":[{"cardId":"p1","card_id":"p1"}]}`:                               "card_id is given twice",
		`{"cardList":[{"cardId":"p1","isSuccess":true}]}`:                             "isSuccess",
		`{"cardList":[{"cardId":"p1","cardExt":{}}]}`:                                 "cardExt",
		`{"cardList":[{"cardId":"p1","cardExt":"{\"code\"}"}]}`:                       "cardExt",
		`{"cardList":[{"cardID":"p1"}]}`:                                              "card_id",
		`{"cardList":[{"cardId":"p1"}],"cardList":[]}`:                                "cardList",
		`{"cardList":[{"cardId":"p1"}],"cards":[]}`:                                   "cardList",
		`{"cardList":[{"cardId":"p1"}],"card_id":"p1"}`:                               "card_id",
		`{"card_id":"p1","cardList":[{"cardId":"p1"}]}`:                               "card_id",
		`{"cards":[{"cardId":"p1"}]}`:                                                 "card_id",
		`{"cards":[{"card_id":"p1","cardExt":""}]}`:                                   "cardExt",
		`{"cardList":[` + strings.Repeat(`{"cardId":"p1"},`, 5) + `{"cardId":"p1"}]}`: "5",
	} {
		_, p := read(addCard, "", jsonType, body)
		refused(t, body, p, mention)
	}
}

func TestEncryptCode(t *testing.T) {
	want(t, openCard, "card_id=p1&encrypt_code=a%2Bb", "p1 code=a+b")
	want(t, openCard, "card_id=p1&code=&encrypt_code=x", "p1 code=x")
	want(t, openCard, "card_id=p1&encrypt_code=x&code=", "p1 code=x")
	want(t, openCard, "card_id=p1&encrypt_code=x&code=y", "p1 code=xis given twice")
	want(t, openCard, "card_id=p1&encrypt_code=&code=&code=y", "p1 code=is given twice")
	want(t, addCard, "card_id=p1&encrypt_code=x", "p1") // means nothing there
	for body, is := range map[string]string{
		`{"card_id":"p1","encrypt_code":"x"}`:                                                    "p1 code=x",
		`{"cards":[{"card_id":"p1","encrypt_code":"x"},{"card_id":"p2","code":"y"}]}`:            "p1 code=x|p2 code=y",
		`{"cardList":[{"cardId":"p1","code":"","encrypt_code":"x"},{"cardId":"p2","code":"y"}]}`: "p1 code=x|p2 code=y",
		`{"cardList":[{"cardId":"p1","code":"x","encrypt_code":""}]}`:                            "p1 code=x",
		`{"cardList":"[{\"card_id\":\"p1\",\"encrypt_code\":\"x\"}]"}`:                           "p1 code=x",
		`{"card_id":"p1","encrypt_code":"x","code":"y"}`:                                         "p1 code=xis given twice",
	} {
		if got, p := read(openCard, "", jsonType, body); p != nil || got != is {
			t.Errorf("%s: got %q, %v; want %q", body, got, p, is)
		}
	}
}
