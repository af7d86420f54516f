package wechat

import (
	"strings"
	"testing"
	"time"
)

func TestWatermark(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, tc := range []struct {
		appID string
		given time.Time
		good  bool
	}{
		{"wxa", now, true},
		{"wxa", now.Add(-10 * time.Minute), true},
		{"wxa", now.Add(-10*time.Minute - time.Second), false},
		{"wxa", now.Add(time.Minute), true}, // our clock is behind
		{"wxa", now.Add(10 * time.Minute), true},
		{"wxa", now.Add(10*time.Minute + time.Second), false},
		{"wxa", now.AddDate(1, 0, 0), false},
		{"wxa", time.Unix(0, 0), false},
		{"wxb", now, false},
		{"", now, false},
	} {
		err := Phone{AppID: tc.appID, Given: tc.given}.CheckWatermark("wxa", 10*time.Minute, now)
		if (err == nil) != tc.good || err != nil && !Is(err, Transient) {
			t.Errorf("%s at %v: %v", tc.appID, tc.given, err)
		}
	}
}

// Whatever WeChat answers, what is believed of it can stand in a header, and be dialled.
func FuzzPhoneAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"errcode":0,"phone_info":{"phoneNumber":"13800000000","purePhoneNumber":"13800000000","countryCode":"86","watermark":{"timestamp":1637744274,"appid":"wx"}}}`,
		`{"errcode":0,"phone_info":{"phoneNumber":"+44 7","purePhoneNumber":"7","countryCode":44,"watermark":{"timestamp":"1637744274","appid":"wx"}}}`,
		`{"errcode":0,"phone_info":{"phoneNumber":"1\r\nX: 1","purePhoneNumber":"1","countryCode":-1}}`, `{"phone_info":null}`, `{}`,
		`{"phone_info":{"phoneNumber":"---","purePhoneNumber":"()","countryCode":"86"}}`,
		`{"phone_info":{"phoneNumber":"1","purePhoneNumber":"1","countryCode":1e3}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var a phoneAnswer
		code, _, err := decodeAnswer(data, &a)
		if err != nil || code != 0 {
			return
		}
		for _, s := range []string{a.Info.Number, a.Info.Pure, string(a.Info.Country)} {
			if len(s) > 32 || strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789+-() ", r) }) {
				t.Fatalf("%s gives %q", data, s)
			}
		}
		if !strings.ContainsAny(a.Info.Number, "0123456789") || !strings.ContainsAny(a.Info.Pure, "0123456789") {
			t.Fatalf("%s gives no number", data)
		}
	})
}
