package users

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// PhonePrefix begins the codes of getPhoneNumber, so that none is taken for a js_code, nor the other way round.
const PhonePrefix = "phone-"

// phoneLife is how long a code is good that was handed out.
const phoneLife = 5 * time.Minute

// phoneCode is a code that was handed out.
type phoneCode struct {
	user, app string
	until     time.Time
}

// IsPhoneCode tells whether a code is one of getPhoneNumber.
func IsPhoneCode(code string) bool { return strings.HasPrefix(code, PhonePrefix) }

// GivePhoneCode is a user who gives his phone number to a mini program.
func (s *Store) GivePhoneCode(user, app string, now time.Time) string {
	code := PhonePrefix + secret.Text(40)
	s.phones.Add(code, phoneCode{user, app, now.Add(phoneLife)})
	return code
}

// TakePhoneCode uses up a code, and tells whose it is. It fails with WeChat's refusal.
func (s *Store) TakePhoneCode(app, code string, now time.Time) (user string, err error) {
	name, isPhone := strings.CutPrefix(code, PhonePrefix)
	user, _, _ = strings.Cut(name, ".")
	given, handed := s.phones.Get(code)
	switch {
	case !isPhone || user == "" || strings.HasPrefix(name, "bad") || len(code) > wire.MaxText:
		return "", wire.ErrBadJSCode
	case handed && given.app != app:
		return "", wire.ErrBadAppID
	case handed && !now.Before(given.until):
		return "", wire.ErrBadJSCode
	case !s.Login(app, code):
		return "", wire.ErrBadJSCode
	case handed:
		return given.user, nil
	}
	return user, nil
}

// PhoneNumber is the phone number of a user: as people dial it in China, without the country's code, and that code. A user whose name
// begins with "foreign" has one of another country, whose code stands before the number.
func PhoneNumber(user string) (number, pure, country string) {
	if user == Demo {
		return "13800138000", "13800138000", "86"
	}
	sum := sha256.Sum256([]byte("phone " + user))
	n := binary.BigEndian.Uint64(sum[:8]) % 1_0000_0000
	if strings.HasPrefix(user, "foreign") {
		pure = fmt.Sprintf("77%08d", n)
		return "+44" + pure, pure, "44"
	}
	pure = fmt.Sprintf("139%08d", n)
	return pure, pure, "86"
}
