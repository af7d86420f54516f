package messagepush

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
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
		tc.action.tell(receiver{}, m, m.Plain, &pushReply{}, nil, now)
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

// TestNobodyAnswered: the status that Caddy makes of a backend that is away is no answer of the backend's.
func TestNobodyAnswered(t *testing.T) {
	heard, end := observe.Listeners.Listen()
	defer end()
	m := &push.Message{MsgType: "event", Event: "user_get_card"}
	away := caddyhttp.Error(http.StatusBadGateway, errors.New("connection refused"))
	for _, tc := range []struct {
		reply  *pushReply
		err    error
		status int
		told   string
	}{
		{&pushReply{}, away, 0, "HTTP 502: connection refused"},
		{&pushReply{status: http.StatusInternalServerError}, errors.New("the backend answered with status 500"), 500, "the backend answered with status 500"},
	} {
		new(MessagePush).tell(receiver{}, m, nil, tc.reply, tc.err, time.Unix(1_700_000_000, 0))
		if h := <-heard; h.Status != tc.status || h.Error != tc.told || h.Accepted {
			t.Errorf("got %+v", h)
		}
	}
}
