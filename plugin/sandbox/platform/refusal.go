package platform

import (
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// RenewPath is the call that renews the token of one account.
const RenewPath = "/cgi-bin/component/api_authorizer_token"

// refusal is a call that is refused to whoever makes it for an account.
type refusal struct{ appID, path string }

// Refuse has calls for one account refused, whoever makes them; errcode 0: no longer.
func (s *Store) Refuse(appID, path string, errcode int) error {
	key := refusal{appID, path}
	if errcode == 0 {
		delete(s.refused, key)
		return nil
	}
	if len(s.refused) >= accounts.MaxApps {
		return errors.New("too much is refused")
	}
	s.refused[key] = errcode
	return nil
}

// Refused gives what was said by Refuse; nil: nothing.
func (s *Store) Refused(appID, path string) error {
	if errcode := s.refused[refusal{appID, path}]; errcode != 0 {
		return &wire.Error{Code: errcode, Msg: "refused, as the sandbox was told"}
	}
	return nil
}
