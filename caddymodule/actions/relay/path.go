package relay

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// pathSet is a set of paths of WeChat's API: exact ones, and whole trees that end in /*.
type pathSet struct {
	exact   map[string]struct{}
	trees   []string // with their *
	reserve bool     // no tree covers a reserved path
}

// ownTokens are the calls that prove themselves otherwise than by the account's access_token.
var ownTokens = mustPathSet("/sns/*", "/cgi-bin/component/*", "/cgi-bin/token", "/cgi-bin/stable_token", "/cgi-bin/clear_quota/v2")

// reservedPaths begin those that no tree covers: calls for tokens, tickets and quotas. One of these, made at the wrong
// time or too often, stops the account.
var reservedPaths = [...]string{
	"/cgi-bin/token", "/cgi-bin/stable_token", "/cgi-bin/ticket", "/cgi-bin/clear_quota", "/cgi-bin/openapi/quota",
	"/cgi-bin/component/clear_quota",
}

// isReserved does not trust WeChat to mind the letter case.
func isReserved(path string) bool {
	path = strings.ToLower(path)
	return slices.ContainsFunc(reservedPaths[:], func(reserved string) bool { return strings.HasPrefix(path, reserved) })
}

// newPathSet reads the values of `allow` or `pass`. Where reserve is set, a tree covers no reserved path.
func newPathSet(option string, paths []string, reserve bool) (pathSet, error) {
	set := pathSet{exact: make(map[string]struct{}, len(paths)), reserve: reserve}
	for i, path := range paths {
		if slices.Contains(paths[:i], path) {
			return set, fmt.Errorf("%s: %s is listed twice", option, path)
		}
		tree, isTree := strings.CutSuffix(path, "/*")
		switch {
		case tree == "" && isTree:
		case !field.IsPath(tree):
			return set, fmt.Errorf("%s: '%s' is no path of WeChat's API, like /card/get or /card/*", option, path)
		case isTree && reserve && isReserved(tree):
			return set, fmt.Errorf("%s: '%s' is about tokens, tickets or quotas, which have to be named one by one", option, path)
		}
		if isTree {
			set.trees = append(set.trees, path)
		} else {
			set.exact[path] = struct{}{}
		}
	}
	return set, nil
}

func mustPathSet(paths ...string) pathSet {
	set, err := newPathSet("", paths, false)
	if err != nil {
		panic(err)
	}
	return set
}

// find returns the entry that a path belongs to; empty: there is none.
func (s *pathSet) find(path string) string {
	if _, ok := s.exact[path]; ok {
		return path
	}
	for _, tree := range s.trees {
		if !strings.HasPrefix(path, tree[:len(tree)-1]) {
			continue
		}
		if s.reserve && isReserved(path) {
			return ""
		}
		return tree
	}
	return ""
}

// common gives what an entry of another set, a path or a tree, has in common with this one, as entries.
func (s *pathSet) common(entry string) (entries []string) {
	root, isTree := strings.CutSuffix(entry, "*")
	if !isTree {
		if s.find(entry) != "" {
			entries = append(entries, entry)
		}
		return entries
	}
	for path := range s.exact {
		if strings.HasPrefix(path, root) {
			entries = append(entries, path)
		}
	}
	for _, tree := range s.trees {
		inner, outer := strings.TrimSuffix(tree, "*"), root
		if len(inner) < len(outer) {
			inner, outer = outer, inner
		}
		if strings.HasPrefix(inner, outer) && !(s.reserve && isReserved(inner)) {
			entries = append(entries, inner+"*")
		}
	}
	return entries
}

// plainPath gives the path of a URL, if it is one that everybody on the way to WeChat reads alike.
func plainPath(u *url.URL) (path string, ok bool) {
	return u.Path, field.IsPath(u.Path) && u.EscapedPath() == u.Path
}

// shortPath is a path to be shown.
func shortPath(u *url.URL) string {
	path := u.EscapedPath()
	if len(path) > 128 {
		path = path[:128] + "…"
	}
	return path
}

// unmarshalPaths reads the paths of `allow` or `pass`, which may be repeated.
func unmarshalPaths(d *caddyfile.Dispenser, paths *[]string, reserve bool) error {
	option := d.Val()
	more := d.RemainingArgs()
	if len(more) == 0 {
		return d.ArgErr()
	}
	*paths = append(*paths, more...)
	_, err := newPathSet(option, *paths, reserve)
	return words.Located(d, err)
}
