package routes

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// truth is what can be known of a matcher.
type truth int

const (
	no truth = iota
	maybe
	yes
)

// matched is one way that a request may go at a route.
type matched struct {
	world
	matched bool
}

// match gives the ways that a request may go at a route.
func (w *walk) match(r *route, at world) []matched {
	if len(r.Match) == 0 {
		return []matched{{at, true}}
	}
	best := no
	var files []json.RawMessage
	for _, set := range r.Match {
		t := w.matchSet(set, at)
		if t != no && set["file"] != nil {
			files = append(files, set["file"])
			continue
		}
		best = max(best, t)
	}
	var ways []matched
	switch best {
	case yes:
		return []matched{{at, true}}
	case maybe:
		ways = append(ways, matched{at, true})
	case no:
	}
	sure := false
	for i, file := range files {
		more, always := found(file, at)
		ways = append(ways, more...)
		sure = sure || always && w.matchSet(without(r.Match[i], "file"), at) == yes
	}
	if !sure {
		ways = append(ways, matched{at, false})
	}
	return ways
}

func without(set map[string]json.RawMessage, name string) map[string]json.RawMessage {
	rest := make(map[string]json.RawMessage)
	for key, value := range set {
		if key != name {
			rest[key] = value
		}
	}
	return rest
}

// matchSet is that of all matchers of a set.
func (w *walk) matchSet(set map[string]json.RawMessage, at world) truth {
	all := yes
	for name, raw := range set {
		all = min(all, w.matchOne(name, raw, at))
	}
	return all
}

func (w *walk) matchOne(name string, raw json.RawMessage, at world) truth {
	switch name {
	case "path":
		var patterns []string
		if json.Unmarshal(raw, &patterns) != nil || !at.known {
			return maybe
		}
		return matchesPath(patterns, at.path)
	case "host":
		var hosts []string
		if json.Unmarshal(raw, &hosts) != nil || len(w.target.hosts) == 0 {
			return maybe
		}
		if slices.ContainsFunc(hosts, func(host string) bool { return slices.Contains(w.target.hosts, host) }) {
			return yes
		}
		if strings.Contains(strings.Join(slices.Concat(hosts, w.target.hosts), ""), "*") || strings.Contains(strings.Join(hosts, ""), "{") {
			return maybe
		}
		return no
	case "not":
		var sets []map[string]json.RawMessage
		if json.Unmarshal(raw, &sets) != nil {
			return maybe
		}
		none := yes
		for _, set := range sets {
			t := w.matchSet(set, at)
			if file := set["file"]; file != nil {
				t = min(t, exists(file))
			}
			none = min(none, yes-t)
		}
		return none
	case "path_regexp":
		return w.matchPathRegexp(raw, at)
	case "method":
		return matchesMethod(raw)
	case "file":
		return yes // see found
	}
	return maybe
}

// matchPathRegexp asks Caddy's own matcher.
func (w *walk) matchPathRegexp(raw json.RawMessage, at world) truth {
	m := new(caddyhttp.MatchPathRE)
	if !at.known || json.Unmarshal(raw, m) != nil || strings.Contains(m.Pattern, "{http.") || m.Provision(caddy.Context{}) != nil {
		return maybe
	}
	return matches(m, at.path)
}

// matchesMethod is of the methods by which an action is asked.
func matchesMethod(raw json.RawMessage) truth {
	var methods []string
	if json.Unmarshal(raw, &methods) != nil {
		return maybe
	}
	get, post := slices.Contains(methods, http.MethodGet), slices.Contains(methods, http.MethodPost)
	switch {
	case get && post:
		return yes
	case get, post, strings.Contains(strings.Join(methods, ""), "{"):
		return maybe
	}
	return no
}

// exists tells whether a file matcher, that of a "not", matches: what the request itself names is no file, for where an action stands
// there is none; a name that stands in the configuration is.
func exists(raw json.RawMessage) truth {
	var file struct {
		TryFiles []string `json:"try_files"`
	}
	_ = json.Unmarshal(raw, &file)
	if slices.ContainsFunc(file.TryFiles, func(name string) bool { return !strings.Contains(name, "{") && !strings.HasPrefix(name, "=") }) {
		return yes
	}
	return no
}

// matches asks a matcher of Caddy's about a path.
func matches(m caddyhttp.RequestMatcherWithError, path string) truth {
	r := (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Header: http.Header{}}).WithContext(context.Background())
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), nil, new(caddyhttp.Server))
	if ok, err := m.MatchWithError(r); err != nil {
		return maybe
	} else if ok {
		return yes
	}
	return no
}

// matchesPath asks Caddy's own matcher.
func matchesPath(patterns []string, path string) truth {
	if strings.Contains(strings.Join(patterns, ""), "{") {
		return maybe
	}
	m := caddyhttp.MatchPath(slices.Clone(patterns))
	if m.Provision(caddy.Context{}) != nil {
		return maybe
	}
	return matches(m, path)
}

// found gives the ways of a request at a file matcher, and whether it matches in any case. What the request itself names may be a file or
// not; a name that stands in the configuration is taken to be one, for it is what try_files ends with.
func found(raw json.RawMessage, at world) (ways []matched, always bool) {
	var file struct {
		TryFiles []string `json:"try_files"`
	}
	_ = json.Unmarshal(raw, &file)
	if len(file.TryFiles) == 0 {
		file.TryFiles = []string{"{http.request.uri.path}"}
	}
	for _, name := range file.TryFiles {
		if strings.HasPrefix(name, "=") {
			return ways, true // an error: nothing else goes on
		}
		way := at
		name, _, _ = strings.Cut(name, "?")
		way.rel = strings.NewReplacer("{http.request.uri.path}", at.path, "{http.request.uri}", at.path).Replace(name)
		if strings.Contains(way.rel, "{") {
			way.known = false
			ways = append(ways, matched{way, true})
			continue
		}
		if !strings.Contains(name, "{") {
			ways = append(ways, matched{way, true})
			return ways, true
		}
		way.file = true
		ways = append(ways, matched{way, true})
	}
	return ways, false
}
