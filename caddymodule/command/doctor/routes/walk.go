package routes

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"

	"github.com/caddyserver/caddy/v2"
)

// walk sends one request through the routes of a site, in all the ways that it may go.
type walk struct {
	site   *site
	target *target

	reached  bool            // the target, or it may be
	asFile   bool            // only where there is a file at the request's very path
	provided map[string]bool // what was set before it, in any way
	at       []string        // the paths by which it was reached
	causes   []cause         // for which it was not
	given    bool            // up: there were too many ways
	within   []string        // the named routes that it is in
}

// cause is why a request did not reach the target.
type cause struct{ text, todo string }

// maxWorlds bounds the ways of one request.
const maxWorlds = 256

// world is one way that a request may have gone so far.
type world struct {
	path    string
	known   bool   // the path
	rel     string // what the file matcher found
	file    bool   // by supposing a file at the path
	changed string // what made another path of it
	from    string // which path that was
	groups  map[string]bool
	sets    map[string]bool // placeholders and headers
}

func (w *walk) run(path string) {
	w.provided = make(map[string]bool)
	for range w.routes(w.site.routes, []world{{path: path, known: true}}) {
		w.note(cause{fmt.Sprintf("%s matches none of its paths where it stands", path), "compare its path with those of the blocks around it"})
	}
}

func (w *walk) note(c cause) {
	if !slices.Contains(w.causes, c) {
		w.causes = append(w.causes, c)
	}
}

// add takes up what another walk found.
func (w *walk) add(other *walk) {
	w.reached = w.reached || other.reached || other.given
	w.asFile = w.asFile || other.asFile
	if w.provided == nil {
		w.provided = make(map[string]bool)
	}
	maps.Copy(w.provided, other.provided)
	w.at = append(w.at, other.at...)
	w.causes = append(w.causes, other.causes...)
}

// cause gives what is to be said.
func (w *walk) cause() string { return w.first().text }

func (w *walk) todo() string { return w.first().todo }

func (w *walk) first() cause {
	switch {
	case len(w.causes) > 0:
		return w.causes[0]
	case w.asFile:
		return cause{"try_files answers an error before it where there is no such file", "put both into a route { … }, with wechat_card first, or each into a handle { … } of its own"}
	}
	return cause{text: "its paths match nothing"}
}

// routes gives the ways that go on behind a list of routes.
func (w *walk) routes(routes []*route, worlds []world) []world {
	for _, r := range routes {
		next := make([]world, 0, len(worlds))
		for _, at := range worlds {
			next = append(next, w.route(r, at)...)
		}
		if worlds = next; len(worlds) > maxWorlds {
			w.given = true
			return nil
		}
	}
	return worlds
}

func (w *walk) route(r *route, at world) []world {
	if r.Group != "" && at.groups[r.Group] {
		return []world{at}
	}
	var next []world
	for _, m := range w.match(r, at) {
		if !m.matched {
			next = append(next, m.world)
			continue
		}
		inside := m.world
		if r.Group != "" {
			inside.groups = with(inside.groups, r.Group)
		}
		worlds := []world{inside}
		for _, st := range r.Handle {
			var behind []world
			for _, at := range worlds {
				behind = append(behind, w.step(st, at)...)
			}
			worlds = behind
		}
		if r.Terminal {
			for _, at := range worlds {
				w.missed(at)
			}
			continue
		}
		next = append(next, worlds...)
	}
	return next
}

// with is a set and one more.
func with(set map[string]bool, more ...string) map[string]bool {
	set = maps.Clone(set)
	if set == nil {
		set = make(map[string]bool)
	}
	for _, name := range more {
		set[name] = true
	}
	return set
}

// missed notes why a request did not reach the target that has gone through a whole site.
func (w *walk) missed(at world) {
	todo := "put both into a route { … }, with wechat_card first, or each into a handle { … } of its own"
	switch at.changed {
	case "":
		return
	case stripping:
		todo = "let it match the path that is left, or take handle in the place of handle_path"
	}
	w.note(cause{fmt.Sprintf("%s makes %s of %s before it", at.changed, at.path, at.from), todo})
}

// ended notes what took a request that has not reached the target.
func (w *walk) ended(at world, by string) []world {
	if w.missed(at); at.changed == "" {
		w.note(cause{fmt.Sprintf("%s stands before it and answers %s", by, at.shown()), "put wechat_card before it: in a route { … } the order is as written"})
	}
	return nil
}

// shown is the path, for people.
func (at world) shown() string {
	if at.known {
		return at.path
	}
	return "all"
}

