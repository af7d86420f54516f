// Package users is the users of WeChat, and their openids. Nothing in it is safe for concurrent use.
package users

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/lru"
)

// A user has a name here, and an openid for each app that follows from both.

const (
	// DemoOpenID is the openid of the user whose phone it is when nothing else is said.
	DemoOpenID = "oSandbox-demo-user_000000000"
	// Demo is that user.
	Demo = "demo"
)

// Person says whose an openid is.
type Person struct {
	User string
	App  string // "": of no particular app
}

// Store is all users that were seen.
type Store struct {
	people *lru.Map[string, Person]   // by openid
	logins *lru.Map[string, struct{}] // codes that were used, by app
	phones *lru.Map[string, phoneCode]

	// CountryAsNumber has getuserphonenumber tell the country's code as a number.
	CountryAsNumber bool
}

// New makes a Store that knows the demo user.
func New() *Store {
	s := &Store{
		people: lru.New[string, Person](lru.MaxRecords), logins: lru.New[string, struct{}](lru.MaxRecords),
		phones: lru.New[string, phoneCode](lru.MaxRecords),
	}
	s.people.Add(DemoOpenID, Person{User: Demo})
	return s
}

// OpenID is the openid of a user in an app, which is known from then on.
func (s *Store) OpenID(appID, user string) string {
	id := "o" + hashText("openid", appID, user)[:27]
	s.people.Add(id, Person{user, appID})
	return id
}

// UnionID is what all apps know a user by.
func UnionID(user string) string { return "o" + hashText("unionid", user)[:27] }

func hashText(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Find says whose an openid is, if anybody's.
func (s *Store) Find(openid string) (Person, bool) { return s.people.Get(openid) }

// Whose gives the user of an openid, somebody new if nobody has it.
func (s *Store) Whose(openid, app string) string {
	known, found := s.people.Get(openid)
	if !found {
		known = Person{openid, app} // who is called so
		s.people.Add(openid, known)
	}
	return known.User
}

// Login uses up a js_code; false if it was used before.
func (s *Store) Login(appID, code string) bool {
	login := appID + " " + code
	if s.logins.Contains(login) {
		return false
	}
	s.logins.Add(login, struct{}{})
	return true
}
