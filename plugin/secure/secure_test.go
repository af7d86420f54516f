package secure

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure/securetest"
)

// keys are of our own.
func keys() (k struct{ rsa, rsaPublic, sm2 string }) {
	r, s := securetest.Suites()[0].Own, securetest.Suites()[1].Own
	k.rsa, k.rsaPublic, k.sm2 = r.Private, r.Public, s.Private
	return k
}

// config is the example's, with a private key of our own, for the example's is not public.
func config() Config {
	return Config{
		SymmetricKey: vectorKey, SymmetricNumber: vectorNumber, PrivateKey: keys().rsa, AsymmetricNumber: "97845f6ed842ea860df6fdf65941ff56",
		Certificates: map[string]string{answerNumber: answerKey},
	}
}

// channel is the example's mini program at that second.
func channel(t testing.TB, cfg Config, at int64) *Channel {
	t.Helper()
	k, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return k.Of(vectorAppID, func() time.Time { return time.Unix(at, 0) })
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// TestVectors opens the example's call as WeChat does, seals ours to the byte, and opens the example's answer.
func TestVectors(t *testing.T) {
	c := channel(t, config(), callTime)
	plain, err := c.aead.open([]byte(callBody), c.beside(vectorPath, callTime))
	if err != nil || string(plain) != callPlain {
		t.Errorf("the example's call is %s, %v", plain, err)
	}
	text := signed(vectorPath, vectorAppID, callTime, []byte(callBody))
	if sumOf(text) != callSum {
		t.Errorf("what is signed has the sum %s", sumOf(text))
	}
	key, err := parseCertificate(callKey)
	if err != nil {
		t.Fatal(err)
	}
	signature, _ := base64.StdEncoding.DecodeString(callSignature)
	if !key.verify(text, signature, "") || key.verify(append(text, '\n'), signature, "") {
		t.Error("the example's signature is not what it should be")
	}

	iv := make([]byte, 12)
	for i := range iv {
		iv[i] = byte(i)
	}
	sealed, err := c.aead.seal(bytes.NewReader(iv), []byte(ownPlain), c.beside(ownPath, ownTime))
	if err != nil || string(sealed) != ownBody {
		t.Errorf("got %s, %v", sealed, err)
	}
	if got := sumOf(signed(ownPath, vectorAppID, ownTime, sealed)); got != ownSum {
		t.Errorf("what is signed has the sum %s", got)
	}
	nonce := make([]byte, 16)
	for i := range nonce {
		nonce[i] = byte(i)
	}
	built, err := plainCall(bytes.NewReader(nonce), vectorAppID, ownTime, nil, []byte(`{"code":"e31968a7f94cc5ee25fafc2aef2773f0bb8c3937b22520eb8ee345274d00c144"}`))
	if err != nil || string(built) != ownPlain {
		t.Errorf("got %s, %v", built, err)
	}

	answer, inPlain, err := c.Open(vectorPath, answerHeader(), []byte(answerBody))
	if err != nil || inPlain || string(answer) != `{"errcode":0,"errmsg":"getuserriskrank succ","risk_rank":0,"unoin_id":2258658297}` {
		t.Errorf("got %s, %v, %v", answer, inPlain, err)
	}
}

// TestSM4 computes the example of RFC 8998, A.1, for WeChat has none.
func TestSM4(t *testing.T) {
	raw := func(text string) []byte {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	a, err := newAEAD(raw("0123456789ABCDEFFEDCBA9876543210"))
	if err != nil {
		t.Fatal(err)
	}
	const plain = "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDDEEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA"
	body, err := a.seal(bytes.NewReader(raw("00001234567800000000ABCD")), raw(plain), raw("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2"))
	var e envelope
	if err != nil || json.Unmarshal(body, &e) != nil || !bytes.Equal(e.Tag, raw("83DE3541E4C2B58177E065A9BF7B62EC")) ||
		!bytes.Equal(e.Data, raw("17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D")) {
		t.Errorf("got %s, %v", body, err)
	}
}

func answerHeader() http.Header {
	h := make(http.Header)
	h.Set("Wechatmp-Appid", vectorAppID)
	h.Set("Wechatmp-TimeStamp", strconv.Itoa(answerTime))
	h.Set("Wechatmp-Serial", answerNumber)
	h.Set("Wechatmp-Signature", answerSignature)
	return h
}

// TestOpenRefuses changes one thing after the other of the example's answer.
func TestOpenRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		at     int64
		path   string
		change func(h http.Header)
		body   string
		why    string // empty: it is opened
	}{
		"nothing":               {},
		"five minutes later":    {at: answerTime + 300},
		"five minutes before":   {at: answerTime - 300},
		"too old":               {at: answerTime + 301, why: "apart"},
		"from the future":       {at: answerTime - 301, why: "apart"},
		"another path":          {path: "/wxa/getuserriskrank2", why: "signature"},
		"another app":           {change: func(h http.Header) { h.Set("Wechatmp-Appid", "wx0000000000000000") }, why: "another mini program"},
		"another time":          {change: func(h http.Header) { h.Set("Wechatmp-Timestamp", strconv.Itoa(answerTime+1)) }, why: "signature"},
		"no time":               {change: func(h http.Header) { h.Del("Wechatmp-Timestamp") }, why: "TimeStamp"},
		"unknown certificate":   {change: func(h http.Header) { h.Set("Wechatmp-Serial", "784f98cb") }, why: "'784f98cb'"},
		"a changed body":        {body: strings.Replace(answerBody, "HExs", "HExt", 1), why: "signature"},
		"no base64":             {change: func(h http.Header) { h.Set("Wechatmp-Signature", "%") }, why: "signature"},
		"no signature":          {change: func(h http.Header) { h.Del("Wechatmp-Signature") }, why: "not signed"},
		"plain success":         {change: func(h http.Header) { h.Del("Wechatmp-Signature") }, body: `{"errcode":0}`, why: "not signed"},
		"plain, failed and not": {change: func(h http.Header) { h.Del("Wechatmp-Signature") }, body: `{"errcode":40234,"errcode":0}`, why: "not signed"},
		"plain, not to all":     {change: func(h http.Header) { h.Del("Wechatmp-Signature") }, body: `{"ErrCode":40234,"risk_rank":0}`, why: "not signed"},
		"plain, twice":          {change: func(h http.Header) { h.Del("Wechatmp-Signature") }, body: `{"\u0065rrcode":40234,"errcode":40234}`, why: "not signed"},
		"plain, and no number":  {change: func(h http.Header) { h.Del("Wechatmp-Signature") }, body: `{"errcode":"40234"}`, why: "not signed"},
		"the certificate of before": {change: func(h http.Header) {
			h.Set("Wechatmp-Serial-Deprecated", answerNumber)
			h.Set("Wechatmp-Signature-Deprecated", h.Get("Wechatmp-Signature"))
			h.Set("Wechatmp-Serial", "the next")
			h.Set("Wechatmp-Signature", "AAAA")
		}},
		"both certificates wrong": {change: func(h http.Header) {
			h.Set("Wechatmp-Serial-Deprecated", answerNumber)
			h.Set("Wechatmp-Signature-Deprecated", "AAAA")
			h.Set("Wechatmp-Serial", "the next")
		}, why: "signature"},
	} {
		t.Run(name, func(t *testing.T) {
			at, path, body, h := tc.at, tc.path, tc.body, answerHeader()
			if at == 0 {
				at = answerTime
			}
			if path == "" {
				path = vectorPath
			}
			if body == "" {
				body = answerBody
			}
			if tc.change != nil {
				tc.change(h)
			}
			answer, plain, err := channel(t, config(), at).Open(path, h, []byte(body))
			if tc.why == "" {
				if err != nil || plain || !strings.Contains(string(answer), "risk_rank") {
					t.Errorf("got %s, %v", answer, err)
				}
				return
			}
			if _, ok := errors.AsType[*Unverified](err); !ok || !strings.Contains(err.Error(), tc.why) || answer != nil {
				t.Errorf("got %s, %v", answer, err)
			}
		})
	}

	h := answerHeader()
	h.Del("Wechatmp-Signature")
	const failure = `{"errcode":40234,"errmsg":"invalid signature"}`
	if answer, plain, err := channel(t, config(), answerTime).Open(vectorPath, h, []byte(failure)); err != nil || !plain || string(answer) != failure {
		t.Errorf("a failure in plain: got %s, %v, %v", answer, plain, err)
	}
}

