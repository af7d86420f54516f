package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// Error answers what is wrong with a request.
func Error(w http.ResponseWriter, code int, text string) {
	wire.WriteJSON(w, code, map[string]string{"error": text})
}

// Decode reads a control's body strictly: a slip shall not look like a fault that never comes.
func Decode(body []byte, v any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON")
	}
	return nil
}