// isLast tells whether an action passes nothing on, whoever made it.
func isLast(name string) bool {
	info, err := caddy.GetModule(action.Namespace + "." + name)
	if err != nil {
		return false
	}
	_, ok := info.New().(action.Last)
	return ok
}

// step gives the ways that go on behind a handler.
func (w *walk) step(st *step, at world) []world {
	switch {
	case st.Handler == "wechat_card":
		return w.action(st, at)
	case st.Handler == "subroute":
		return w.routes(st.Routes, []world{at})
	case st.Handler == "invoke":
		routes := w.site.invoked(st.Name, w.within)
		w.within = append(w.within, st.Name)
		defer func() { w.within = w.within[:len(w.within)-1] }()
		return w.routes(routes, []world{at})
	case st.Handler == "rewrite":
		return []world{rewrite(st, at)}
	case st.Handler == "static_response", st.Handler == "error", st.Handler == "wechat_sandbox", st.Handler == "acme_server", st.Handler == "metrics":
		return w.ended(at, st.directive())
	case st.Handler == "file_server" && !st.PassThru, st.Handler == "reverse_proxy" && st.HandleResponse == nil:
		return w.ended(at, st.Handler)
	}
	return []world{at} // it may pass on, and that is all that counts
}

// directive is what stands in a Caddyfile for a handler that answers.
func (st *step) directive() string {
	var headers map[string][]string
	_ = json.Unmarshal(st.Headers, &headers) // there may be none
	location := strings.Join(headers["Location"], "")
	switch {
	case st.Handler != "static_response":
		return st.Handler
	case st.Abort:
		return "abort"
	case strings.Contains(location, "{http.request.orig_uri.path}/"):
		return "php_fastcgi" // which adds the slash of a folder
	case location != "":
		return "redir"
	}
	return "respond"
}

// action is step for an action.
func (w *walk) action(st *step, at world) []world {
	t := w.site.of(st)
	if t == w.target {
		if at.file {
			w.asFile = true
		} else {
			w.reached = true
		}
		maps.Copy(w.provided, at.sets)
		w.at = append(w.at, at.path)
		return nil
	}
	switch {
	case isLast(t.name):
		return w.ended(at, "wechat_card "+t.name)
	case t.name == "oauth" && at.known && slices.Contains([]string{t.oauth + "/start", t.oauth + "/callback", t.oauth + "/end"}, at.path):
		return w.ended(at, "wechat_card "+t.name)
	case t.name == "cards" && at.known:
		switch at.path[strings.LastIndexByte(at.path, '/')+1:] {
		case "addCard", "openCard", "memberCard":
			return w.ended(at, "wechat_card "+t.name)
		}
	}
	if sets := t.provides(); len(sets) > 0 {
		at.sets = with(at.sets, sets...)
	}
	return []world{at}
}

func (s *site) of(st *step) *target {
	for _, t := range s.targets {
		if t.step == st {
			return t
		}
	}
	return new(target)
}

// stripping is what takes a part of the path away.
const stripping = "handle_path or uri"

// rewrite gives the path behind a rewrite.
func rewrite(st *step, at world) world {
	before, name := at, stripping
	switch {
	case len(st.URISubstring) > 0:
		at.path, at.known = replaced(st.URISubstring, at)
	case len(st.PathRegexp) > 0:
		at.path, at.known = replacedByRegexp(st.PathRegexp, at)
	case st.StripPathPrefix != "" || st.StripPathSuffix != "":
		if strings.Contains(st.StripPathPrefix+st.StripPathSuffix, "{") {
			at.known = false
			return at
		}
		at.path = strings.TrimSuffix(strings.TrimPrefix(at.path, "/"+strings.TrimPrefix(st.StripPathPrefix, "/")), st.StripPathSuffix)
		at.path = "/" + strings.TrimPrefix(at.path, "/")
	case st.URI != "":
		path, _, _ := strings.Cut(st.URI, "?")
		if path == "" {
			return at
		}
		name = "rewrite"
		if strings.Contains(path, "{http.matchers.file.relative}") {
			name = "try_files"
			if at.rel == "" {
				at.known = false
				return at
			}
		}
		path = strings.NewReplacer("{http.matchers.file.relative}", at.rel, "{http.request.uri.path}", at.path, "{http.request.uri}", at.path).Replace(path)
		if strings.Contains(path, "{") {
			at.known = false
			return at
		}
		at.path = "/" + strings.TrimPrefix(path, "/")
	}
	if at.path != before.path {
		at.changed, at.from = name, before.path
	}
	return at
}
