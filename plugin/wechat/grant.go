package wechat

import "time"

// NewGrant makes a Grant of a credential that somebody else keeps. It fails when the credential cannot be used: value is
// visible ASCII of at most 8 KiB, lifetime whole seconds from one to those of seven days. The error holds nothing of it.
func NewGrant(value string, lifetime time.Duration, requested time.Time) (Grant, error) {
	left := seconds(lifetime / time.Second)
	if err := checkCredential(value, left); err != nil {
		return Grant{}, err
	}
	return grant(value, left, requested, nil)
}

// Unreachable is the Error of a call named api, of somebody else than WeChat, that got no answer. Its text is that of
// err, printable and without the secrets.
func Unreachable(api string, err error, secrets ...string) *Error {
	e := transportError(newCleaner(&Call{Secrets: secrets}), err)
	e.API = api
	return e
}
