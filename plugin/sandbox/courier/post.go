package courier

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/exchanges"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

const (
	timeout   = 5 * time.Second // that WeChat waits for an answer
	maxAnswer = 64 << 10        // bytes
	maxShown  = 200             // of an answer
)

// late is the error where there was no answer in time.
var late = "no answer came within " + timeout.String()

// Answer is what a platform answered to a push.
type Answer struct {
	Status int    `json:"status"` // 0: nothing
	Body   string `json:"body"`
	Plain  string `json:"plain,omitempty"` // what was sealed in it
	Error  string `json:"error,omitempty"`
}

func (a Answer) beginning() string {
	return strings.ToValidUTF8(a.Body[:min(len(a.Body), maxShown)], "�")
}

// envelope is what is pushed, to whom.
type envelope struct {
	platform.Sealing

	url    string
	kind   string
	user   string // user_name of the account, of messages; "": it is an event of the platform's
	openid string
	text   []byte // nil: the body is empty, which has been seen
}

// poster makes the requests.
type poster struct {
	// Transport makes the requests.
	Transport http.RoundTripper
}

func newPoster() poster {
	return poster{&http.Transport{DisableKeepAlives: true, TLSHandshakeTimeout: timeout}} // without keep-alives nothing needs closing
}

// post makes one push, and notes it.
func (p poster) post(ctx context.Context, w *world.World, e envelope) (a Answer) {
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails
	encrypt := e.Cipher.Encrypt(salt, e.text, e.ID)
	timestamp, nonce := strconv.FormatInt(w.Now().Unix(), 10), strconv.Itoa(int(salt[0])<<16|int(salt[1])<<8|int(salt[2])+100_000_000)
	q := url.Values{
		"signature": {push.Sign(e.Token, timestamp, nonce)}, "timestamp": {timestamp}, "nonce": {nonce}, "encrypt_type": {"aes"},
		"msg_signature": {push.Sign(e.Token, timestamp, nonce, encrypt)},
	}
	head := "<AppId>" + platform.CDATA(e.ID) + "</AppId>"
	if e.user != "" {
		head = "<ToUserName>" + platform.CDATA(e.user) + "</ToUserName>"
		q.Set("openid", e.openid)
	}
	body := "<xml>" + head + "<Encrypt>" + platform.CDATA(encrypt) + "</Encrypt></xml>"
	if e.text == nil {
		body = ""
	}
	address := e.url + "?" + q.Encode()
	if strings.Contains(e.url, "?") {
		address = e.url + "&" + q.Encode()
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return Answer{Error: err.Error()}
	}
	r.Header.Set("Content-Type", "text/xml")
	r.Header.Set("User-Agent", "Mozilla/4.0")
	r.Header.Set("Pragma", "no-cache")
	x := w.Log.Begin(exchanges.Exchange{
		From: exchanges.WeChat, To: exchanges.Gateway, Method: r.Method, Origin: r.URL.Scheme + "://" + r.URL.Host, Address: r.URL.RequestURI(),
		Header: r.Header, Begin: w.Now(), Request: []byte(body), Tap: "push." + e.kind + " " + strconv.FormatInt(w.Now().UnixMilli(), 10),
	})
	a = p.ask(r)
	w.Log.End(x, a.Status, []byte(a.Body), func(x *exchanges.Exchange) {
		switch a.Error {
		case "":
		case late:
			x.Failure = "timeout"
		default:
			x.Failure = "unreachable"
		}
	})
	return a
}

func (p poster) ask(r *http.Request) Answer {
	resp, err := p.Transport.RoundTrip(r)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return Answer{Error: late}
		}
		return Answer{Error: err.Error()}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return Answer{Error: err.Error()}
	}
	return Answer{Status: resp.StatusCode, Body: string(body)}
}

// sealed is a reply.
type sealed struct {
	Encrypt      string `xml:"Encrypt"`
	MsgSignature string `xml:"MsgSignature"`
	TimeStamp    string `xml:"TimeStamp"`
	Nonce        string `xml:"Nonce"`
}

// Message pushes a message of an account to a platform, and opens the reply.
func (c *Courier) Message(ctx context.Context, to *platform.Component, m *platform.Merchant, openid string, text []byte) Answer {
	if to.MessagesURL == "" {
		return Answer{Error: "the platform has no URL for messages"}
	}
	c.world.Lock()
	with := to.Sealing()
	c.world.Unlock()
	a := c.post(ctx, c.world, envelope{with, strings.ReplaceAll(to.MessagesURL, "$APPID$", m.AppID), "message", m.UserName, openid, text})
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "<Encrypt") {
		return a
	}
	var s sealed
	if err := xml.Unmarshal([]byte(a.Body), &s); err != nil {
		a.Error = "the reply is no XML: " + err.Error()
		return a
	}
	if push.Sign(with.Token, s.TimeStamp, s.Nonce, s.Encrypt) != s.MsgSignature {
		a.Error = "the MsgSignature of the reply is wrong"
		return a
	}
	plain, whose, err := with.Cipher.Decrypt(s.Encrypt)
	switch {
	case err != nil:
		a.Error = "the reply cannot be decrypted: " + err.Error()
	case whose != with.ID:
		a.Error = "the reply is sealed for " + whose + ", not for the platform"
	default:
		a.Plain = string(plain)
	}
	return a
}
