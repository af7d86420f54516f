package exchanges

import (
	"bytes"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// shell runs a command line with a curl that says what it was given, and gives that.
func shell(t testing.TB, line string, env ...string) []string {
	t.Helper()
	cmd := exec.Command("sh", "-c", "curl() { printf '%s\\0' \"$@\"; }\n"+line)
	cmd.Env = append([]string{"PATH=/nowhere"}, env...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, line)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

const secretToken = "90_v7-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz2mAv"

func TestCurl(t *testing.T) {
	json := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"x"}, "Accept-Encoding": {"gzip"}, "Sec-Fetch-Mode": {"no-cors"}}
	for name, tc := range map[string]struct {
		x    Exchange
		env  []string
		want []string // nil: there is no command
	}{
		"a page's GET": {
			x:    Exchange{Method: "GET", Address: "/wechat/addCard?card_id=p1&outer_str=a%20b", Header: http.Header{"Accept-Language": {"zh-CN"}}},
			want: []string{"http://localhost:8080/wechat/addCard?card_id=p1&outer_str=a%20b", "-H", "Accept-Language: zh-CN"},
		},
		"a POST": {
			x:    Exchange{Method: "POST", Address: "/a", Header: json, Request: []byte(`{"a":"it's $HOME ` + "`id`" + ` !! \" \\ $(id)"}` + "\n\t@")},
			want: []string{"http://localhost:8080/a", "-H", "Content-Type: application/json", "--data-raw", `{"a":"it's $HOME ` + "`id`" + ` !! \" \\ $(id)"}` + "\n\t@"},
		},
		"a POST without a type": {
			x:    Exchange{Method: "POST", Address: "/a", Request: []byte("@/etc/passwd")},
			want: []string{"http://localhost:8080/a", "-H", "Content-Type:", "--data-raw", "@/etc/passwd"},
		},
		"an empty POST":          {x: Exchange{Method: "POST", Address: "/a"}, want: []string{"-X", "POST", "http://localhost:8080/a"}},
		"a GET with a body":      {x: Exchange{Method: "GET", Address: "/a", Header: json, Request: []byte("{}")}, want: []string{"-X", "GET", "http://localhost:8080/a", "-H", "Content-Type: application/json", "--data-raw", "{}"}},
		"a HEAD":                 {x: Exchange{Method: "HEAD", Address: "/a"}, want: []string{"--head", "http://localhost:8080/a"}},
		"an odd method":          {x: Exchange{Method: "A'$B", Address: "/a"}, want: []string{"-X", "A'$B", "http://localhost:8080/a"}},
		"brackets":               {x: Exchange{Method: "GET", Address: "/a?x[]={1,2}"}, want: []string{"-g", "http://localhost:8080/a?x[]={1,2}"}},
		"dots":                   {x: Exchange{Method: "GET", Address: "/a/../b"}, want: []string{"--path-as-is", "http://localhost:8080/a/../b"}},
		"an empty field":         {x: Exchange{Method: "GET", Address: "/a", Header: http.Header{"X-It's": {""}}}, want: []string{"http://localhost:8080/a", "-H", "X-It's;"}},
		"a token in the query":   {x: Exchange{Method: "GET", Address: "/a?access_token=" + secretToken + "&x=1"}, env: []string{"ACCESS_TOKEN=a b'c"}, want: []string{"http://localhost:8080/a?access_token=a b'c&x=1"}},
		"a secret in the body":   {x: Exchange{Method: "POST", Address: "/a", Header: json, Request: []byte(`{"appid":"wx1","secret" : "it's","x":"it's"}`)}, env: []string{"APP_SECRET=s1"}, want: []string{"http://localhost:8080/a", "-H", "Content-Type: application/json", "--data-raw", `{"appid":"wx1","secret" : "s1","x":"it's"}`}},
		"a secret anywhere":      {x: Exchange{Method: "GET", Address: "/" + secretToken, Header: http.Header{"X-A": {secretToken}}}, env: []string{"CREDENTIAL=c"}, want: []string{"http://localhost:8080/c", "-H", "X-A: c"}},
		"secret fields":          {x: Exchange{Method: "GET", Address: "/", Header: http.Header{"Authorization": {"Bearer abc"}, "Cookie": {"a=b; c=d"}, "X-Api-Key": {"k"}}}, env: []string{"AUTHORIZATION=1", "COOKIE=2", "X_API_KEY=3"}, want: []string{"http://localhost:8080/", "-H", "Authorization: Bearer 1", "-H", "Cookie: 2", "-H", "X-Api-Key: 3"}},
		"a secret that is empty": {x: Exchange{Method: "GET", Address: "/a?access_token=&x=1"}, want: []string{"http://localhost:8080/a?access_token=&x=1"}},
		"a platform's secrets": {
			x:    Exchange{Method: "POST", Address: "/?component_access_token=1", Request: []byte(`{"component_appsecret":"1","component_verify_ticket":"2","authorizer_refresh_token":"3","activate_ticket":"4"}`)},
			env:  []string{"COMPONENT_ACCESS_TOKEN=a", "COMPONENT_APPSECRET=b", "COMPONENT_VERIFY_TICKET=c", "AUTHORIZER_REFRESH_TOKEN=d"},
			want: []string{"http://localhost:8080/?component_access_token=a", "-H", "Content-Type:", "--data-raw", `{"component_appsecret":"b","component_verify_ticket":"c","authorizer_refresh_token":"d","activate_ticket":"4"}`},
		},
		"escapes":            {x: Exchange{Method: "POST", Address: "/", Request: []byte("\x1b[201~\rid\r")}},
		"bytes":              {x: Exchange{Method: "POST", Address: "/", Request: []byte("\xff\xfe")}},
		"a field with bytes": {x: Exchange{Method: "GET", Address: "/", Header: http.Header{"X-A": {"\xff"}}}},
		"too long":           {x: Exchange{Method: "POST", Address: "/", Request: bytes.Repeat([]byte("a"), MaxLogged+1)}},
		"a long header":      {x: Exchange{Method: "GET", Address: "/", Header: http.Header{"X-A": {strings.Repeat("a", MaxHeader)}}}},
		"no path":            {x: Exchange{Method: "OPTIONS", Address: "*"}},
		"a HEAD with a body": {x: Exchange{Method: "HEAD", Address: "/", Request: []byte("{}")}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.x.Origin = "http://localhost:8080"
			var l Log
			got := Curl(l.Begin(tc.x), []string{secretToken})
			if tc.want == nil {
				if got != "" {
					t.Errorf("got %s", got)
				}
				return
			}
			if args := shell(t, got, tc.env...); !slices.Equal(args, tc.want) {
				t.Errorf("got  %q\nwant %q\nof %s", args, tc.want, got)
			}
		})
	}
	if got := Curl(&Exchange{Method: "wx.addCard", Address: "addCard"}, nil); got != "" {
		t.Errorf("of the client's own call: got %s", got)
	}
}

