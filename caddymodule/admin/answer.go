package admin

import (
	"encoding/json"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"

	"github.com/caddyserver/caddy/v2"
)

// activeApp finds the app of the configuration that runs.
func activeApp() (*app.App, error) {
	mod, err := caddy.ActiveContext().AppIfConfigured(app.Name)
	if err != nil {
		return nil, caddy.APIError{HTTPStatus: http.StatusNotFound, Message: "wechat_card is not configured"}
	}
	return mod.(*app.App), nil
}

func wantMethod(w http.ResponseWriter, r *http.Request, method string) error {
	if r.Method == method {
		return nil
	}
	w.Header().Set("Allow", method)
	return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Message: "this takes " + method}
}

// write answers with JSON.
func write(w http.ResponseWriter, status int, answer any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(answer)
}
