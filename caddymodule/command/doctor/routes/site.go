package routes

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

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

// headerKey is how provided and setterOf call a header.
func headerKey(name string) string { return "header " + http.CanonicalHeaderKey(name) }

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

func (s *site) of(st *step) *target {
	for _, t := range s.targets {
		if t.step == st {
			return t
		}
	}
	return new(target)
}
