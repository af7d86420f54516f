package messagepush

import (
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// TestPlatformsMessagesAreNotTold: a third-party platform's tickets are nobody's to listen to.
func TestPlatformsMessagesAreNotTold(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for name, tc := range map[string]struct {
		action MessagePush
		body   string
	}{
		"a verify ticket":              {MessagePush{}, `<xml><AppId>wx1</AppId><InfoType>component_verify_ticket</InfoType><ComponentVerifyTicket>t</ComponentVerifyTicket></xml>`},
		"the same in JSON":             {MessagePush{}, `{"AppId":"wx1","InfoType":"component_verify_ticket","ComponentVerifyTicket":"t"}`},
		"what a platform's route gets": {MessagePush{componentAppID: "wx1"}, `<xml><MsgType>event</MsgType><Event>user_get_card</Event></xml>`},
	} {
		r, err := push.New(push.Config{Token: "t0ken"})
		if err != nil {
			t.Fatal(err)
		}
		query, body := r.Again([]byte(tc.body), push.XML, "", now)
		m, err := r.Open(push.Query{Signature: query.Get("signature"), Timestamp: query.Get("timestamp"), Nonce: query.Get("nonce")}, body, "", now)
		if err != nil {
			t.Fatal(err)
		}
		heard, end := observe.Listeners.Listen()
		tc.action.tell(nil, m, m.Plain, &pushReply{}, nil, now)
		select {
		case h := <-heard:
			t.Errorf("%s: %+v was told", name, h)
		default:
		}
		end()
	}
	if observe.Listeners.Listening() {
		t.Error("somebody still listens")
	}
}
