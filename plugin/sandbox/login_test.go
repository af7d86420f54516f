package sandbox

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestJSCode2Session(t *testing.T) {
	r := newRig(t, Config{Apps: map[string]string{"wx1": "s1", "wxmini": "s2"}})
	login := func(app, secret, code string) answer {
		return r.do("GET", "/sns/jscode2session?grant_type=authorization_code&appid="+app+"&secret="+secret+"&js_code="+code, "")
	}
	for _, tc := range []struct {
		app, secret, code string
		want              int
	}{
		{"", "s2", "x", 41002},
		{"wxmini", "", "x", 41004},
		{"wx2", "s2", "x", 40013},
		{"wxmini", "s1", "x", 40125},
		{"wxmini", "s2", "", 40029},
		{"wxmini", "s2", "bad1", 40029},
		{"wxmini", "s2", "risk1", 40226},
		{"wxmini", "s2", strings.Repeat("x", 129), 40029},
	} {
		r.wantCode(fmt.Sprint(tc), login(tc.app, tc.secret, tc.code), tc.want)
	}
	one, two, bob := login("wxmini", "s2", "alice.1"), login("wxmini", "s2", "alice.2"), login("wxmini", "s2", "bob")
	if one.text("openid") != two.text("openid") || one.text("openid") != r.s.OpenID("wxmini", "alice") {
		t.Errorf("got %v and %v for one user", one, two)
	}
	if !regexp.MustCompile(`^o[0-9A-Za-z_-]{27}$`).MatchString(one.text("openid")) || len(one.text("session_key")) != 24 || len(one) != 3 {
		t.Errorf("got %v", one)
	}
	if bob.text("openid") == one.text("openid") || bob.text("unionid") == one.text("unionid") {
		t.Error("two users are one")
	}
	other := login("wx1", "s1", "alice.1")
	if other.text("openid") == one.text("openid") || other.text("unionid") != one.text("unionid") {
		t.Error("a user has one openid an app and one unionid")
	}
	r.wantCode("used", login("wxmini", "s2", "alice.1"), 40163)
	if len(DemoOpenID) != 28 {
		t.Errorf("DemoOpenID has %d characters", len(DemoOpenID))
	}
}
