package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/spf13/cobra"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// Admin find the admin API, as those of Caddy's own commands do.
type Admin struct{ address, config, adapter string }

// Add gives a command the flags.
func (f *Admin) Add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.address, "address", "", "The address of the admin API; default: as in --config, else Caddy's own")
	cmd.Flags().StringVarP(&f.config, "config", "c", "", "A configuration file that says where the admin API is")
	cmd.Flags().StringVarP(&f.adapter, "adapter", "a", "", "The name of the config adapter for --config")
}

// Address says where the admin API is. A configuration that turns it off has none, whatever answers at Caddy's own address.
func (f *Admin) Address() (string, error) {
	var raw []byte
	if f.config != "" {
		var err error
		if raw, _, _, err = caddycmd.LoadConfig(f.config, f.adapter); err != nil {
			return "", say.Errorf("finding the admin API: %w", err)
		}
		var cfg struct {
			Admin caddy.AdminConfig `json:"admin"`
		}
		if err := json.Unmarshal(raw, &cfg); err != nil {
			return "", say.Errorf("finding the admin API: %w", err)
		}
		if cfg.Admin.Disabled {
			return "", say.Errorf("there is no admin API: %s turns it off (admin off), and so nobody can be asked", f.config)
		}
	}
	address, err := caddycmd.DetermineAdminAPIAddress(f.address, raw, f.config, f.adapter)
	if err != nil {
		return "", say.Errorf("finding the admin API: %w", err)
	}
	return caddy.NewReplacer().ReplaceAll(address, ""), nil
}

// Ask calls the admin API and decodes its answer. One with an error status is decoded too if it can be, beside the error.
func (f *Admin) Ask(method, path string, body, into any) error {
	address, err := f.Address()
	if err != nil {
		return err
	}
	var sent io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(raw)
	}
	resp, err := caddycmd.AdminAPIRequest(address, method, path, http.Header{}, sent)
	if err != nil {
		return adminError(err, address, into)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return say.Errorf("reading the answer of the admin API at %s: %w", address, err)
	}
	return nil
}

// Stream opens an endpoint that goes on answering. The answer's body must be closed.
func (f *Admin) Stream(path string) (*http.Response, error) {
	address, err := f.Address()
	if err != nil {
		return nil, err
	}
	resp, err := caddycmd.AdminAPIRequest(address, http.MethodGet, path, http.Header{}, nil)
	if err != nil {
		return nil, adminError(err, address, new(json.RawMessage))
	}
	return resp, nil
}

// adminError makes a failed request plain. AdminAPIRequest puts the answer, if there was one, into its error's text.
func adminError(err error, address string, into any) error {
	text := err.Error()
	if start := strings.IndexByte(text, '{'); start >= 0 {
		var answer struct {
			Error string `json:"error"`
		}
		raw := []byte(text[start:])
		if json.Unmarshal(raw, &answer) == nil && answer.Error != "" {
			_ = json.Unmarshal(raw, into) // what failed, where the answer says that in more detail
			return say.Wrap(errors.New(answer.Error))
		}
	}
	if strings.Contains(text, "HTTP 404") {
		return say.Errorf("the Caddy whose admin API is at %s knows nothing of wechat-card: is it this build?", address)
	}
	if _, ok := errors.AsType[net.Error](err); ok || strings.Contains(text, "performing request") {
		return say.Errorf("no Caddy answers at %s: is it running, and is this the address of its admin API (--address)? %w", address, err)
	}
	return err
}
