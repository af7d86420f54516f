package app

import (
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// RefusedIPs tells which addresses of this machine WeChat has refused within the last hour for the component, and when last.
func (c *Component) RefusedIPs(now time.Time) map[string]time.Time {
	return c.observer.RefusedLately(now)
}

// componentsNow tells the metrics how the components stand.
func (a *App) componentsNow() []observe.Component {
	all := make([]observe.Component, 0, len(a.components))
	for _, name := range a.ComponentNames() {
		c := a.components[name]
		standing := c.Standing()
		all = append(all, observe.Component{
			Name: name, Ticket: standing.Ticket, Authorised: standing.Authorisations, Unsaved: standing.Unsaved, Uncopied: standing.Uncopied,
			Unreadable: standing.Unreadable, Waiting: c.Waiting(),
		})
	}
	return all
}

// observed lists whoever has credentials that the metrics tell of: Identities, and the components.
func (a *App) observed() []string {
	names := a.Identities()
	for _, name := range a.ComponentNames() {
		names = append(names, componentLabel(name))
	}
	return names
}

// needsOf is Needs for whoever is observed.
func (a *App) needsOf(name string) []credential.Kind {
	if a.observers[name] == nil && a.componentOf(name) != nil {
		return tokenOnly
	}
	return a.Needs(name)
}

func (a *App) statusOf(name string, kind credential.Kind) credential.Status {
	if a.observers[name] == nil {
		if c := a.componentOf(name); c != nil {
			return c.Standing().Token
		}
	}
	return a.Identity(name).Status(kind)
}

// componentOf gives the component of a label; nil: it is none's.
func (a *App) componentOf(label string) *Component {
	name, ok := strings.CutPrefix(label, componentLabel(""))
	if !ok {
		return nil
	}
	return a.components[name]
}
