// Package cli has what the commands share: which Caddy or account they are for, and how they end when they were called wrongly.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/spf13/cobra"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// The environment variable that holds the app secret where there is no configuration.
const SecretVariable = "WECHAT_APP_SECRET" //nolint:gosec // where it is, not what it is

// Account say which accounts a command is for that calls WeChat by itself, beside a running Caddy: those of a
// configuration, or one that is named.
type Account struct {
	config, adapter, Account string
	api, AppID               string
	configured               bool // only accounts of a configuration will do
}

// Add gives a command the flags.
func (f *Account) Add(cmd *cobra.Command) {
	f.AddConfigured(cmd)
	f.configured = false
	cmd.Flags().StringVar(&f.AppID, "app-id", "", "Without a configuration: the account's app_id; its secret is in $"+SecretVariable)
	cmd.Flags().StringVar(&f.api, "api", "", "Without a configuration: the base URL of the API; default: WeChat's")
}

// AddConfigured gives a command the flags that name an account of a configuration, for what only a configuration says.
func (f *Account) AddConfigured(cmd *cobra.Command) {
	f.AddConfiguration(cmd)
	cmd.Flags().StringVar(&f.Account, "account", "", "The account of the configuration; default: "+app.DefaultAccount)
}

// AddConfiguration gives a command the flags that name a configuration, for what concerns no single account of it.
func (f *Account) AddConfiguration(cmd *cobra.Command) {
	f.configured = true
	cmd.Flags().StringVarP(&f.config, "config", "c", "", "The configuration file; default: the Caddyfile in this folder")
	cmd.Flags().StringVarP(&f.adapter, "adapter", "a", "", "The name of the config adapter for --config")
}

// Open provisions the configuration, as `caddy validate` does: no app of it is started, and nothing of it is logged.
// sites is the configuration of the app http; nil where there are none at all. closeApp must be called.
func (f *Account) Open() (opened *app.App, sites json.RawMessage, closeApp func(), err error) {
	caddy.BufferedLog() // what Caddy says of loading is not what was asked for
	raw, err := f.Load()
	if err != nil {
		return nil, nil, nil, err
	}
	var cfg *caddy.Config
	if err := caddy.StrictUnmarshalJSON(caddy.RemoveMetaFields(raw), &cfg); err != nil {
		return nil, nil, nil, say.Errorf("decoding the configuration: %w", err)
	}
	if cfg == nil || cfg.AppsRaw[app.Name] == nil {
		return nil, nil, nil, say.Error("the configuration has no wechat_card")
	}
	// The logs of the running Caddy are not for us to write to.
	cfg.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{
		"default": {BaseLog: caddy.BaseLog{WriterRaw: caddyconfig.JSONModuleObject(caddy.DiscardWriter{}, "output", "discard", nil)}},
	}}
	sites = cfg.AppsRaw["http"] // later it is not there any more
	ctx, err := caddy.ProvisionContext(cfg)
	if err != nil {
		return nil, nil, nil, say.Errorf("loading the configuration: %w", err)
	}
	mod, err := ctx.App(app.Name)
	if err != nil {
		return nil, nil, nil, err
	}
	opened = mod.(*app.App)
	return opened, sites, func() { _ = opened.Cleanup() }, nil
}

// Load gives the configuration as JSON.
func (f *Account) Load() ([]byte, error) {
	if f.AppID != "" {
		return f.fromFlags()
	}
	if f.api != "" {
		return nil, Usagef("--api goes with --app-id; a configuration has its own")
	}
	if f.config == "" {
		if _, err := os.Stat("Caddyfile"); err != nil {
			if f.configured {
				return nil, Usagef("there is no Caddyfile in this folder: name a configuration with --config")
			}
			return nil, Usagef("there is no Caddyfile in this folder: name a configuration with --config, or an account with --app-id")
		}
	}
	raw, _, _, err := caddycmd.LoadConfig(f.config, f.adapter)
	return raw, err
}

// fromFlags makes the configuration of one account.
func (f *Account) fromFlags() ([]byte, error) {
	if f.config != "" || f.Account != "" {
		return nil, Usagef("--app-id takes the place of a configuration: it does not go with --config and --account")
	}
	if os.Getenv(SecretVariable) == "" {
		return nil, Usagef("--app-id needs the app secret in $%s", SecretVariable)
	}
	made := &app.App{
		StoreRaw: caddyconfig.JSONModuleObject(new(stores.Off), "module", "off", nil),
		Accounts: map[string]*app.Account{app.DefaultAccount: {AppID: f.AppID, AppSecret: "{env." + SecretVariable + "}"}},
	}
	if f.api != "" {
		made.API = []string{f.api}
	}
	raw, err := json.Marshal(made)
	if err != nil {
		return nil, err
	}
	return json.Marshal(caddy.Config{AppsRaw: caddy.ModuleMap{app.Name: raw}})
}

// Name is that of the account which is asked for: as the flag says, else the only one, else the default.
func (f *Account) Name(opened *app.App) string {
	if f.Account != "" {
		return f.Account
	}
	if names := opened.Names(); len(names) == 1 {
		return names[0]
	}
	return app.DefaultAccount
}

// One opens the configuration for one account of it. ctx ends when somebody has had enough; done must be called.
func (f *Account) One(cmd *cobra.Command) (ctx context.Context, account *plugin.Account, done func(), err error) {
	opened, _, closeApp, err := f.Open()
	if err != nil {
		return nil, nil, nil, err
	}
	guest, err := GuestOf(opened, f.Name(opened))
	if err != nil {
		closeApp()
		return nil, nil, nil, err
	}
	ctx, stop := UntilInterrupted(cmd)
	return ctx, guest, func() { stop(); guest.Stop(); closeApp() }, nil
}

// UntilInterrupted gives a context that ends when somebody has had enough.
func UntilInterrupted(cmd *cobra.Command) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
}

// GuestOf gives an account for a process beside the one that serves.
func GuestOf(opened *app.App, name string) (*plugin.Account, error) {
	account, err := Find(opened, name)
	if err != nil {
		return nil, err
	}
	return account.Guest()
}

// Find gives an account of a configuration, or says which ones it has.
func Find(opened *app.App, name string) (*plugin.Account, error) {
	account := opened.Identity(name)
	if account == nil && opened.Directory() != nil {
		found, _, err := opened.Find(context.Background(), name, "")
		if err == nil {
			return found, nil
		}
		if !errors.Is(err, directory.ErrUnknown) {
			return nil, err
		}
	}
	if account == nil {
		return nil, Usagef("there is no account %s, but %s; name one with --account", name, say.List(opened.Names()))
	}
	return account, nil
}
