package fill

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// mark fills each part with what was found in it.
func mark(t testing.TB, text string) string {
	t.Helper()
	parts, ok := Find(nil, []byte(text))
	if !ok {
		return "broken"
	}
	out, err := Append(nil, []byte(text), parts, func(dst []byte, i int) ([]byte, error) {
		p := &parts[i]
		if p.Unknown != nil {
			return fmt.Appendf(dst, "<unknown %s>", p.Unknown), nil
		}
		dst = fmt.Appendf(dst, "<%s %s", []string{"ext", "data"}[p.Kind], p.CardID)
		for _, value := range [][]byte{p.Code, p.OpenID, p.OuterStr, p.FixedBeginTimestamp} {
			dst = fmt.Appendf(dst, " %s", cmpOr(value, "-"))
		}
		return append(dst, '>'), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func cmpOr(value []byte, otherwise string) string {
	if value == nil {
		return otherwise
	}
	return string(value)
}

func TestFind(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty object", `{"cardId":"p1","cardExt":{}}`, `{"cardId":"p1","cardExt":<ext "p1" - - - ->}`},
		{"PHP's empty array", `{"cardId":"p1","cardExt":[]}`, `{"cardId":"p1","cardExt":<ext "p1" - - - ->}`},
		{"PHP's empty array with blanks", "{\"cardExt\" : [ \n ] , \"cardId\":\"p1\"}", "{\"cardExt\" : <ext \"p1\" - - - -> , \"cardId\":\"p1\"}"},
		{"an empty array without a cardId", `[{"cardExt":[]},{"cardId":1,"cardExt":[]}]`, `[{"cardExt":[]},{"cardId":1,"cardExt":[]}]`},
		{"an array that is not empty", `[{"cardId":"p1","cardExt":[[]]},{"cardId":"p1","cardExt":[0]}]`, `[{"cardId":"p1","cardExt":[[]]},{"cardId":"p1","cardExt":[0]}]`},
		{"the last is an empty array", `{"cardId":"p1","cardExt":{"code":"1"},"cardExt":[]}`, `{"cardId":"p1","cardExt":{"code":"1"},"cardExt":<ext "p1" - - - ->}`},
		{"an empty array as extraData", `{"extraData":[]}`, `{"extraData":[]}`},
		{"other order", `{"cardExt":{},"cardId":"p1"}`, `{"cardExt":<ext "p1" - - - ->,"cardId":"p1"}`},
		{
			"all fields", `{"cardId":"p1","cardExt":{"code":"1","openid":"o1","outer_str":"a","fixed_begintimestamp":1700000000}}`,
			`{"cardId":"p1","cardExt":<ext "p1" "1" "o1" "a" 1700000000>}`,
		},
		{
			"nothing but what is absent", `{"cardId":"p1","cardExt":{"code":"","openid":null,"timestamp":"","signature":"","x":null}}`,
			`{"cardId":"p1","cardExt":<ext "p1" - - - ->}`,
		},
		{
			"everything else as it was", "\uFEFF \r\n{\"n\": 1.50e+3,\t\"u\":\"\\u4f1a\\/\", \"cardExt\" : { \"outer_str\" : \"a\\u0062\" } ,\n\"cardId\":\"p1\", \"b\":[true ,false,null, -0]} \n",
			"\uFEFF \r\n{\"n\": 1.50e+3,\t\"u\":\"\\u4f1a\\/\", \"cardExt\" : <ext \"p1\" - - \"a\\u0062\" -> ,\n\"cardId\":\"p1\", \"b\":[true ,false,null, -0]} \n",
		},
		{
			"nested", `[[{"a":{"cardId":"p1","cardExt":{}}},{"cardId":"p2","cardExt":{}}],{"cardExt":{"cardExt":{},"cardId":"p3"}}]`,
			`[[{"a":{"cardId":"p1","cardExt":<ext "p1" - - - ->}},{"cardId":"p2","cardExt":<ext "p2" - - - ->}],{"cardExt":{"cardExt":<ext "p3" - - - ->,"cardId":"p3"}}]`,
		},
		{"escaped names", `{"card\u0049d":"p1","\u0063ardExt":{"\u0063ode":"1"}}`, `{"card\u0049d":"p1","\u0063ardExt":<ext "p1" "1" - - ->}`},
		{"all of the name escaped", `{"cardId":"p1","\u0063\u0061rdExt":{}}`, `{"cardId":"p1","\u0063\u0061rdExt":<ext "p1" - - - ->}`},
		{"the last counts", `{"cardId":7,"cardId":"p1","cardExt":{"code":"1"},"cardExt":{"code":"2","code":"3"}}`, `{"cardId":7,"cardId":"p1","cardExt":{"code":"1"},"cardExt":<ext "p1" "3" - - ->}`},
		{"the last is signed", `{"cardId":"p1","cardExt":{},"cardExt":"{}"}`, `{"cardId":"p1","cardExt":{},"cardExt":"{}"}`},
		{"unknown", `{"cardId":"p1","cardExt":{"balance":"5"}}`, `{"cardId":"p1","cardExt":<unknown balance>}`},
		{"unknown with a card inside", `{"cardId":"p1","cardExt":{"x":{"cardId":"p2","cardExt":{}}}}`, `{"cardId":"p1","cardExt":<unknown x>}`},
		{"code with a card inside", `{"cardId":"p1","cardExt":{"code":{"cardId":"p2","cardExt":{}}}}`, `{"cardId":"p1","cardExt":<ext "p1" {"cardId":"p2","cardExt":{}} - - ->}`},

		{"no cardId", `{"cardExt":{}}`, `{"cardExt":{}}`},
		{"empty cardId", `{"cardId":"","cardExt":{}}`, `{"cardId":"","cardExt":{}}`},
		{"cardId no string", `{"cardId":1,"cardExt":{}}`, `{"cardId":1,"cardExt":{}}`},
		{"cardId elsewhere", `{"cardId":"p1","a":{"cardExt":{}}}`, `{"cardId":"p1","a":{"cardExt":{}}}`},
		{"cardExt no object", `[{"cardId":"p1","cardExt":"{}"},{"cardId":"p1","cardExt":null},{"cardId":"p1","cardExt":[{}]}]`, `[{"cardId":"p1","cardExt":"{}"},{"cardId":"p1","cardExt":null},{"cardId":"p1","cardExt":[{}]}]`},
		{"names in other case", `{"cardid":"p1","cardext":{}}`, `{"cardid":"p1","cardext":{}}`},
		{"signed already", `{"cardId":"p1","cardExt":{"timestamp":1,"signature":"ab"}}`, `{"cardId":"p1","cardExt":{"timestamp":1,"signature":"ab"}}`},

		{"extraData", `{"extraData":{"card_id":"p1"}}`, `{"extraData":<data "p1" - - - ->,"appId":"wxeb490c6f9b154ef9"}`},
		{"extraData with outer_str", `{"extraData": {"outer_str":"a","card_id":"p1"} , "x":1}`, `{"extraData": <data "p1" - - "a" ->,"appId":"wxeb490c6f9b154ef9" , "x":1}`},
		{"extraData to be", `{"extraData":{"card_id":"p1","encrypt_card_id":"","biz":null}}`, `{"extraData":<data "p1" - - - ->,"appId":"wxeb490c6f9b154ef9"}`},
		{"appId before", `{"appId":"wx1","extraData":{"card_id":"p1"}}`, `{"appId":"wx1","extraData":<data "p1" - - - ->}`},
		{"appId behind", `{"extraData":{"card_id":"p1"},"app\u0049d":null}`, `{"extraData":<data "p1" - - - ->,"app\u0049d":null}`},
		{
			"both", `{"cardId":"p1","extraData":{"card_id":"p2"},"cardExt":{}}`,
			`{"cardId":"p1","extraData":<data "p2" - - - ->,"appId":"wxeb490c6f9b154ef9","cardExt":<ext "p1" - - - ->}`,
		},
		{"what the component gave back", `{"extraData":{"activate_ticket":"t","card_id":"p1","code":"1"}}`, `{"extraData":{"activate_ticket":"t","card_id":"p1","code":"1"}}`},
		{"what is complete", `{"extraData":{"encrypt_card_id":"e","card_id":"p1","biz":"b"}}`, `{"extraData":{"encrypt_card_id":"e","card_id":"p1","biz":"b"}}`},
		{"of WeChat Pay", `{"extraData":{"create_card_appid":"wx1","card_id":"p1","outer_str":"a","activate_type":"ACTIVATE_TYPE_NORMAL"}}`, `{"extraData":{"create_card_appid":"wx1","card_id":"p1","outer_str":"a","activate_type":"ACTIVATE_TYPE_NORMAL"}}`},
		{"without card_id", `{"extraData":{},"a":{"extraData":{"card_id":""}},"b":{"extraData":{"card_id":5}},"c":{"extraData":"p1"}}`, `{"extraData":{},"a":{"extraData":{"card_id":""}},"b":{"extraData":{"card_id":5}},"c":{"extraData":"p1"}}`},

		{"truncated", `{"cardId":"p1","cardExt":{}`, "broken"},
		{"in a string", `{"cardId":"p1","cardExt":{},"x":"`, "broken"},
		{"two values", `{"cardId":"p1","cardExt":{}}{}`, "broken"},
		{"trailing comma", `{"cardId":"p1","cardExt":{},}`, "broken"},
		{"single quotes", `{'cardId':'p1','cardExt':{}}`, "broken"},
		{"control character", "{\"cardId\":\"p1\",\"cardExt\":{},\"x\":\"12345678\n\"}", "broken"},
		{"a string alone", `"cardExt`, "broken"},
		{"broken without a name, which makes no difference", `{`, `{`},
	} {
		if got := mark(t, tc.text); got != tc.want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", tc.name, tc.text, got, tc.want)
		}
	}
}

func TestFindDepth(t *testing.T) {
	nested := func(n int) string {
		return strings.Repeat(`[`, n) + `{"cardId":"p1","cardExt":{}}` + strings.Repeat(`]`, n)
	}
	if got := mark(t, nested(9998)); !strings.Contains(got, "<ext") {
		t.Error("9,998 arrays with two objects in them are not filled")
	}
	if got := mark(t, nested(9999)); got != "broken" {
		t.Error("10,001 levels are filled")
	}
}

func TestFindKeeps(t *testing.T) {
	first, _ := Find(nil, []byte(`{"cardId":"p1","cardExt":{}}`))
	text := []byte(`[{"cardId":"p2","cardExt":{}},{"cardExt":{}},{"cardId":"p3","cardExt":{}}]`)
	if both, ok := Find(first, text); !ok || len(both) != 3 || string(both[0].CardID) != `"p1"` || string(both[2].CardID) != `"p3"` {
		t.Errorf("got %v, %v", both, ok)
	}
	if same, ok := Find(first, text[:40]); ok || len(same) != 1 {
		t.Errorf("broken: got %v, %v", same, ok)
	}
}

// FuzzFind compares with encoding/json: what is JSON, what is to be filled, and that nothing else changes.
func FuzzFind(f *testing.F) {
	for _, seed := range []string{
		`{"cardList":[{"cardId":"p1","cardExt":{"code":"1","openid":"o","outer_str":"a","fixed_begintimestamp":1}}]}`,
		`{"appId":"x","extraData":{"card_id":"p1","outer_str":""}}`, `{"extraData":{"card_id":"p1"}}`,
		`{"cardId":"p1","cardExt":[ ],"x":[]}`, `{"cardId":"p1","cardExt":[[]],"extraData":[]}`,
		`{"card\u0049d":"p","cardExt":{"signature":""},"x":[1.5e-3,-0,true,null,"\ud83d\ude00"]}`,
		`{"cardId":"p1","cardExt":{"code":{"cardId":"p2","cardExt":{}}}}`, "\uFEFF[]", `{"cardExt":{"cardExt":{},"cardId":"p"},"cardId":"q"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		parts, ok := find(nil, text)
		if all, _ := Find(nil, text); len(all) != len(parts) {
			t.Fatalf("the first look hides %d parts", len(parts)-len(all))
		}
		body := bytes.TrimPrefix(text, []byte("\uFEFF"))
		if ok != json.Valid(body) {
			t.Fatalf("ok is %v", ok)
		}
		if !ok {
			return
		}
		same, err := Append(nil, text, parts, func(dst []byte, i int) ([]byte, error) {
			parts[i].noAppID = false
			return append(dst, text[parts[i].start:parts[i].end]...), nil
		})
		if err != nil || !bytes.Equal(same, text) {
			t.Fatalf("with nothing replaced: %q, %v", same, err)
		}

		if hasTwins(json.NewDecoder(bytes.NewReader(body))) {
			return // which of two members counts, encoding/json sees another way
		}
		parts, _ = find(nil, text)
		filled, _ := Append(nil, body, shifted(parts, len(text)-len(body)), func(dst []byte, i int) ([]byte, error) {
			return fmt.Appendf(dst, `"filled %d"`, parts[i].Kind), nil
		})
		var before, after any
		if err := json.Unmarshal(body, &before); err != nil {
			t.Skip() // a number that is too large
		}
		if err := json.Unmarshal(filled, &after); err != nil {
			t.Fatalf("%s became %s: %v", text, filled, err)
		}
		if want := fillTree(before); !reflect.DeepEqual(after, want) {
			t.Fatalf("%s became %s, not %v", text, filled, want)
		}
	})
}

func shifted(parts []Part, by int) []Part {
	parts = slices.Clone(parts)
	for i := range parts {
		parts[i].start -= by
		parts[i].end -= by
	}
	return parts
}

// hasTwins tells whether an object has two members of one name.
func hasTwins(d *json.Decoder) bool {
	d.UseNumber()
	var names []map[string]bool // nil for an array
	var isName bool
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		top := len(names) - 1
		switch token {
		case json.Delim('{'):
			names, isName = append(names, map[string]bool{}), true
			continue
		case json.Delim('['):
			names, isName = append(names, nil), false
			continue
		case json.Delim('}'), json.Delim(']'):
			names = names[:top]
			isName = top > 0 && names[top-1] != nil
			continue
		}
		if !isName {
			isName = top >= 0 && names[top] != nil
			continue
		}
		name := token.(string)
		if names[top][name] {
			return true
		}
		names[top][name], isName = true, false
	}
}

// fillTree does the same as Find and Append, in the plainest way.
func fillTree(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = fillTree(v[i])
		}
	case map[string]any:
		ext, isExt := v["cardExt"].(map[string]any)
		if list, isList := v["cardExt"].([]any); isList && len(list) == 0 {
			isExt = true
		}
		if id, _ := v["cardId"].(string); isExt && id != "" && absent(ext["signature"]) {
			v["cardExt"] = "filled 0"
		}
		data, isData := v["extraData"].(map[string]any)
		if id, _ := data["card_id"].(string); isData && id != "" && !slices.ContainsFunc(slices.Collect(maps.Keys(data)), func(name string) bool {
			return name != "card_id" && name != "outer_str" && !absent(data[name])
		}) {
			v["extraData"] = "filled 1"
			if _, ok := v["appId"]; !ok {
				v["appId"] = "wxeb490c6f9b154ef9"
			}
		}
		for name := range v {
			v[name] = fillTree(v[name])
		}
	}
	return v
}

func absent(v any) bool { return v == nil || v == "" }
