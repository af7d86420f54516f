// Package routes walks the routes of a configuration as a request would, and finds actions that no request reaches, or that none
// reaches as they need it. It reads Caddy's JSON; nothing is provisioned or called.
package routes

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
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

// route is one of Caddy's.
type route struct {
	Group    string                       `json:"group"`
	Match    []map[string]json.RawMessage `json:"match"`
	Handle   []*step                      `json:"handle"`
	Terminal bool                         `json:"terminal"`
}

// step is a handler, with what is looked at of one.
type step struct {
	Handler string `json:"handler"`

	Routes []*route `json:"routes"` // of subroute

	Name string `json:"name"` // of invoke: that of its route

	Abort   bool            `json:"abort"` // of static_response
	Headers json.RawMessage `json:"headers"`

	URI             string          `json:"uri"` // of rewrite
	StripPathPrefix string          `json:"strip_path_prefix"`
	StripPathSuffix string          `json:"strip_path_suffix"`
	URISubstring    json.RawMessage `json:"uri_substring"`
	PathRegexp      json.RawMessage `json:"path_regexp"`

	PassThru       bool            `json:"pass_thru"`       // of file_server
	HandleResponse json.RawMessage `json:"handle_response"` // of reverse_proxy

	Account string          `json:"account"` // of wechat_card
	Action  json.RawMessage `json:"action"`
}

// UnmarshalJSON reads what is known of handlers that are known: others may mean something else by these names.
func (s *step) UnmarshalJSON(raw []byte) error {
	type plain step
	var named struct{ Handler string }
	if err := json.Unmarshal(raw, &named); err != nil {
		return err
	}
	switch s.Handler = named.Handler; s.Handler {
	case "subroute", "invoke", "static_response", "rewrite", "file_server", "reverse_proxy", "wechat_card":
		return json.Unmarshal(raw, (*plain)(s))
	}
	return nil
}

// target is an action in the routes.
type target struct {
	step   *step
	name   string
	header map[string]string // of login, oauth and inject
	oauth  string            // the path of oauth
	phone  bool              // login tells phone numbers, too
	sets   []string          // placeholders of inject
	paths  []string          // the patterns that stand for it, the outer ones first
	own    []string          // the innermost of them
	hosts  []string
	told   bool // that it stands behind what needs it
}

// site is a server with its actions.
type site struct {
	routes  []*route
	named   map[string]*route
	targets []*target
	strips  []string // prefixes that are stripped anywhere
	within  []string // the named routes that are being looked at
}

// invoked is what a named route is made of; nothing where there is none, or where it invokes itself.
func (s *site) invoked(name string, within []string) []*route {
	if r := s.named[name]; r != nil && !slices.Contains(within, name) {
		return []*route{r}
	}
	return nil
}

// collect finds the actions, each once, however often its named route is invoked. Those in handlers of other kinds than subroute and
// invoke are not looked at: whether a request gets there is not for paths to say.
func (s *site) collect(routes []*route, outer *target) {
	for _, r := range routes {
		around := new(target)
		if outer != nil {
			*around = *outer
		}
		for _, set := range r.Match {
			var paths, hosts []string
			if json.Unmarshal(set["path"], &paths) == nil && len(paths) > 0 {
				around.paths = append(slices.Clip(around.paths), paths...)
				around.own = paths
			}
			if json.Unmarshal(set["host"], &hosts) == nil && len(hosts) > 0 {
				around.hosts = hosts
			}
		}
		for _, st := range r.Handle {
			if st.StripPathPrefix != "" {
				s.strips = append(s.strips, st.StripPathPrefix)
			}
			switch st.Handler {
			case "subroute":
				s.collect(st.Routes, around)
			case "invoke":
				routes := s.invoked(st.Name, s.within)
				s.within = append(s.within, st.Name)
				s.collect(routes, around)
				s.within = s.within[:len(s.within)-1]
			case "wechat_card":
				t := *around
				if known := s.of(st); known.step != nil {
					known.paths = append(slices.Clip(known.paths), t.paths...)
					known.hosts = nil // they may be others
					continue
				}
				t.step = st
				t.read()
				s.targets = append(s.targets, &t)
			}
		}
	}
}

// read reads what matters of an action's configuration.
func (t *target) read() {
	var action struct {
		Name        string            `json:"name"`
		Header      map[string]string `json:"header"`
		Placeholder []string          `json:"placeholder"`
		Path        string            `json:"path"`
		Phone       *string           `json:"phone"`
	}
	_ = json.Unmarshal(t.step.Action, &action)
	t.name, t.header, t.sets = action.Name, action.Header, action.Placeholder
	t.oauth, t.phone = cmp.Or(action.Path, "/wechat/oauth"), action.Phone != nil
}

// where says which action this is, for people.
func (t *target) where() string {
	if len(t.own) == 0 {
		return t.name
	}
	return t.name + " at " + strings.Join(t.own, " ")
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

// headerKey is how provided and setterOf call a header.
func headerKey(name string) string { return "header " + http.CanonicalHeaderKey(name) }

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

// provides are the placeholders and, by their keys, the headers that an action sets.
func (t *target) provides() []string {
	var all []string
	switch t.name {
	case "login":
		all = []string{"mini_openid", "unionid"}
		if t.phone {
			all = append(all, "phone", "phone_pure", "phone_country")
		}
	case "oauth":
		all = []string{"openid", "unionid"}
	case "inject":
		all = slices.Clone(t.sets)
	default:
		return nil
	}
	for name := range t.header {
		all = append(all, headerKey(name))
	}
	return all
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
