package cards

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// got is a card as /card/get gives it.
const got = `{"card_type":"MEMBER_CARD","member_card":{"prerogative":"九折","wx_activate":true,
	"custom_field1":{"name_type":"FIELD_NAME_TYPE_LEVEL","url":"https://a.example/?a=1&b=2"},
	"base_info":{"id":"p1","status":"CARD_STATUS_VERIFY_OK","title":"会员卡","color":"#63b359","create_time":1700000000,
		"sku":{"quantity":9,"total_quantity":10},"use_custom_code":false,"get_limit":12345678901234567890,
		"custom_app_brand_user_name":"gh_1@app","custom_app_brand_pass":"pages/a"}}}`

func parsed(t *testing.T, raw string) Card {
	t.Helper()
	c, err := Parse([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParse(t *testing.T) {
	for raw, want := range map[string]string{
		got:                    "",
		`{"card":` + got + `}`: "",
		`{"errcode":0,"card":{"card_type":"GIFT","gift":{}}}`: "",
		``:                                   "no JSON object",
		`[]`:                                 "no JSON object",
		`null`:                               "no JSON object",
		`{} {}`:                              "something follows",
		`{"member_card":{}}`:                 "no card_type",
		`{"card_type":"GIFT","cash":{}}`:     "no object gift",
		`{"card_type":"GIFT","gift":"gift"}`: "no object gift",
	} {
		_, err := Parse([]byte(raw))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", raw, err, want)
		}
	}
}

func TestDiffAndUpdateRequest(t *testing.T) {
	colours := Documented()
	for _, tc := range []struct {
		name, wanted, request, fails string
	}{
		{name: "the same", wanted: got},
		{name: "what WeChat sets, and the stock", wanted: `{"base_info":{"id":"p2","status":"X","create_time":1,"sku":{"quantity":3}}}`},
		{name: "the same colour", wanted: `{"base_info":{"color":"Color010"}}`},
		{name: "the same colour in capitals", wanted: `{"base_info":{"color":"#63B359"}}`},
		{
			name: "a colour by its value", wanted: `{"base_info":{"color":"#CC463D"}}`,
			request: `{"card_id":"p1","member_card":{"base_info":{"color":"Color100"}}}`,
		},
		{
			name: "a colour by a name that only WeChat may know", wanted: `{"base_info":{"color":"Color777"}}`,
			request: `{"card_id":"p1","member_card":{"base_info":{"color":"Color777"}}}`,
		},
		{name: "a colour that has no name", wanted: `{"base_info":{"color":"#123456"}}`, fails: "one of Color010"},
		{
			name:    "on both levels, without escapes",
			wanted:  `{"card":{"card_type":"MEMBER_CARD","member_card":{"wx_activate":false,"base_info":{"title":"\u65b0 & <b>"}}}}`,
			request: `{"card_id":"p1","member_card":{"base_info":{"title":"新 & <b>"},"wx_activate":false}}`,
		},
		{
			name: "part of an object", wanted: `{"base_info":{},"custom_field1":{"url":"https://b.example/"}}`,
			request: `{"card_id":"p1","member_card":{"custom_field1":{"name_type":"FIELD_NAME_TYPE_LEVEL","url":"https://b.example/"}}}`,
		},
		{
			name: "a number as it is", wanted: `{"base_info":{"get_limit":12345678901234567891}}`,
			request: `{"card_id":"p1","member_card":{"base_info":{"get_limit":12345678901234567891}}}`,
		},
		{name: "how it gets its codes", wanted: `{"base_info":{"use_custom_code":true}}`, fails: "use_custom_code cannot be updated"},
		{name: "another type", wanted: `{"card_type":"GIFT","gift":{}}`, fails: "this is for a GIFT"},
		{name: "nothing of a card", wanted: `{"title":"x"}`, fails: "neither an object member_card"},
		{name: "no object", wanted: `"x"`, fails: "no JSON object"},
		{name: "a base_info that is none", wanted: `{"member_card":{"base_info":7}}`, fails: "base_info is no object"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			card := parsed(t, got)
			wanted, err := ParseUpdate([]byte(tc.wanted), card.Type)
			var changes []Change
			if err == nil {
				changes, err = card.Diff(wanted, colours)
			}
			if tc.fails != "" || err != nil {
				if err == nil || tc.fails == "" || !strings.Contains(err.Error(), tc.fails) {
					t.Errorf("got %v, want %q", err, tc.fails)
				}
				return
			}
			request := ""
			if len(changes) > 0 {
				request = string(card.UpdateRequest("p1", changes))
			}
			if request != tc.request {
				t.Errorf("got %s\nwant %s", request, tc.request)
			}
		})
	}
}

func TestJump(t *testing.T) {
	target := func(text string) Target {
		t.Helper()
		to, err := ParseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		return to
	}
	card := parsed(t, got)
	wanted, err := card.Jump(map[string]Target{
		"custom":   target("gh_1@app:pages/a"), // as it is
		"center":   target("gh_86a091e50ad4@app:API/cardPage?x=1:2"),
		"activate": target("gh_86a091e50ad4@app:pages/activate"),
	}, map[string]string{"center": "立即使用"})
	if err != nil {
		t.Fatal(err)
	}
	changes, err := card.Diff(wanted, Documented())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"card_id":"p1","member_card":{"activate_app_brand_pass":"pages/activate","activate_app_brand_user_name":"gh_86a091e50ad4@app",` +
		`"base_info":{"center_app_brand_pass":"API/cardPage?x=1:2","center_app_brand_user_name":"gh_86a091e50ad4@app","center_title":"立即使用"}}}`
	if request := string(card.UpdateRequest("p1", changes)); request != want {
		t.Errorf("got %s\nwant %s", request, want)
	}

	for _, typ := range []string{"GROUPON", "CASH", "DISCOUNT", "GIFT", "GENERAL_COUPON", "GENERAL_CARD", "MEETING_TICKET", "SCENIC_TICKET", "MOVIE_TICKET", "BOARDING_PASS"} {
		key := strings.ToLower(typ)
		coupon := parsed(t, `{"card_type":"`+typ+`","`+key+`":{"base_info":{}}}`)
		if _, err := coupon.Jump(map[string]Target{"activate": target("gh_1@app:a")}, nil); err == nil {
			t.Errorf("%s took activate", typ)
		}
		wanted, err := coupon.Jump(map[string]Target{"promotion": target("gh_1@app:a")}, nil)
		if err != nil {
			t.Fatal(err)
		}
		changes, _ := coupon.Diff(wanted, Documented())
		var request map[string]any
		if err := json.Unmarshal(coupon.UpdateRequest("p2", changes), &request); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"card_id": "p2", key: map[string]any{
			"base_info": map[string]any{"promotion_app_brand_pass": "a", "promotion_app_brand_user_name": "gh_1@app"},
		}}
		if !reflect.DeepEqual(request, want) {
			t.Errorf("got %v\nwant %v", request, want)
		}
	}

	for _, text := range []string{"", "gh_1@app", "gh_1@app:", ":pages/a", "gh_1:pages/a", "wx5a6d8b2c4e1f3a70@app:a", "@app:a"} {
		if to, err := ParseTarget(text); err == nil {
			t.Errorf("%q: got %v", text, to)
		}
	}
	if got := card.Untitled([]string{"custom", "activate"}); len(got) != 1 || got[0].Title != "custom_url_name" {
		t.Errorf("got %v", got)
	}
}

func TestCreateRequest(t *testing.T) {
	card := parsed(t, got)
	request, err := card.CreateRequest(Documented())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"card":{"card_type":"MEMBER_CARD","member_card":{"base_info":{"color":"Color010","custom_app_brand_pass":"pages/a",` +
		`"custom_app_brand_user_name":"gh_1@app","get_limit":12345678901234567890,"sku":{"quantity":9},"title":"会员卡","use_custom_code":false},` +
		`"custom_field1":{"name_type":"FIELD_NAME_TYPE_LEVEL","url":"https://a.example/?a=1&b=2"},"prerogative":"九折","wx_activate":true}}}`
	if string(request) != want {
		t.Errorf("got %s\nwant %s", request, want)
	}
	if card.Text("id") != "p1" {
		t.Error("the card itself was changed")
	}
	if _, err := parsed(t, `{"card_type":"GIFT","gift":{}}`).CreateRequest(nil); err == nil {
		t.Error("a card without base_info was made")
	}
}

