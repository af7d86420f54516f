package sandbox

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"strings"
	"testing"
)

const (
	miniID     = "wx8f2b6c1d9e4a7350"
	miniSecret = "s2"
)

// newMiniRig has an official account and a mini program, and gives the mini program's token.
func newMiniRig(t *testing.T) (*rig, string) {
	t.Helper()
	r := newRig(t, Config{Apps: map[string]string{"wx1": "s1"}, MiniPrograms: map[string]string{miniID: miniSecret}})
	body := fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q}`, miniID, miniSecret)
	return r, r.do("POST", "/cgi-bin/stable_token", body).text("access_token")
}

func TestPicturesOfMiniPrograms(t *testing.T) {
	r, token := newMiniRig(t)
	for path, body := range map[string]string{
		"/wxa/getwxacode":                 `{"path":"pages/index/index?a=1","width":280}`,
		"/wxa/getwxacodeunlimit":          `{"scene":"a=1&b=~","page":"pages/index/index","width":1280}`,
		"/cgi-bin/wxaapp/createwxaqrcode": `{"path":"pages/index/index"}`,
	} {
		resp := r.raw("POST", path+"?access_token="+token, body)
		picture, err := png.Decode(bytes.NewReader(resp.Body.Bytes()))
		if err != nil || resp.Code != http.StatusOK || resp.Header().Get("Content-Type") != "image/png" {
			t.Fatalf("%s: %d %v, %v", path, resp.Code, resp.Header(), err)
		}
		if b := picture.Bounds(); b.Dx() != b.Dy() || b.Dx() < 280 {
			t.Errorf("%s: %v", path, b)
		}
	}
	for _, tc := range []struct {
		path, body string
		want       int
	}{
		{"getwxacode", `{"path":""}`, 40165},
		{"getwxacode", `{"path":"p","width":279}`, 40097},
		{"getwxacode", `{"path":"p","width":1281}`, 40097},
		{"getwxacodeunlimit", `{"page":"p"}`, 40169},
		{"getwxacodeunlimit", `{"scene":"` + strings.Repeat("a", 33) + `"}`, 40169},
		{"getwxacodeunlimit", `{"scene":"a%20b"}`, 40129},
		{"getwxacodeunlimit", `{"scene":"券"}`, 40129},
		{"getwxacodeunlimit", `{"scene":"a","page":"/p"}`, 41030},
		{"getwxacodeunlimit", `{"scene":"a","page":"p?a=1"}`, 41030},
	} {
		r.wantCode(tc.body, r.do("POST", "/wxa/"+tc.path+"?access_token="+token, tc.body), tc.want)
	}
}

func TestLinksToMiniPrograms(t *testing.T) {
	r, token := newMiniRig(t)
	link := func(path, body string) answer { return r.do("POST", "/wxa/"+path+"?access_token="+token, body) }
	if got := link("generate_urllink", `{"path":"pages/x","query":"a=1"}`).text("url_link"); !strings.HasPrefix(got, "https://wxaurl.cn/") {
		t.Errorf("got %q", got)
	}
	if got := link("generatescheme", `{"jump_wxa":{"path":"pages/x","query":"a=1"},"expire_type":1,"expire_interval":30}`).text("openlink"); !strings.HasPrefix(got, "weixin://dl/business/?t=") {
		t.Errorf("got %q", got)
	}
	now := r.now.Unix()
	const day = 24 * 60 * 60
	for body, want := range map[string]int{
		`{"expire_type":1,"expire_interval":31}`:                85401,
		`{"expire_type":1}`:                                     85401,
		fmt.Sprintf(`{"expire_time":%d}`, now-1):                85401,
		fmt.Sprintf(`{"expire_time":%d}`, now+30*day+1):         85401,
		fmt.Sprintf(`{"expire_time":%d}`, now+30*day):           0,
		`{"query":"` + strings.Repeat("a", 1025) + `"}`:         40212,
		`{"path":"` + strings.Repeat("a", maxTestPath+1) + `"}`: 40165,
	} {
		r.wantCode(body[:min(len(body), 60)], link("generate_urllink", body), want)
	}
}

const maxTestPath = 1024

func TestSubscribeMessages(t *testing.T) {
	r, token := newMiniRig(t)
	openid := r.do("GET", "/sns/jscode2session?grant_type=authorization_code&appid="+miniID+"&secret="+miniSecret+"&js_code=alice.1", "").text("openid")
	send := func(data string) answer {
		return r.do("POST", "/cgi-bin/message/subscribe/send?access_token="+token, fmt.Sprintf(`{"touser":%q,"template_id":"t1","data":{%s}}`, openid, data))
	}
	agree := func(body string) answer {
		return r.do("POST", "/_sandbox/phone/requestSubscribeMessage?appId="+miniID+"&openid="+openid, body)
	}
	r.wantCode("without consent", send(`"thing1":{"value":"券"}`), 43101)
	if got := agree(`{"tmplIds":["t1"],"choice":"reject"}`).text("t1"); got != "reject" {
		t.Errorf("got %q", got)
	}
	r.wantCode("refused", send(`"thing1":{"value":"券"}`), 43101)
	if got := agree(`{"tmplIds":["t1","t2"]}`).text("t1"); got != "accept" {
		t.Errorf("got %q", got)
	}
	for data, want := range map[string]int{
		`"thing1":{"value":"` + strings.Repeat("券", 21) + `"}`: 47003,
		`"thing":{"value":"a"}`:                                47003,
		`"nothing1":{"value":"a"}`:                             47003,
		`"thing1":{}`:                                          47003,
		`"number1":{"value":"a"}`:                              47003,
		`"phrase2":{"value":"已经领取成功"}`:                         47003,
		`"name1":{"value":"` + strings.Repeat("张", 11) + `"}`:  47003,
		`"phone_number3":{"value":"+86-13800138000x"}`:         47003,
	} {
		r.wantCode(data, send(data), want)
	}
	r.wantCode("sent", send(`"thing1":{"value":"`+strings.Repeat("券", 20)+`"},"name2":{"value":"`+strings.Repeat("a", 20)+`"},"phrase3":{"value":"已领取"}`), 0)
	r.wantCode("a second one", send(`"thing1":{"value":"券"}`), 43101)
	body := `{"touser":"oNobody","template_id":"t1","data":{}}`
	r.wantCode("nobody", r.do("POST", "/cgi-bin/message/subscribe/send?access_token="+token, body), 40003)
}
