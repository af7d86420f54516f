package wechat

import (
	"errors"
	"slices"
)

// Is tells whether err is or wraps an *Error that asks for one of the given reactions.
func Is(err error, reactions ...Reaction) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && slices.Contains(reactions, e.Reaction())
}

// Errcode is WeChat's code of an error that is or wraps an *Error, 0 when it has none.
func Errcode(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return 0
}
