package sandbox

import (
	"strings"
	"testing"
)

func TestMenu(t *testing.T) {
	r := newRig(t, Config{})
	get := func(app string) string {
		return r.raw("GET", "/cgi-bin/menu/get?access_token="+r.token(app), "").Body.String()
	}
	create := func(menu string) answer { return r.post("/cgi-bin/menu/create", r.token("wx1"), menu) }

	if got := get("wx1"); !strings.Contains(got, `"errcode":46003`) {
		t.Errorf("before there is one: %s", got)
	}
	for menu, want := range map[string]int{
		`{"button":[{"type":"view","name":"领券","url":"https://shop.example/"},{"name":"更多","sub_button":[]}]}`: 0,
		`{"button":[]}`: 40016,
		`{"button":[{"name":"1"},{"name":"2"},{"name":"3"},{"name":"4"}]}`: 40016,
		`{"button":[{"type":"click","key":"k"}]}`:                          40018,
		`{"button":["领券"]}`:                                                47001,
		`{"button":{}}`:                                                    47001,
	} {
		r.wantCode(menu, create(menu), want)
	}
	want := `{"menu":{"button":[{"type":"view","name":"领券","url":"https://shop.example/"},{"name":"更多","sub_button":[]}]}}`
	if got := get("wx1"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got := get("wx2"); !strings.Contains(got, `"errcode":46003`) {
		t.Errorf("another account: %s", got)
	}
	r.wantCode("delete", r.do("GET", "/cgi-bin/menu/delete?access_token="+r.token("wx1"), ""), 0)
	if got := get("wx1"); !strings.Contains(got, `"errcode":46003`) {
		t.Errorf("deleted: %s", got)
	}
	create(want[len(`{"menu":`) : len(want)-1])
	r.s.Reset()
	if got := get("wx1"); !strings.Contains(got, `"errcode":46003`) {
		t.Errorf("after a reset: %s", got)
	}
}
