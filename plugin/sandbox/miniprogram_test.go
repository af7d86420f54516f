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
		{"getwxacode", `{"path":""}`, 40159},
		{"getwxacode", `{"path":"` + strings.Repeat("a", maxTestPath+1) + `"}`, 40159},
		{"getwxacode", `{"path":"p?scancode_time=1"}`, 85096},
		{"getwxacode", `{"path":"p","width":279}`, 40097},
		{"getwxacode", `{"path":"p","width":1281}`, 40097},
		{"getwxacodeunlimit", `{"page":"p"}`, 40169},
		{"getwxacodeunlimit", `{"scene":"` + strings.Repeat("a", 33) + `"}`, 40169},
		{"getwxacodeunlimit", `{"scene":"a%20b"}`, 40129},
		{"getwxacodeunlimit", `{"scene":"券"}`, 40129},
		{"getwxacodeunlimit", `{"scene":"a","page":"/p"}`, 41030},
		{"getwxacodeunlimit", `{"scene":"a","page":"p?a=1"}`, 41030},
		{"getwxacodeunlimit", `{"scene":"scancode_time=1"}`, 85096},
	} {
		r.wantCode(tc.body, r.do("POST", "/wxa/"+tc.path+"?access_token="+token, tc.body), tc.want)
	}
}