// TestCurlWithoutSecret sees that nothing is sent where a secret is missing.
func TestCurlWithoutSecret(t *testing.T) {
	x := Exchange{Method: "GET", Origin: "http://localhost:8080", Address: "/a?access_token=" + secretToken}
	line := Curl(&x, nil)
	cmd := exec.Command("sh", "-c", "curl() { echo sent; }\n"+line)
	cmd.Env = []string{"PATH=/nowhere"}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "ACCESS_TOKEN") || strings.Contains(string(out), "sent") {
		t.Errorf("%v: %s", err, out)
	}
	if strings.Contains(line, secretToken[6:12]) {
		t.Errorf("got %s", line)
	}
}

// FuzzCurl sees that a shell gives curl what was sent, whatever it was, and no secret.
func FuzzCurl(f *testing.F) {
	f.Add("POST", "/a?b='c'", "X", "it's", `{"a":"'; id #"}`)
	f.Add("PUT", "/$(id)/../{a,b}", "X-Y", "`id`", "\\\n'\\''")
	f.Add("GET", "/\U000F0000", "X-Y", "\U000F0001", "\U000F0000")
	f.Add("GET", "/?access_token=0", "X-Y", "", "")
	f.Fuzz(func(t *testing.T, method, address, name, value, body string) {
		name = "X-" + strings.Map(func(r rune) rune {
			if r < 'A' || r > 'Z' {
				return -1
			}
			return r
		}, name)
		l := new(Log)
		x := l.Begin(Exchange{Method: method, Origin: "http://h", Address: address, Header: http.Header{name: {value, "T" + secretToken}}, Request: []byte(body)})
		line := Curl(x, []string{secretToken})
		if line == "" {
			return
		}
		if strings.Contains(line, secretToken) {
			t.Fatalf("a secret: %s", line)
		}
		holed := replaced("http://h"+address+"\n"+body+"\n"+value, nil, func(string, string) string { return "" })
		if holed != "http://h"+address+"\n"+body+"\n"+value || method == "HEAD" || slices.ContainsFunc(secretFields, func(part string) bool { return strings.Contains(strings.ToLower(name), part) }) {
			return // has secrets of its own
		}
		args := shell(t, line, "CREDENTIAL=T")
		want := []string{"http://h" + address, name + ": TT"}
		if body != "" {
			want = append(want, body)
		}
		if value != "" {
			want = append(want, name+": "+value)
		} else {
			want = append(want, name+";")
		}
		for _, w := range want {
			if !slices.Contains(args, w) {
				t.Fatalf("no %q in %q, of %s", w, args, line)
			}
		}
	})
}
