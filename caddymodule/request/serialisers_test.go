package request_test

import (
	"testing"
)

// TestSerialisers has what clients make of an array of ids and of an array of cards, as their own documents or issues show it.
func TestSerialisers(t *testing.T) {
	const both, cards = "p1|p2", "p1 outer_str=a|p2"
	for _, tc := range []struct {
		name, sent string
		want       string // "": refused
	}{
		{"PHP http_build_query, ids", "card_id%5B0%5D=p1&card_id%5B1%5D=p2", both},
		{"PHP http_build_query, cards", "cards%5B0%5D%5Bcard_id%5D=p1&cards%5B0%5D%5Bouter_str%5D=a&cards%5B1%5D%5Bcard_id%5D=p2", cards},
		{"jQuery.param, ids", "card_id%5B%5D=p1&card_id%5B%5D=p2", both},
		{"jQuery.param, cards", "cards%5B0%5D%5Bcard_id%5D=p1&cards%5B0%5D%5Bouter_str%5D=a&cards%5B1%5D%5Bcard_id%5D=p2", cards},
		{"jQuery.param traditional, ids", "card_id=p1&card_id=p2", both},
		{"jQuery.param traditional, cards", "cards=%5Bobject+Object%5D&cards=%5Bobject+Object%5D", ""},
		{"axios 0.x, ids", "card_id[]=p1&card_id[]=p2", both},
		{"axios 0.x, cards", "cards[]=%7B%22card_id%22:%22p1%22,%22outer_str%22:%22a%22%7D&cards[]=%7B%22card_id%22:%22p2%22%7D", ""},
		{"axios 1.x, ids", "card_id[]=p1&card_id[]=p2", both},
		{"axios 1.x, cards", "cards[0][card_id]=p1&cards[0][outer_str]=a&cards[1][card_id]=p2", cards},
		{"axios 1.x indexes true", "card_id[0]=p1&card_id[1]=p2", both},
		{"axios 1.x indexes null", "card_id=p1&card_id=p2", both},
		{"qs indices", "card_id%5B0%5D=p1&card_id%5B1%5D=p2", both},
		{"qs brackets, cards", "cards%5B%5D%5Bcard_id%5D=p1&cards%5B%5D%5Bouter_str%5D=a&cards%5B%5D%5Bcard_id%5D=p2", ""},
		{"qs repeat, cards", "cards%5Bcard_id%5D=p1&cards%5Bouter_str%5D=a&cards%5Bcard_id%5D=p2", ""},
		{"qs comma", "card_id=p1%2Cp2", both},
		{"qs allowDots, cards", "cards%5B0%5D.card_id=p1&cards%5B0%5D.outer_str=a&cards%5B1%5D.card_id=p2", ""},
		{"wx.request, uni-app and Taro, ids", "card_id=%5B%22p1%22%2C%22p2%22%5D", ""},
		{"wx.request, uni-app and Taro, cards", "cards=%5B%7B%22card_id%22%3A%22p1%22%2C%22outer_str%22%3A%22a%22%7D%2C%7B%22card_id%22%3A%22p2%22%7D%5D", ""},
		{"Java RestTemplate, OkHttp, Retrofit, Feign, .NET, Go", "card_id=p1&card_id=p2", both},
		{"Java Hutool", "card_id=p1,p2", both},
		{"Spring's names of beans", "cards%5B0%5D.card_id=p1&cards%5B1%5D.card_id=p2", ""},
		{"Python requests", "card_id=p1&card_id=p2", both},
		{"Python urlencode without doseq", "card_id=%5B%27p1%27%2C+%27p2%27%5D", ""},
		{"Rails to_query", "cards%5B%5D%5Bcard_id%5D=p1&cards%5B%5D%5Bcard_id%5D=p2", ""},
	} {
		for _, post := range []bool{false, true} {
			query, mediaType, body := tc.sent, "", ""
			if post {
				query, mediaType, body = "", formType, tc.sent
			}
			got, p := read(addCard, query, mediaType, body)
			switch {
			case tc.want == "":
				refused(t, tc.name, p, "card_id")
			case p != nil || got != tc.want:
				t.Errorf("%s: got %q, %v; want %q", tc.name, got, p, tc.want)
			}
		}
	}
}
