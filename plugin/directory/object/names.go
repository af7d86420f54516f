package object

import "github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

// IsAppID accepts wx and 16 hex digits in lower case, as WeChat gives them: one account must not have two names on a file system, and
// another one each time in Redis.
func IsAppID(s string) bool {
	return field.IsAppID(s) && field.All(s, isLower)
}

// IsAlias accepts 1 to 63 lower-case letters, digits and -, what can be a part of a host's name, but nothing that looks like an app_id.
func IsAlias(s string) bool {
	return len(s) > 0 && len(s) <= 63 && field.All(s, func(c byte) bool { return isLower(c) || c == '-' }) && !field.IsAppID(s)
}

// IsName accepts what an account that is data may be called by. No such name is a path, a key or a pattern.
func IsName(s string) bool { return IsAppID(s) || IsAlias(s) }

func isLower(c byte) bool { return field.IsDigit(c) || 'a' <= c && c <= 'z' }