// TestBothWays plays WeChat with each kind of key.
func TestBothWays(t *testing.T) {
	rsa, sm2 := securetest.Suites()[0], securetest.Suites()[1]
	for name, tc := range map[string]struct {
		key         string
		own, wechat securetest.Pair
	}{
		"AES and RSA": {vectorKey, rsa.Own, rsa.WeChat},
		"SM4 and SM2": {base64.StdEncoding.EncodeToString([]byte("0123456789abcdef")), sm2.Own, sm2.WeChat},
		"AES and SM2": {vectorKey, sm2.Own, sm2.WeChat},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config()
			cfg.SymmetricKey, cfg.PrivateKey, cfg.SendNumber = tc.key, tc.own.Private, true
			cfg.Certificates = map[string]string{"n1": tc.wechat.Public}
			ours := channel(t, cfg, callTime)
			call, err := ours.Seal(vectorPath, url.Values{"scene": {"1"}, "openid": {"o1"}}, []byte(` {"openid":"o2","_appid":"x","a":{"b":[1.50,"<&>"]}} `))
			if err != nil {
				t.Fatal(err)
			}
			if call.Header.Get("Wechatmp-Serial") != cfg.AsymmetricNumber || call.Header.Get("Wechatmp-Appid") != vectorAppID || call.Header.Get("Wechatmp-TimeStamp") != strconv.Itoa(callTime) {
				t.Errorf("got %v", call.Header)
			}
			verifier, err := parseCertificate(tc.own.Public)
			if err != nil {
				t.Fatal(err)
			}
			signature, err := base64.StdEncoding.DecodeString(call.Header.Get("Wechatmp-Signature"))
			if err != nil || !verifier.verify(signed(vectorPath, vectorAppID, callTime, call.Body), signature, cfg.AsymmetricNumber) {
				t.Error("WeChat would not take the signature")
			}
			plain, err := ours.aead.open(call.Body, ours.beside(vectorPath, callTime))
			var got map[string]any
			if err != nil || json.Unmarshal(plain, &got) != nil {
				t.Fatalf("%s, %v", plain, err)
			}
			if n, _ := got["_n"].(string); len(n) != 22 {
				t.Errorf("_n is %q", got["_n"])
			}
			delete(got, "_n")
			want := map[string]any{"_appid": vectorAppID, "_timestamp": float64(callTime), "scene": "1", "openid": "o2", "a": map[string]any{"b": []any{1.5, "<&>"}}}
			if !reflect.DeepEqual(got, want) || !strings.Contains(string(plain), `{"b":[1.50,"<&>"]}`) {
				t.Errorf("got %s", plain)
			}

			body, err := ours.aead.seal(rand.Reader, fmt.Appendf(nil, `{"_n":"x","_appid":%q,"_timestamp":%d,"errcode":0}`, vectorAppID, callTime), ours.beside(vectorPath, callTime))
			if err != nil {
				t.Fatal(err)
			}
			wechat, err := parsePrivateKey(tc.wechat.Private)
			if err != nil {
				t.Fatal(err)
			}
			signature, err = wechat.sign(rand.Reader, signed(vectorPath, vectorAppID, callTime, body), "n1")
			if err != nil {
				t.Fatal(err)
			}
			h := make(http.Header)
			h.Set("Wechatmp-Appid", vectorAppID)
			h.Set("Wechatmp-TimeStamp", strconv.Itoa(callTime))
			h.Set("Wechatmp-Serial", "n1")
			h.Set("Wechatmp-Signature", base64.StdEncoding.EncodeToString(signature))
			if answer, _, err := ours.Open(vectorPath, h, body); err != nil || string(answer) != `{"errcode":0}` {
				t.Errorf("got %s, %v", answer, err)
			}
		})
	}
}

