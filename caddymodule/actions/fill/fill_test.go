package fill_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// fillRoute is a site that fills what BACKEND answers.
const fillRoute = `
	wechat_card fill {
		card p1 p2 pMember
	}
	reverse_proxy BACKEND`

// jsonBackend answers with a body of type JSON.
func jsonBackend(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		fmt.Fprint(w, body)
	}
}

// addCard takes the first signed card in a text, and lets the sandbox's phone add it.
func addCard(s *sitetest.Site, id, ext string) string {
	s.T.Helper()
	list, err := json.Marshal(map[string]any{"cardList": []any{map[string]string{"cardId": id, "cardExt": ext}}})
	if err != nil {
		s.T.Fatal(err)
	}
	return s.Phone("addCard", string(list))
}

func TestFill(t *testing.T) {
	const before = "{\"code\" : 0,\r\n\t\"price\":1.50, \"name\":\"\\u4f1a\\/<b>\",\"card\":{ \"cardExt\" : {\"outer_str\":\"会员\\u0022\", \"fixed_begintimestamp\": 1800000000, \"code\":null} ,\"cardId\": \"p1\"}, \"more\":"
	const after = `,"extraData": {"card_id":"pMember"} , "list":[{"cardId":"p2","cardExt":{}},{"cardId":"p2","cardExt":"signed"},{"cardId":"p9"}]} `
	s := sitetest.NewListening(t, fillRoute, jsonBackend(before+`{"appId":"wx1","extraData":{"outer_str":"shop","card_id":"pMember"}}`+after))
	resp, body := s.Send("GET", "/")
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("got %d %s", resp.StatusCode, body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", "Content-Length": fmt.Sprint(len(body)),
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}

	var got struct {
		Card struct{ CardExt string }
		More struct {
			AppID     string
			ExtraData json.RawMessage
		}
		AppID     string
		ExtraData json.RawMessage
		List      []struct{ CardExt string }
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	encoded := func(text string) string {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(text)
		return strings.TrimSpace(b.String())
	}
	// all but the filled parts is as it was
	restored := strings.NewReplacer(
		encoded(got.Card.CardExt), "{\"outer_str\":\"会员\\u0022\", \"fixed_begintimestamp\": 1800000000, \"code\":null}",
		string(got.More.ExtraData), `{"outer_str":"shop","card_id":"pMember"}`,
		string(got.ExtraData)+`,"appId":"wxeb490c6f9b154ef9"`, `{"card_id":"pMember"}`,
		encoded(got.List[0].CardExt), `{}`,
	).Replace(body)
	if want := before + `{"appId":"wx1","extraData":{"outer_str":"shop","card_id":"pMember"}}` + after; restored != want {
		t.Errorf("got\n%s\nwhich is more than\n%s", body, want)
	}

	// the cards are good, each with a nonce of its own
	var exts [2]map[string]string
	for i, card := range []struct{ id, ext string }{{"p1", got.Card.CardExt}, {"p2", got.List[0].CardExt}} {
		if err := json.Unmarshal([]byte(card.ext), &exts[i]); err != nil {
			t.Fatal(err)
		}
		if said := addCard(s.Site, card.id, card.ext); !strings.Contains(said, `"errMsg":"addCard:ok"`) {
			t.Errorf("the phone says %s of %s", said, card.ext)
		}
	}
	if ext := exts[0]; ext["outer_str"] != `会员"` || ext["fixed_begintimestamp"] != "1800000000" || len(ext) != 5 {
		t.Errorf("got %v", ext)
	}
	if ext := exts[1]; len(ext) != 3 || ext["nonce_str"] == exts[0]["nonce_str"] {
		t.Errorf("got %v", ext)
	}
	if got.More.AppID != "wx1" || got.AppID != "wxeb490c6f9b154ef9" {
		t.Errorf("got appIds %q and %q", got.More.AppID, got.AppID)
	}
	for i, extra := range []string{string(got.ExtraData), string(got.More.ExtraData)} {
		said := s.Phone("openComponent", `{"appId":"wxeb490c6f9b154ef9","extraData":`+extra+`}`)
		if !strings.Contains(said, `"errMsg":"navigateToMiniProgram:ok"`) || !strings.HasPrefix(extra, `{"encrypt_card_id":"`) ||
			!strings.Contains(extra, []string{`"outer_str":""`, `"outer_str":"shop"`}[i]) {
			t.Errorf("the phone says %s of %s", said, extra)
		}
	}
}

// TestFillOpenID has a backend say who the user is.
func TestFillOpenID(t *testing.T) {
	s := sitetest.NewListening(t, fillRoute, jsonBackend(`{"cardId":"p1","cardExt":{"openid":"oUser-7_90123456789012345678","code":"123"}}`))
	resp, body := s.Send("GET", "/")
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, `\"openid\":\"oUser-7_90123456789012345678\"`) {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}

// TestFillRefuses looks at cards that cannot be signed.
func TestFillRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, body    string
		status        int
		reason, about string
	}{
		{"a card that is not listed", `{"cardId":"p9","cardExt":{}}`, 403, problem.ReasonCardNotAllowed, "card p9"},
		{"one among others", `[{"cardId":"p1","cardExt":{}},{"cardId":"p9","cardExt":{}}]`, 403, problem.ReasonCardNotAllowed, "card p9"},
		{"a member card that is not listed", `{"extraData":{"card_id":"p9"}}`, 403, problem.ReasonCardNotAllowed, "card p9"},
		{"no card_id", `{"cardId":"a b","cardExt":{}}`, 400, problem.ReasonInvalidRequest, "card_id"},
		{"a field that is unknown", `{"cardId":"p1","cardExt":{"balance":"1"}}`, 400, problem.ReasonInvalidRequest, "balance"},
		{"a code that is no text", `{"cardId":"p1","cardExt":{"code":1}}`, 400, problem.ReasonInvalidRequest, "code is not a string"},
		{"a code that is too long", `{"cardId":"p1","cardExt":{"code":"123456789012345678901"}}`, 400, problem.ReasonInvalidRequest, "code"},
		{"a code with a card in it", `{"cardId":"p1","cardExt":{"code":{"cardId":"p2","cardExt":{}}}}`, 400, problem.ReasonInvalidRequest, "code is not a string"},
		{"a card_id for an openid", `{"cardId":"p1","cardExt":{"openid":"pjZ8Yt1XGILfi-FUsewpnnolGgZk"}}`, 400, problem.ReasonInvalidRequest, "openid"},
		{"a blank in an openid", `{"cardId":"p1","cardExt":{"openid":"o 1"}}`, 400, problem.ReasonInvalidRequest, "openid"},
		{"a short openid", `{"cardId":"p1","cardExt":{"openid":"oUser-7"}}`, 400, problem.ReasonInvalidRequest, "openid"},
		{"a long openid", `{"cardId":"p1","cardExt":{"openid":"op1Pj9jr90_SQRaVqYI239Ka1erkIq"}}`, 400, problem.ReasonInvalidRequest, "openid"},
		{"an openid and more", `{"cardId":"p1","cardExt":{"openid":"oUser-7_90123456789012345678901234567890123456789012345678901234"}}`, 400, problem.ReasonInvalidRequest, "openid"},
		{"what is good for another card", `{"cardId":"p1","cardExt":{"openid":"ozzzzzzzzzzzz90_SQRaVqYI239K"}}`, 400, problem.ReasonInvalidRequest, "another card"},
		{"control characters", `{"cardId":"p1","cardExt":{"outer_str":"a\nb"}}`, 400, problem.ReasonInvalidRequest, "outer_str"},
		{"half a pair", `{"cardId":"p1","cardExt":{"outer_str":"\ud83d"}}`, 400, problem.ReasonInvalidRequest, "outer_str"},
		{"not UTF-8", "{\"cardId\":\"p1\",\"cardExt\":{\"outer_str\":\"\xff\"}}", 400, problem.ReasonInvalidRequest, "outer_str"},
		{"a time that is none", `{"cardId":"p1","cardExt":{"fixed_begintimestamp":1.5}}`, 400, problem.ReasonInvalidRequest, "fixed_begintimestamp"},
		{"a time that is below zero", `{"cardId":"p1","cardExt":{"fixed_begintimestamp":-5}}`, 400, problem.ReasonInvalidRequest, "fixed_begintimestamp"},
		{"an outer_str that is no text", `{"extraData":{"card_id":"pMember","outer_str":7}}`, 400, problem.ReasonInvalidRequest, "outer_str is not a string"},
		{"a card that has no component", `{"extraData":{"card_id":"pCustom"}}`, 422, problem.ReasonWechatRejected, "refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := sitetest.NewListening(t, `
	wechat_card fill {
		card p1 pMember pCustom
	}
	reverse_proxy BACKEND`, func(w http.ResponseWriter, r *http.Request) {
				h := w.Header()
				h.Set("Content-Type", "application/json")
				h.Set("Set-Cookie", "sid=1")
				h.Set("Access-Control-Allow-Origin", "*")
				for _, name := range []string{"Etag", "Last-Modified", "Content-Digest", "Content-Language", "Expires", "Location", "Content-Disposition"} {
					h.Set(name, "x")
				}
				h.Set("Cache-Control", "max-age=60")
				fmt.Fprint(w, tc.body)
			})
			w := s.Get("/")
			problemtest.Want(t, w, tc.status, tc.reason, tc.about)
			want := []string{"Access-Control-Allow-Origin", "Cache-Control", "Content-Language", "Content-Length", "Content-Type", "Date", "Server", "Set-Cookie", "Vary", "Via", "X-Content-Type-Options"}
			for name := range w.Header() {
				if !slices.Contains(want, name) || w.Header().Get(name) == "x" {
					t.Errorf("the answer has %s: %s", name, w.Header().Get(name))
				}
			}
			// The length is the server's to say: the backend's is gone.
			if w.Header().Get("Set-Cookie") != "sid=1" || w.Header().Get("Content-Length") != "" {
				t.Errorf("got header %v", w.Header())
			}
		})
	}
}

func TestFillErrorsCaddy(t *testing.T) {
	s := sitetest.NewListening(t, `
	wechat_card fill {
		card p1
		errors caddy
	}
	reverse_proxy BACKEND
	handle_errors {
		respond "{err.status_code} {err.message}"
	}`, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"1"`)
		jsonBackend(`{"cardId":"p9","cardExt":{}}`)(w, r)
	})
	resp, body := s.Send("GET", "/")
	if resp.StatusCode != http.StatusForbidden || body != "403 the backend's answer: card p9 is not handed out here" ||
		resp.Header.Get("Etag") != "" || resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %s %v", resp.StatusCode, body, resp.Header)
	}
}

