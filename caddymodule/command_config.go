package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/spf13/cobra"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// exitUsage is the exit status for a command that was not called as it should be.
const exitUsage = 2

// usageError says that a command was not called as it should be.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// withStatus has a command end with exit status 2 where it was not called as it should be, and without its usage
// otherwise. Caddy has no other way to an exit status than its own wrapper.
func withStatus(cmd *cobra.Command) *cobra.Command {
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return asUsage(cmd, &usageError{err}) })
	if args := cmd.Args; args != nil {
		cmd.Args = func(c *cobra.Command, given []string) error {
			if err := args(c, given); err != nil {
				return asUsage(cmd, &usageError{err})
			}
			return nil
		}
	}
	run := cmd.RunE
	cmd.RunE = func(c *cobra.Command, args []string) error {
		c.SilenceUsage = true
		return asUsage(c, run(c, args))
	}
	return cmd
}

// asUsage gives a usage error its exit status.
func asUsage(cmd *cobra.Command, err error) error {
	if _, ok := errors.AsType[*usageError](err); !ok {
		return err
	}
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.PrintErrf("Error: %s\nSee: %s --help\n", err, cmd.CommandPath())
	return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return exitUsage, nil })(cmd, nil)
}

// The environment variable that holds the app secret where there is no configuration.
const secretVariable = "WECHAT_APP_SECRET" //nolint:gosec // where it is, not what it is

// accountFlags say which accounts a command is for that calls WeChat by itself, beside a running Caddy: those of a
// configuration, or one that is named.
type accountFlags struct {
	config, adapter, account string
	api, appID               string
}

func (f *accountFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.config, "config", "c", "", "The configuration file; default: the Caddyfile in this folder")
	cmd.Flags().StringVarP(&f.adapter, "adapter", "a", "", "The name of the config adapter for --config")
	cmd.Flags().StringVar(&f.account, "account", "", "The account of the configuration; default: "+defaultAccount)
	cmd.Flags().StringVar(&f.appID, "app-id", "", "Without a configuration: the account's app_id; its secret is in $"+secretVariable)
	cmd.Flags().StringVar(&f.api, "api", "", "Without a configuration: the base URL of the API; default: WeChat's")
}

// open provisions the configuration, as `caddy validate` does: no app of it is started, and nothing of it is logged.
// hasSites tells whether it has sites at all. closeApp must be called.
func (f *accountFlags) open() (app *App, hasSites bool, closeApp func(), err error) {
	caddy.BufferedLog() // what Caddy says of loading is not what was asked for
	raw, err := f.load()
	if err != nil {
		return nil, false, nil, err
	}
	var cfg *caddy.Config
	if err := caddy.StrictUnmarshalJSON(caddy.RemoveMetaFields(raw), &cfg); err != nil {
		return nil, false, nil, fmt.Errorf("decoding the configuration: %w", err)
	}
	if cfg == nil || cfg.AppsRaw[appName] == nil {
		return nil, false, nil, errors.New("the configuration has no wechat_card")
	}
	// The logs of the running Caddy are not for us to write to.
	cfg.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{
		"default": {BaseLog: caddy.BaseLog{WriterRaw: caddyconfig.JSONModuleObject(caddy.DiscardWriter{}, "output", "discard", nil)}},
	}}
	hasSites = cfg.AppsRaw["http"] != nil // later it is not there any more
	ctx, err := caddy.ProvisionContext(cfg)
	if err != nil {
		return nil, false, nil, fmt.Errorf("loading the configuration: %w", err)
	}
	mod, err := ctx.App(appName)
	if err != nil {
		return nil, false, nil, err
	}
	app = mod.(*App)
	return app, hasSites, func() { _ = app.Cleanup() }, nil
}

// load gives the configuration as JSON.
func (f *accountFlags) load() ([]byte, error) {
	if f.appID != "" {
		return f.fromFlags()
	}
	if f.api != "" {
		return nil, usagef("--api goes with --app-id; a configuration has its own")
	}
	if f.config == "" {
		if _, err := os.Stat("Caddyfile"); err != nil {
			return nil, usagef("there is no Caddyfile in this folder: name a configuration with --config, or an account with --app-id")
		}
	}
	raw, _, _, err := caddycmd.LoadConfig(f.config, f.adapter)
	return raw, err
}

// fromFlags makes the configuration of one account.
func (f *accountFlags) fromFlags() ([]byte, error) {
	if f.config != "" || f.account != "" {
		return nil, usagef("--app-id takes the place of a configuration: it does not go with --config and --account")
	}
	if os.Getenv(secretVariable) == "" {
		return nil, usagef("--app-id needs the app secret in $%s", secretVariable)
	}
	app := &App{
		StoreRaw: caddyconfig.JSONModuleObject(new(NoStore), "module", "off", nil),
		Accounts: map[string]*Account{defaultAccount: {AppID: f.appID, AppSecret: "{env." + secretVariable + "}"}},
	}
	if f.api != "" {
		app.API = []string{f.api}
	}
	raw, err := json.Marshal(app)
	if err != nil {
		return nil, err
	}
	return json.Marshal(caddy.Config{AppsRaw: caddy.ModuleMap{appName: raw}})
}

// one opens the configuration for one account of it. ctx ends when somebody has had enough; done must be called.
func (f *accountFlags) one(cmd *cobra.Command) (ctx context.Context, account *plugin.Account, done func(), err error) {
	app, _, closeApp, err := f.open()
	if err != nil {
		return nil, nil, nil, err
	}
	name := f.account
	if name == "" {
		name = defaultAccount
		if names := app.Names(); len(names) == 1 {
			name = names[0]
		}
	}
	guest, err := guestOf(app, name)
	if err != nil {
		closeApp()
		return nil, nil, nil, err
	}
	ctx, stop := untilInterrupted(cmd)
	return ctx, guest, func() { stop(); guest.Stop(); closeApp() }, nil
}

// untilInterrupted gives a context that ends when somebody has had enough.
func untilInterrupted(cmd *cobra.Command) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
}

// guestOf gives an account for a process beside the one that serves.
func guestOf(app *App, name string) (*plugin.Account, error) {
	account := app.Account(name)
	if account == nil {
		names := app.Names()
		return nil, usagef("there is no account %s, but %s; name one with --account", name, strings.Join(names, ", "))
	}
	return account.Guest()
}
