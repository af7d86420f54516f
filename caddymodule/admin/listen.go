package admin

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"

	"github.com/caddyserver/caddy/v2"
)

// heartbeat is how often an empty line shows that the stream goes on.
const heartbeat = 15 * time.Second

// serveListen tells each message as soon as the backend has answered, until the client goes or the configuration ends.
func serveListen(w http.ResponseWriter, r *http.Request) error {
	if err := wantMethod(w, r, http.MethodGet); err != nil {
		return err
	}
	if _, err := activeApp(); err != nil {
		return err
	}
	ended := caddy.ActiveContext().Done()
	heard, end := observe.Listeners.Listen()
	defer end()
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // the admin API's is for requests, and would end this one
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		if err := control.Flush(); err != nil {
			return nil //nolint:nilerr // the client has gone
		}
		var err error
		select {
		case message := <-heard:
			err = enc.Encode(message)
		case <-beat.C:
			_, err = w.Write([]byte("\n"))
		case <-ended:
			return nil
		case <-r.Context().Done():
			return nil
		}
		if err != nil {
			return nil //nolint:nilerr // the client has gone
		}
	}
}