// TestFillWithoutTicket makes WeChat fail.
func TestFillWithoutTicket(t *testing.T) {
	s := sitetest.New(t, `
	route {
		wechat_card fill {
			card *
		}
		header Content-Type application/json
		respond /card   `+"`{\"cardId\":\"p1\",\"cardExt\":{}}`"+`
		respond /member `+"`{\"extraData\":{\"card_id\":\"p1\"}}`"+`
		respond "[]"
	}`)
	sitetest.Fail(t, s.WeChat, sandbox.Fault{Path: "/cgi-bin/stable_token", ErrCode: 40164})
	for _, target := range []string{"/card", "/member"} {
		w := s.Get(target)
		problemtest.Want(t, w, http.StatusServiceUnavailable, problem.ReasonCredentialUnavailable, "no usable")
		if w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: there is no Retry-After", target)
		}
	}
	if w := s.Get("/"); w.Code != http.StatusOK || w.Body.String() != "[]" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestFillChain puts fill in front of itself, of inject and of actions that answer.
func TestFillChain(t *testing.T) {
	s := sitetest.NewListening(t, `
	route {
		wechat_card fill {
			card *
		}
		wechat_card /add add_card {
			card p1
		}
		wechat_card fill {
			card p1
		}
		wechat_card inject {
			header X-Wechat-Api-Ticket api_ticket
		}
		reverse_proxy BACKEND
	}`, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Got", r.Header.Get("X-Wechat-Api-Ticket"))
		jsonBackend(`{"cardId":"p1","cardExt":{}}`)(w, r)
	})
	for _, target := range []string{"/", "/add"} {
		resp, body := s.Send("GET", target)
		var card struct {
			CardExt  string
			CardList []struct{ CardExt string }
		}
		if err := json.Unmarshal([]byte(body), &card); err != nil {
			t.Fatal(err)
		}
		if target == "/add" {
			card.CardExt = card.CardList[0].CardExt
		} else if resp.Header.Get("X-Got") != s.Ticket {
			t.Error("inject did not work")
		}
		if said := addCard(s.Site, "p1", card.CardExt); !strings.Contains(said, "addCard:ok") {
			t.Errorf("%s: the phone says %s", target, said)
		}
	}
}

// TestFillEmptyArray fills what PHP's json_encode makes of an empty array.
func TestFillEmptyArray(t *testing.T) {
	s := sitetest.NewListening(t, fillRoute, jsonBackend(`{"cardList":[{"cardId":"p1","cardExt":[]},{"cardExt":[ ],"cardId":"p2"},{"cardId":"p2","cardExt":[{}]}]}`))
	resp, body := s.Send("GET", "/")
	var got struct {
		CardList []struct{ CardExt json.RawMessage }
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("got %d %s", resp.StatusCode, body)
	}
	for i, id := range []string{"p1", "p2"} {
		var ext string
		if err := json.Unmarshal(got.CardList[i].CardExt, &ext); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if said := addCard(s.Site, id, ext); !strings.Contains(said, `"errMsg":"addCard:ok"`) {
			t.Errorf("the phone says %s of %s", said, ext)
		}
	}
	if last := string(got.CardList[2].CardExt); last != `[{}]` {
		t.Errorf("got %s", last)
	}
}
