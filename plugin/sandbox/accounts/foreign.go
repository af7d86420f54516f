package accounts

import (
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// ForeignCodes are what Store.Foreign can be, the default first.
var ForeignCodes = []int{wire.ErrBadCredential.Code, wire.ErrUnauthorized.Code}

// CheckPath refuses a call with the token of another kind of app than it is for.
func (s *Store) CheckPath(a *App, path string) error {
	_, isMini := s.MiniPrograms[a.ID]
	switch {
	case a.Kind != "":
		isMini = a.Kind == Mini
	case len(s.MiniPrograms) == 0:
		return nil
	}
	foreign := strings.HasPrefix(path, "/wxa/")
	if isMini {
		foreign = strings.HasPrefix(path, "/card/") || path == "/cgi-bin/ticket/getticket"
	}
	switch {
	case !foreign:
		return nil
	case s.Foreign == wire.ErrUnauthorized.Code:
		return wire.ErrUnauthorized
	}
	return wire.ErrBadCredential
}