func TestSealRefuses(t *testing.T) {
	c := channel(t, config(), callTime)
	for _, body := range []string{"[]", "x", `{"a":1`, "--boundary\r\n", `"text"`, "null"} {
		if call, err := c.Seal(vectorPath, nil, []byte(body)); !errors.Is(err, ErrNoObject) || call.Body != nil {
			t.Errorf("%s: got %s, %v", body, call.Body, err)
		}
	}
	for _, body := range []string{"", " ", "{}", " { } "} {
		if _, err := c.Seal(vectorPath, nil, []byte(body)); err != nil {
			t.Errorf("%q: %v", body, err)
		}
	}
}

// TestNewRefuses gives keys that are none, and looks for them in the errors.
func TestNewRefuses(t *testing.T) {
	k := keys()
	for name, tc := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no sym_sn":          {func(c *Config) { c.SymmetricNumber = "" }, "symmetric key has no number"},
		"short key":          {func(c *Config) { c.SymmetricKey = "c2VjcmV0" }, "6 bytes"},
		"no base64":          {func(c *Config) { c.SymmetricKey = "secret!" }, "base64"},
		"no PEM":             {func(c *Config) { c.PrivateKey = "secret" }, "no PEM"},
		"a public key":       {func(c *Config) { c.PrivateKey = k.rsaPublic }, "none that can be read"},
		"SM2 and no asym_sn": {func(c *Config) { c.PrivateKey, c.AsymmetricNumber = k.sm2, "" }, "private key has no number"},
		"serial, no asym_sn": {func(c *Config) { c.SendNumber, c.AsymmetricNumber = true, "" }, "private key has no number"},
		"a key for a number": {func(c *Config) { c.SymmetricNumber = "secret+secret=" }, "symmetric key has no number"},
		"a PEM for a number": {func(c *Config) { c.Certificates = map[string]string{"secret ": k.rsaPublic} }, "certificate has no number"},
		"no certificate":     {func(c *Config) { c.Certificates = nil }, "is missing"},
		"no PEM of it":       {func(c *Config) { c.Certificates = map[string]string{"n7": "secret"} }, "n7"},
		"two in one text":    {func(c *Config) { c.Certificates = map[string]string{"n7": k.rsaPublic + k.rsaPublic} }, "n7 is more than one"},
		"a private key":      {func(c *Config) { c.Certificates = map[string]string{"n7": k.rsa} }, "no certificate"},
	} {
		cfg := config()
		tc.change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestMarks takes keys out of files that begin with a byte order mark.
func TestMarks(t *testing.T) {
	cfg := config()
	cfg.PrivateKey = "\ufeff" + cfg.PrivateKey
	for number, text := range cfg.Certificates {
		cfg.Certificates = map[string]string{number: "\ufeff" + text}
	}
	if _, err := New(cfg); err != nil {
		t.Error(err)
	}
}

// FuzzOpen opens whatever comes.
func FuzzOpen(f *testing.F) {
	c := channel(f, config(), answerTime)
	f.Add([]byte(answerBody), answerSignature)
	f.Add([]byte(`{"errcode":40234}`), "")
	f.Add([]byte(`{"iv":"","data":null,"authtag":""}`), answerSignature)
	f.Fuzz(func(t *testing.T, body []byte, signature string) {
		h := answerHeader()
		h.Set("Wechatmp-Signature", signature)
		answer, plain, err := c.Open(vectorPath, h, body)
		if err == nil && !plain && string(body) != answerBody {
			t.Errorf("%s is taken for WeChat's: %s", body, answer)
		}
		if text, err := c.aead.open(body, nil); err == nil {
			t.Errorf("%s opens beside nothing: %s", body, text)
		}
	})
}

// TestOver sends nothing along that speaks of the body before it was sealed.
func TestOver(t *testing.T) {
	call := Call{Header: http.Header{headerSignature: {"s"}, "Content-Type": {"application/json"}}}
	got := call.Over(http.Header{
		"User-Agent": {"u"}, "Content-Type": {"text/plain"}, "Content-Encoding": {"gzip"}, "Content-Md5": {"m"}, "Range": {"bytes=0-1"},
		"If-None-Match": {"*"}, headerNumber: {"forged"}, headerSignature: {"forged"},
	})
	if want := "map[Content-Type:[application/json] User-Agent:[u] Wechatmp-Signature:[s]]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
