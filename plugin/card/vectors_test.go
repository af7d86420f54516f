package card

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// vector is one entry of testdata/vectors.json. Kinds that other packages
// compute are left alone.
type vector struct {
	Kind         string            `json:"kind"`
	Name         string            `json:"name"`
	Inputs       json.RawMessage   `json:"inputs"`
	Expected     json.RawMessage   `json:"expected"`
	Concat       string            `json:"concat"`
	CardExtJSON  string            `json:"cardExt_json"`
	MustNotEqual map[string]string `json:"must_not_equal"`
	Claimed      string            `json:"claimed"`
	Computed     string            `json:"computed"`
}

func loadVectors(t testing.TB) (good, rejected []vector) {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors  []vector `json:"vectors"`
		Rejected []vector `json:"rejected"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Vectors, file.Rejected
}

func decode[T any](t testing.TB, data json.RawMessage) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return v
}

// atoi reads a vector's timestamp; ok is false for the one that is no number.
func atoi(s string) (n int64, ok bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// extOf makes an Ext of a cardExt vector.
func extOf(t testing.TB, in map[string]string) (e Ext, numeric bool) {
	t.Helper()
	for name, value := range in {
		switch name {
		case "api_ticket":
		case "timestamp":
			e.Timestamp, numeric = atoi(value)
		case "card_id":
			e.CardID = value
		case "code":
			e.Code = value
		case "openid":
			e.OpenID = value
		case "nonce_str":
			e.NonceStr = value
		case "balance":
			// Cards of type LUCKY_MONEY are gone; Ext has no such field.
			return Ext{}, false
		default:
			t.Fatalf("unknown input %q", name)
		}
	}
	return e, numeric
}

func TestVectors(t *testing.T) {
	ran := make(map[string]int)
	good, rejected := loadVectors(t)
	for _, v := range good {
		t.Run(v.Kind+"/"+v.Name, func(t *testing.T) {
			ran[v.Kind]++
			switch v.Kind {
			case "cardExt":
				testCardExtVector(t, v)
			case "chooseCard":
				in := decode[map[string]string](t, v.Inputs)
				ts, ok := atoi(in["time_stamp"])
				if !ok {
					t.Fatalf("time_stamp %q", in["time_stamp"])
				}
				c := Choose{
					AppID: in["app_id"], ShopID: in["location_id"], Timestamp: ts,
					NonceStr: in["nonce_str"], CardID: in["card_id"], CardType: in["card_type"],
				}
				checkSum(t, v, c.Signature(in["api_ticket"]))
				checkValues(t, v, slices.Collect(maps.Values(in)))
			case "jsapi":
				in := decode[map[string]string](t, v.Inputs)
				ts, ok := atoi(in["timestamp"])
				if !ok {
					t.Fatalf("timestamp %q", in["timestamp"])
				}
				c := Config{URL: in["url"], NonceStr: in["noncestr"], Timestamp: ts}
				checkSum(t, v, c.Signature(in["jsapi_ticket"]))
			case "sortConcatSha1":
				in := decode[struct{ Values []string }](t, v.Inputs)
				checkValues(t, v, in.Values)
			case "callbackSignature", "callbackMsgSignature":
				// The same rule over other values: more cases for free.
				checkValues(t, v, slices.Collect(maps.Values(decode[map[string]string](t, v.Inputs))))
			case "activateUrl":
				in := decode[map[string]string](t, v.Inputs)
				want := decode[map[string]string](t, v.Expected)
				got, err := ParseActivateURL(in["url"])
				if err != nil {
					t.Fatal(err)
				}
				if got != (ExtraData{EncryptCardID: want["encrypt_card_id"], OuterStr: want["outer_str"], Biz: want["biz"]}) {
					t.Errorf("got %+v, want %v", got, want)
				}
				var back map[string]string
				if err := json.Unmarshal(got.AppendJSON(nil), &back); err != nil || !maps.Equal(back, want) {
					t.Errorf("JSON %s, want %v (%v)", got.AppendJSON(nil), want, err)
				}
			default:
				t.Skip("not of this package")
			}
		})
	}
	for _, v := range rejected {
		t.Run("rejected/"+v.Name, func(t *testing.T) {
			if v.Kind != "cardExt" {
				t.Skip("not of this package")
			}
			ran["rejected"]++
			in := decode[map[string]string](t, v.Inputs)
			e, ok := extOf(t, in)
			if !ok {
				t.Fatal("timestamp is no number")
			}
			got := e.Signature(in["api_ticket"])
			if got != v.Computed {
				t.Errorf("got %s, want %s", got, v.Computed)
			}
			if got == v.Claimed {
				t.Errorf("got the sum that the source wrongly claims")
			}
		})
	}
	for kind, least := range map[string]int{
		"cardExt": 15, "chooseCard": 3, "jsapi": 5, "sortConcatSha1": 2, "activateUrl": 5, "rejected": 2,
	} {
		if ran[kind] < least {
			t.Errorf("%d vectors of kind %s ran, want at least %d", ran[kind], kind, least)
		}
	}
}

func testCardExtVector(t *testing.T, v vector) {
	in := decode[map[string]string](t, v.Inputs)
	checkValues(t, v, slices.Collect(maps.Values(in)))

	e, ok := extOf(t, in)
	if !ok {
		return // bbbb as a timestamp, or a balance: the rule itself was checked above
	}
	checkSum(t, v, e.Signature(in["api_ticket"]))

	if v.CardExtJSON != "" {
		// The vector's object has a number for fixed_begintimestamp. Ours is the
		// same digits as a string; that is the one difference.
		want := decode[map[string]any](t, json.RawMessage(v.CardExtJSON))
		begin := strconv.FormatInt(int64(want["fixed_begintimestamp"].(float64)), 10)
		want["fixed_begintimestamp"] = begin
		e.FixedBeginTimestamp = begin
		e.OuterStr = want["outer_str"].(string)
		got := decode[map[string]any](t, e.AppendJSON(nil, in["api_ticket"]))
		if !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		text := strings.Replace(v.CardExtJSON, ":"+begin+",", `:"`+begin+`",`, 1)
		if got := string(e.AppendJSON(nil, in["api_ticket"])); got != text {
			t.Errorf("got  %s\nwant %s", got, text)
		}
	}
}

// checkValues checks the rule itself: sort, concatenate, hash.
func checkValues(t *testing.T, v vector, values []string) {
	t.Helper()
	if v.Concat != "" {
		sorted := slices.Sorted(slices.Values(values))
		if got := strings.Join(sorted, ""); got != v.Concat {
			t.Errorf("concatenated: got %q, want %q", got, v.Concat)
		}
	}
	checkSum(t, v, string(appendSortedSum(nil, values)))
}

func checkSum(t *testing.T, v vector, got string) {
	t.Helper()
	if want := decode[string](t, v.Expected); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for mistake, sum := range v.MustNotEqual {
		if got == sum {
			t.Errorf("got the sum of the mistake %q", mistake)
		}
	}
}
