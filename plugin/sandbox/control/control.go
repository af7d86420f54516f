// Package control is what tests and the page do to the sandbox: faults, revocations, cards and their review, reset; and what
// they ask it.
package control

import (
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// controls are the controls, by the last part of the path.
var controls = map[string]func(w *world.World, body []byte) (answer any, err error){
	"faults": done(addFaults),
	"heal":   done(heal),
	"revoke": done(revoke),
	"cards":  done(putCard),
	"review": done(review),
	"oauth":  done(setMood),
	"reset":  done(func(w *world.World, _ []byte) error { w.Reset(); return nil }),
	"verify": func(w *world.World, body []byte) (any, error) { return inspect(w, body) },
	"calls":  func(w *world.World, _ []byte) (any, error) { return w.Calls.Counts(), nil },
}

// done is a control that has nothing to tell.
func done(run func(w *world.World, body []byte) error) func(*world.World, []byte) (any, error) {
	return func(w *world.World, body []byte) (any, error) {
		return map[string]bool{"ok": true}, run(w, body)
	}
}

// Serve answers below /_sandbox/, where name is the rest of the path.
func Serve(world *world.World, w http.ResponseWriter, r *http.Request, name string) {
	run, known := controls[name]
	if !known {
		local.Error(w, http.StatusNotFound, "no such control")
		return
	}
	var answer any
	body, err := wire.ReadBody(w, r)
	if err == nil {
		answer, err = run(world, body)
	}
	if err != nil {
		local.Error(w, http.StatusBadRequest, err.Error())
		return
	}
	wire.WriteJSON(w, http.StatusOK, answer)
}
