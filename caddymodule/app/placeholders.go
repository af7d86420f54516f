package app

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/intercept"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// checkPlaceholders refuses placeholders of ours that nothing sets, wherever they stand in the configuration: those of inject and login
// are for handlers that are none of ours. Caddy provisions apps in no order. Where a route uses us, the app http is at it, and Caddy has
// its JSON still; otherwise it may be through, and what has become of it is looked at.
func checkPlaceholders(ctx caddy.Context) error {
	raw, ok := rawApps(ctx)
	if !ok {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		if err := unknownIn(raw[name], "/apps/"+name); err != nil {
			return err
		}
	}
	if len(raw["http"]) > 0 {
		return nil
	}
	loaded, err := ctx.AppIfConfigured("http")
	if err != nil {
		return nil // there is none, or its fault is told elsewhere
	}
	if http, ok := loaded.(*caddyhttp.App); ok {
		return checkServers(http)
	}
	return nil
}

func unknownIn(raw json.RawMessage, path string) error {
	for _, fault := range words.UnknownPlaceholders(raw) {
		return fmt.Errorf("%s, at %s%s of the configuration", fault.Text, path, fault.At)
	}
	return nil
}

// rawApps gives the JSON of the apps that Caddy has not loaded yet, which no exported name of Caddy's leads to; not ok is a Caddy
// that calls it otherwise than the one that this was written for.
func rawApps(ctx caddy.Context) (raw map[string]json.RawMessage, ok bool) {
	cfg := reflect.ValueOf(ctx).FieldByName("cfg")
	if cfg.Kind() != reflect.Pointer || cfg.IsNil() || cfg.Elem().Kind() != reflect.Struct {
		return nil, false
	}
	apps := cfg.Elem().FieldByName("AppsRaw")
	if !apps.IsValid() || apps.Type() != reflect.TypeFor[caddy.ModuleMap]() {
		return nil, false
	}
	raw = make(map[string]json.RawMessage)
	for _, name := range apps.MapKeys() {
		if text := apps.MapIndex(name).Bytes(); len(text) > 0 {
			raw[name.String()] = text
		}
	}
	return raw, true
}

// checkServers looks at routes that are provisioned: their handlers as they are in JSON, but of which what they have loaded is gone.
func checkServers(http *caddyhttp.App) error {
	for _, name := range slices.Sorted(maps.Keys(http.Servers)) {
		server, path := http.Servers[name], "/apps/http/servers/"+name
		lists := map[string]caddyhttp.RouteList{"/routes": server.Routes}
		if server.Errors != nil {
			lists["/errors/routes"] = server.Errors.Routes
		}
		for name, route := range server.NamedRoutes {
			lists["/named_routes/"+name] = caddyhttp.RouteList{*route}
		}
		for _, at := range slices.Sorted(maps.Keys(lists)) {
			if err := checkRoutes(lists[at], path+at); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkRoutes(routes caddyhttp.RouteList, path string) error {
	for i, route := range routes {
		at := path + "/" + strconv.Itoa(i)
		for j, set := range route.MatcherSets {
			for _, matcher := range set {
				if err := checkProvisioned(matcher, at+"/match/"+strconv.Itoa(j)); err != nil {
					return err
				}
			}
		}
		for j, handler := range route.Handlers {
			if err := checkHandler(handler, at+"/handle/"+strconv.Itoa(j)); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkHandler(handler caddyhttp.MiddlewareHandler, path string) error {
	var answers []caddyhttp.ResponseHandler
	switch h := handler.(type) {
	case *caddyhttp.Subroute:
		if h.Errors != nil {
			if err := checkRoutes(h.Errors.Routes, path+"/errors/routes"); err != nil {
				return err
			}
		}
		return checkRoutes(h.Routes, path+"/routes")
	case *reverseproxy.Handler:
		answers = h.HandleResponse
	case *intercept.Intercept:
		answers = h.HandleResponse
	}
	for i, answer := range answers {
		if err := checkRoutes(answer.Routes, fmt.Sprintf("%s/handle_response/%d/routes", path, i)); err != nil {
			return err
		}
	}
	return checkProvisioned(handler, path)
}

func checkProvisioned(module any, path string) error {
	raw, err := json.Marshal(module)
	if err != nil {
		return nil // it is not meant to be JSON
	}
	return unknownIn(raw, path)
}