// TestLooksOfPictures has what pictures may look like, and which version they open: the same for both calls.
func TestLooksOfPictures(t *testing.T) {
	r, token := newMiniRig(t)
	for looks, want := range map[string]int{
		`"line_color":{"r":0,"g":128,"b":255}`:       0,
		`"line_color":{"r":"0","g":"128","b":"255"}`: 0, // WeChat's page shows both
		`"line_color":{"r":255}`:                     0,
		`"line_color":{}`:                            0,
		`"line_color":null`:                          0,
		`"line_color":{"r":256}`:                     40097,
		`"line_color":{"g":-1}`:                      40097,
		`"line_color":{"b":1.5}`:                     40097,
		`"line_color":{"b":"ff"}`:                    40097,
		`"line_color":{"b":"+1"}`:                    40097,
		`"line_color":{"b":""}`:                      40097,
		`"line_color":{"b":"99999999999999999999"}`:  40097,
		`"line_color":{"r":300},"auto_color":true`:   0, // it is not looked at then
		`"line_color":{"r":300},"auto_color":false`:  40097,
		`"line_color":"red"`:                         47001,
		`"line_color":[0,0,0]`:                       47001,
		`"line_color":{"r":true}`:                    47001,
		`"line_color":{"r":{}}`:                      47001,
		`"auto_color":"true"`:                        47001,
		`"is_hyaline":1`:                             47001,
		`"is_hyaline":true`:                          0,
		`"env_version":"release"`:                    0,
		`"env_version":"trial"`:                      0,
		`"env_version":"develop"`:                    0,
		`"env_version":""`:                           40097,
		`"env_version":"Release"`:                    40097,
		`"env_version":"formal"`:                     40097,
		`"env_version":1`:                            47001,
	} {
		for _, page := range []string{`/wxa/getwxacode {"path":"p",`, `/wxa/getwxacodeunlimit {"scene":"a","page":"p",`} {
			path, body, _ := strings.Cut(page, " ")
			body += looks + "}"
			resp := r.raw("POST", path+"?access_token="+token, body)
			if want == 0 {
				if resp.Header().Get("Content-Type") != "image/png" {
					t.Errorf("%s %s: got %s", path, body, resp.Body)
				}
			} else if !strings.Contains(resp.Body.String(), fmt.Sprintf(`"errcode":%d`, want)) {
				t.Errorf("%s %s: want %d, got %.100s", path, body, want, resp.Body)
			}
		}
	}
	if resp := r.raw("POST", "/cgi-bin/wxaapp/createwxaqrcode?access_token="+token, `{"path":"p","line_color":{"r":300}}`); resp.Header().Get("Content-Type") != "image/png" {
		t.Errorf("createwxaqrcode, which knows no colours: got %s", resp.Body)
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
		`{"expire_type":1,"expire_interval":31}`:                   85401,
		`{"expire_type":1}`:                                        85401,
		fmt.Sprintf(`{"expire_time":%d}`, now-1):                   85401,
		fmt.Sprintf(`{"expire_time":%d}`, now+30*day+1):            85401,
		fmt.Sprintf(`{"expire_time":%d}`, now+30*day):              0,
		fmt.Sprintf(`{"expire_time":%d}`, now+59):                  85401,
		fmt.Sprintf(`{"expire_time":%d}`, now+60):                  0,
		`{"expire_type":2,"expire_interval":1}`:                    85401,
		`{"query":"` + strings.Repeat("a", 1025) + `"}`:            40212,
		`{"query":"` + strings.Repeat("a", 1024) + `"}`:            0,
		`{"query":"a=1&b=%E5%88%B8!#$'()*+,/:;?@-._~` + "`" + `"}`: 0,
		`{"query":"a=券"}`:                                          40212,
		`{"query":"a=1 2"}`:                                        40212,
		`{"query":"a=\"1\""}`:                                      40212,
		`{"path":"` + strings.Repeat("a", maxTestPath+1) + `"}`:    40165,
		`{"path":"/pages/x"}`:                                      0,
		`{"path":""}`:                                              0,
		`{"path":"pages/x?a=1"}`:                                   40165,
		`{"path":"pages/x#a"}`:                                     40165,
		`{"path":"pages/ x"}`:                                      40165,
		`{"path":1}`:                                               47001,
		`{"env_version":"release"}`:                                0,
		`{"env_version":"trial"}`:                                  0,
		`{"env_version":"develop"}`:                                0,
		`{"env_version":"formal"}`:                                 85402,
		`{"env_version":"Trial"}`:                                  85402,
		`{"env_version":true}`:                                     47001,
	} {
		r.wantCode(body[:min(len(body), 60)], link("generate_urllink", body), want)
		if !strings.Contains(body, "expire_") {
			r.wantCode("scheme: "+body[:min(len(body), 60)], link("generatescheme", `{"jump_wxa":`+body+`}`), want)
		}
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
	for _, body := range []string{``, `,"data":null`, `,"data":{}`, `,"Data":null`} {
		got := r.do("POST", "/cgi-bin/message/subscribe/send?access_token="+token, fmt.Sprintf(`{"touser":%q,"template_id":"t1"%s}`, openid, body))
		r.wantCode("a message of nothing: "+body, got, 47003)
	}
	for _, data := range []string{`"thing1":null`, `"thing1":{"value":null}`, `"thing1":{"value":""}`} {
		got := send(data)
		r.wantCode(data, got, 47003)
		if !strings.Contains(got.text("errmsg"), "data.thing1.value") {
			t.Errorf("%s: got %q, which does not name the field", data, got.text("errmsg"))
		}
	}
	for _, data := range []string{`,"data":"券"`, `,"data":[]`, `,"data":1`} {
		r.wantCode(data, r.do("POST", "/cgi-bin/message/subscribe/send?access_token="+token, fmt.Sprintf(`{"touser":%q,"template_id":"t1"%s}`, openid, data)), 47001)
	}
	r.wantCode("sent", send(`"thing1":{"value":"`+strings.Repeat("券", 20)+`"},"name2":{"value":"`+strings.Repeat("a", 20)+`"},"phrase3":{"value":"已领取"}`), 0)
	r.wantCode("a second one", send(`"thing1":{"value":"券"}`), 43101)
	body := `{"touser":"oNobody","template_id":"t1","data":{}}`
	r.wantCode("nobody", r.do("POST", "/cgi-bin/message/subscribe/send?access_token="+token, body), 40003)
}

// TestConsentsAsTheyAreAsked has what is no question to a user, and what is no answer of his: it names the field, and nobody has agreed.
func TestConsentsAsTheyAreAsked(t *testing.T) {
	r, token := newMiniRig(t)
	openid := r.do("GET", "/sns/jscode2session?grant_type=authorization_code&appid="+miniID+"&secret="+miniSecret+"&js_code=alice.1", "").text("openid")
	many := strings.TrimSuffix(strings.Repeat(`"t1",`, 21), ",")
	for body, field := range map[string]string{
		`{"tmplIds":["t1"],"choice":"zz"}`:                 "choice",
		`{"tmplIds":["t1"],"choice":"Reject"}`:             "choice",
		`{"tmplIds":["t1"],"choice":"ban"}`:                "choice",
		`{"tmplIds":["t1"],"choice":1}`:                    "choice",
		`{"tmplIds":[""]}`:                                 "tmplIds",
		`{"tmplIds":["t1",""]}`:                            "tmplIds",
		`{"tmplIds":["t1",null]}`:                          "tmplIds",
		`{"tmplIds":[1]}`:                                  "tmplIds",
		`{"tmplIds":"t1"}`:                                 "tmplIds",
		`{"tmplIds":[]}`:                                   "tmplIds",
		`{"tmplIds":[` + many + `]}`:                       "tmplIds",
		`{"tmplIds":["` + strings.Repeat("t", 129) + `"]}`: "tmplIds",
		`{"templates":["t1"]}`:                             "templates",
		`{`:                                                "body",
		``:                                                 "tmplIds",
	} {
		resp := r.raw("POST", "/_sandbox/phone/requestSubscribeMessage?appId="+miniID+"&openid="+openid, body)
		if resp.Code != http.StatusBadRequest || !strings.Contains(resp.Body.String(), field) {
			t.Errorf("%s: got %d %s, want 400 with %s", body[:min(len(body), 60)], resp.Code, resp.Body, field)
		}
	}
	r.wantCode("nobody agreed", r.do("POST", "/cgi-bin/message/subscribe/send?access_token="+token,
		fmt.Sprintf(`{"touser":%q,"template_id":"t1","data":{"thing1":{"value":"a"}}}`, openid)), 43101)
	if got := r.do("POST", "/_sandbox/phone/requestSubscribeMessage?appId="+miniID+"&openid="+openid, `{"tmplIds":["t1"],"choice":"accept"}`).text("t1"); got != "accept" {
		t.Errorf("got %q", got)
	}
}
