// Package routes walks the routes of a configuration as a request would, and finds actions that no request reaches, or that none
// reaches as they need it. It reads Caddy's JSON; nothing is provisioned or called.
package routes

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
)

// check is what findings of the routes are called.
const check = "routes"

// Check gives what is wrong with the routes of the app http, as its configuration has it. What is wrong for certain is Wrong, all else a
// Warning; and of what cannot be known, such as what another module does with a request, nothing is said.
func Check(app json.RawMessage, report doctor.Report) {
	var config struct {
		Servers map[string]struct {
			Routes      []*route          `json:"routes"`
			NamedRoutes map[string]*route `json:"named_routes"`
		} `json:"servers"`
	}
	if json.Unmarshal(app, &config) != nil {
		return // Caddy says so itself
	}
	actions, wrong := 0, 0
	say := func(f doctor.Finding) {
		f.Check = check
		wrong++
		report(f)
	}
	for _, name := range slices.Sorted(maps.Keys(config.Servers)) {
		s := site{routes: config.Servers[name].Routes, named: config.Servers[name].NamedRoutes}
		s.collect(s.routes, nil)
		actions += len(s.targets)
		for _, t := range s.targets {
			s.examine(t, say)
		}
	}
	for _, fault := range words.UnknownPlaceholders(app) {
		say(doctor.Finding{Verdict: doctor.Wrong, Text: fault.Text, Todo: "correct its name: Caddy leaves it empty, or as it is"})
	}
	if actions > 0 && wrong == 0 {
		report(doctor.Finding{Check: check, Text: "every action is reached"})
	}
}

// examine says what is wrong with an action.
func (s *site) examine(t *target, say func(doctor.Finding)) {
	var all walk
	for _, path := range s.candidates(t) {
		w := walk{site: s, target: t}
		w.run(path)
		all.add(&w)
	}
	switch {
	case t.told:
	case all.reached:
		s.examineCallback(t, say)
		s.examineNeeds(t, &all, say)
	case all.asFile && (t.name == "inject" || t.name == "fill"):
		say(doctor.Finding{
			Verdict: doctor.Warning, Text: fmt.Sprintf("%s is reached by requests for files only: %s", t.where(), all.cause()),
			Todo: "put both into a route { … }, with wechat_card before what changes the path, or let it match the new path",
		})
	default:
		say(doctor.Finding{
			Verdict: doctor.Wrong, Text: fmt.Sprintf("no request reaches %s: %s", t.where(), all.cause()),
			Todo: all.todo(),
		})
	}
}

// examineCallback looks for an oauth that is not reached by the visitors whom WeChat sends back.
func (s *site) examineCallback(t *target, say func(doctor.Finding)) {
	if t.name != "oauth" {
		return
	}
	w := walk{site: s, target: t}
	if w.run(t.oauth + "/callback"); !w.reached && !w.given {
		say(doctor.Finding{
			Verdict: doctor.Wrong, Text: fmt.Sprintf("no request reaches %s: %s", t.name+" at "+t.oauth+"/callback", w.cause()),
			Todo: fmt.Sprintf("let what it matches, and the blocks around it, hold %s/*, too: that is where WeChat sends visitors", t.oauth),
		})
	}
}

// headerPlaceholder is what the placeholders of request headers begin with.
const headerPlaceholder = "http.request.header."

// examineNeeds looks for what an action reads and nothing before it sets.
func (s *site) examineNeeds(t *target, all *walk, say func(doctor.Finding)) {
	if t.name == "login" {
		return
	}
	told := make(map[string]bool)
	for _, key := range words.PlaceholdersIn(t.step.Action) {
		name, isHeader := strings.CutPrefix(key, headerPlaceholder)
		if !isHeader {
			var ours bool
			if name, ours = strings.CutPrefix(key, words.PlaceholderPrefix); !ours {
				continue
			}
		}
		what := name
		if isHeader {
			what = headerKey(name)
		}
		if all.provided[what] || told[what] {
			continue
		}
		told[what] = true
		setter := s.setterOf(what, all.at)
		if setter != nil {
			setter.told = true
		}
		switch {
		case !isHeader && words.UnknownPlaceholder(what) != "":
			// is told of as such
		case !isHeader && setter != nil:
			say(doctor.Finding{
				Verdict: doctor.Wrong, Text: fmt.Sprintf("%s reads {http.wechat_card.%s} before %s sets it", t.where(), what, setter.name),
				Todo: fmt.Sprintf("put both into a route { … }, %s first", setter.name),
			})
		case !isHeader:
			say(doctor.Finding{
				Verdict: doctor.Wrong, Text: fmt.Sprintf("%s reads {http.wechat_card.%s}, and nothing before it sets that", t.where(), what),
				Todo: "put a login, an oauth, or an inject with placeholder, before it in a route { … }",
			})
		case setter != nil:
			say(doctor.Finding{
				Verdict: doctor.Wrong, Text: fmt.Sprintf("%s reads the header %s before %s sets it: that is what the client sent", t.where(), name, setter.name),
				Todo: fmt.Sprintf("put both into a route { … }, %s first", setter.name),
			})
		}
	}
}

// setterOf finds an action for one of these paths that sets a placeholder or, by its key, a header.
func (s *site) setterOf(what string, paths []string) *target {
	for _, t := range s.targets {
		if !slices.Contains(t.provides(), what) {
			continue
		}
		if len(t.own) == 0 || slices.ContainsFunc(paths, func(path string) bool { return matchesPath(t.own, path) == yes }) {
			return t
		}
	}
	return nil
}

// candidates are paths that requests for an action may have.
func (s *site) candidates(t *target) []string {
	patterns := t.paths
	if len(patterns) == 0 {
		patterns = []string{"/*"}
	}
	var paths []string
	add := func(path string) {
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	for _, pattern := range slices.Backward(patterns) {
		for _, last := range t.lasts() {
			path := pattern
			if rest, ok := strings.CutSuffix(pattern, "*"); ok {
				path = rest + last
			}
			path = "/" + strings.TrimPrefix(strings.ReplaceAll(path, "*", "x"), "/")
			add(path)
			for _, strip := range s.strips {
				if strip = "/" + strings.Trim(strip, "/"); !strings.HasPrefix(path, strip) {
					add(strip + path)
				}
			}
		}
	}
	return paths
}

// lasts are last segments of paths that requests for an action may have.
func (t *target) lasts() []string {
	if t.name == "cards" {
		return []string{"addCard", "openCard", "memberCard"}
	}
	return []string{"x"}
}