func TestForm(t *testing.T) {
	for _, tc := range []struct {
		form        Form
		want, fails string
	}{
		{
			form: Form{Required: []string{"mobile", "USER_FORM_INFO_FLAG_NAME", "兴趣"}, Statement: "会员守则=https://x.example/?a=b"},
			want: `{"card_id":"p1","required_form":{"can_modify":false,"common_field_id_list":["USER_FORM_INFO_FLAG_MOBILE","USER_FORM_INFO_FLAG_NAME"],` +
				`"custom_field_list":["兴趣"]},"service_statement":{"name":"会员守则","url":"https://x.example/?a=b"}}`,
		},
		{
			form: Form{Optional: []string{"shoe size"}, Modifiable: true, BindOld: "a=b"},
			want: `{"bind_old_card":{"name":"a","url":"b"},"card_id":"p1","optional_form":{"can_modify":true,"custom_field_list":["shoe size"]}}`,
		},
		{form: Form{Statement: "a=b"}, fails: "no field"},
		{form: Form{Optional: []string{"name"}, BindOld: "https://x.example"}, fails: "want <name>=<url>"},
	} {
		request, err := tc.form.Request("p1")
		if string(request) != tc.want || (err == nil) != (tc.fails == "") || err != nil && !strings.Contains(err.Error(), tc.fails) {
			t.Errorf("got %s, %v\nwant %s, %q", request, err, tc.want, tc.fails)
		}
	}
	request, err := ParseForm([]byte(`{"card_id":"pOther","required_form":{"rich_field_list":[{"type":"FORM_FIELD_RADIO","name":"\u5174","values":[1]}]}}`), "p1")
	if want := `{"card_id":"p1","required_form":{"rich_field_list":[{"name":"兴","type":"FORM_FIELD_RADIO","values":[1]}]}}`; err != nil || string(request) != want {
		t.Errorf("got %s, %v\nwant %s", request, err, want)
	}
	if _, err := ParseForm([]byte(`{"card_id":"p1"}`), "p1"); err == nil {
		t.Error("a form without fields was taken")
	}
}

func FuzzUpdate(f *testing.F) {
	f.Add([]byte(got))
	f.Add([]byte(`{"base_info":{"title":"\u2028\u0001","color":"#cc463d"}}`))
	card, err := Parse([]byte(got))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		wanted, err := ParseUpdate(raw, card.Type)
		if err != nil {
			return
		}
		changes, err := card.Diff(wanted, Documented())
		if err != nil {
			return
		}
		if request := card.UpdateRequest("p1", changes); !json.Valid(request) {
			t.Errorf("%q gives %q", raw, request)
		}
	})
}
