package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// A user has a name here, and an openid for each app that follows from both. A js_code names its user: "alice.1" and
// "alice.2" are two logins of alice, a js_code without a dot is the name. The phone is the demo user's unless told
// otherwise.

const (
	// DemoOpenID is the openid of the user whose phone it is when nothing else is said.
	DemoOpenID = "oSandbox-demo-user_000000000"
	demoUser   = "demo"
)

// person says whose an openid is.
type person struct {
	user string
	app  string // "": of no particular app
}

// OpenID is the openid of a user in an app: what jscode2session answers to the js_code "<user>.<anything>".
func (s *Sandbox) OpenID(appID, user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.openID(appID, user)
}

func (s *Sandbox) openID(appID, user string) string {
	id := "o" + hashText("openid", appID, user)[:27]
	s.people.Add(id, person{user, appID})
	return id
}

func hashText(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// jscode2session takes any js_code once. One that begins with "bad" is invalid, with "risk" of a user whom WeChat blocks.
func (s *Sandbox) jscode2session(c *call) (any, error) {
	q := c.query
	a, err := s.authenticate(q.Get("appid"), q.Get("secret"), q.Get("grant_type"), "authorization_code")
	if err != nil {
		return nil, err
	}
	code := q.Get("js_code")
	user, _, _ := strings.Cut(code, ".")
	switch {
	case user == "" || strings.HasPrefix(code, "bad") || len(code) > maxText:
		return nil, errBadJSCode
	case strings.HasPrefix(code, "risk"):
		return nil, errRiskyUser
	}
	login := a.id + " " + code
	if s.logins.Contains(login) {
		return nil, errUsedJSCode
	}
	s.logins.Add(login, struct{}{})
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	return struct {
		SessionKey string `json:"session_key"`
		OpenID     string `json:"openid"`
		UnionID    string `json:"unionid"`
	}{base64.StdEncoding.EncodeToString(key[:]), s.openID(a.id, user), "o" + hashText("unionid", user)[:27]}, nil
}
