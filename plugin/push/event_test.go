package push

import (
	"strings"
	"testing"
	"time"
)

// TestEventsAreReadAsTheyAreWritten: each event, sealed as WeChat would, is what the Receiver reads.
func TestEventsAreReadAsTheyAreWritten(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	const appID, openID = "wx5a6d8b2c4e1f3a70", "oZ8Yt1XGILfi-FUsewpnnolGgZk0"
	for _, key := range []string{"", strings.Repeat("A", 43)} {
		for _, format := range []Format{XML, JSON} {
			r, err := New(Config{Token: "t0ken", EncodingAESKey: key})
			if err != nil {
				t.Fatal(err)
			}
			for _, known := range Events {
				e, ok := FindEvent(known.Name)
				if !ok {
					t.Fatal(known.Name)
				}
				e.SetDefault("CardId", "p1Pj9jr90_SQRaVqYI239Ka1erkI")
				e.SetDefault("UserCardCode", "110201201245")
				e.Set("OuterStr", "a]]>b\"<&\\")
				e.Set("IsGiveByFriend", "1")
				query, body := r.Again(e.Message(format, "gh_86a091e50ad4", openID, now.Unix()), format, appID, now)
				m, err := r.Open(Query{
					Signature: query.Get("signature"), Timestamp: query.Get("timestamp"), Nonce: query.Get("nonce"), MsgSignature: query.Get("msg_signature"),
				}, body, appID, now)
				if err != nil {
					t.Fatalf("%s: %v", e.Name, err)
				}
				hasCard := strings.Contains(string(m.Plain), "CardId")
				if m.Event != e.Name || m.OpenID != openID || m.MsgType != "event" || m.Format != format || m.OuterStr != "a]]>b\"<&\\" || !m.GiveByFriend ||
					hasCard != (m.CardID == "p1Pj9jr90_SQRaVqYI239Ka1erkI") || m.Encrypted() != (key != "") {
					t.Errorf("%s: got %+v of %s", e.Name, m, m.Plain)
				}
			}
		}
	}
	if len(Events) != 17 {
		t.Errorf("there are %d events", len(Events))
	}
}
