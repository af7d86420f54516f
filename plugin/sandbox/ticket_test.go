package sandbox

import (
	"testing"
	"time"
)

func TestTickets(t *testing.T) {
	r := newRig(t, Config{ExpiresIn: 100 * time.Second})
	tok := r.token("wx1")
	get := func(query string) answer { return r.do("GET", "/cgi-bin/ticket/getticket?"+query, "") }
	r.wantCode("no type", get("access_token="+tok), 40097)
	r.wantCode("bad type", get("type=x&access_token="+tok), 40097)
	one, two := get("type=wx_card&access_token="+tok), get("type=wx_card&access_token="+tok)
	for _, a := range []answer{one, two} {
		if a.text("errmsg") != "ok" || a.int("expires_in") != 100 || len(a) != 4 {
			t.Errorf("got %v", a)
		}
	}
	if one.text("ticket") == two.text("ticket") {
		t.Error("got the same ticket twice")
	}
	r.pass(100 * time.Second)
	r.wantCode("expired token", get("type=jsapi&access_token="+tok), 42001)
}
