package accounts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/backup"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/spf13/cobra"
)

// passphrase is where a command has its passphrase from.
type passphrase struct{ file string }

func (p *passphrase) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.file, "passphrase-file", "", "A file whose first line is the passphrase")
}

func (p *passphrase) read(cmd *cobra.Command) (string, error) {
	if p.file == "" {
		return "", cli.Usagef("--passphrase-file is missing: a file whose first line is the passphrase, of %d characters at least", backup.MinPassphrase)
	}
	raw, err := read(cmd, p.file, 64<<10)
	if err != nil {
		return "", err
	}
	line, _, _ := bytes.Cut(raw, []byte("\n"))
	return strings.TrimRight(string(line), "\r"), nil
}

// open gives the components of a configuration.
func open(flags *cli.Account) (platforms map[string]*platform.Platform, done func(), err error) {
	opened, _, done, err := flags.Open()
	if err != nil {
		return nil, nil, err
	}
	if platforms = opened.Platforms(); len(platforms) == 0 {
		done()
		return nil, nil, say.Errorf("the configuration has no component")
	}
	return platforms, done, nil
}

func exportCommand() *cobra.Command {
	var flags cli.Account
	var pass passphrase
	cmd := &cobra.Command{
		Use:   "export <file|-> --passphrase-file <file> [--config <file>]",
		Short: "Writes what components hold of authorised accounts into a file, sealed with a passphrase",
		Long: `
Writes the verify ticket and each merchant's refresh token, with what was set for the account, into a file that is sealed with a passphrase:
what WeChat gives to nobody again without the merchant. It reads the store by itself, as the running Caddy writes it, and changes nothing.
Run it on a machine that has the store, as the user that Caddy runs as.

Accounts in a folder or in a Redis of your own are files and keys already, and not in it.`,
		Example: `  $ caddy wechat-card accounts export backup.json --passphrase-file /run/secrets/passphrase`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			phrase, err := pass.read(cmd)
			if err != nil {
				return err
			}
			ctx, stop := cli.UntilInterrupted(cmd)
			defer stop()
			platforms, done, err := open(&flags)
			if err != nil {
				return err
			}
			defer done()
			b := backup.Backup{Made: time.Now().UTC().Truncate(time.Second), Components: make(map[string][]json.RawMessage)}
			n := 0
			for name, p := range platforms {
				records, err := p.Export(ctx)
				if err != nil {
					return say.Errorf("component %s: %w", name, err)
				}
				for _, r := range records {
					b.Components[name] = append(b.Components[name], json.RawMessage(r))
				}
				n += len(records)
			}
			raw, err := b.Seal(phrase)
			if err != nil {
				return &cli.UsageError{Err: err}
			}
			if args[0] == "-" {
				_, err := cmd.OutOrStdout().Write(raw)
				return err
			}
			if err := replace(args[0], raw); err != nil {
				return say.Errorf("writing %s: %w", args[0], err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), say.T("%d records are in %s", n, args[0]))
			return nil
		},
	}
	flags.AddConfiguration(cmd)
	pass.add(cmd)
	return cli.WithStatus(cmd)
}

// replace writes a file that only its owner reads, and that takes the place of the one before when it is whole.
func replace(path string, raw []byte) error {
	made, err := os.CreateTemp(filepath.Dir(path), ".backup-*") // of mode 0600
	if err != nil {
		return err
	}
	_, err = made.Write(raw)
	for _, err2 := range []error{made.Sync(), made.Close()} {
		if err == nil {
			err = err2
		}
	}
	if err == nil {
		err = os.Rename(made.Name(), path)
	}
	if err != nil {
		_ = os.Remove(made.Name())
	}
	return err
}

func importCommand() *cobra.Command {
	var flags cli.Account
	var pass passphrase
	cmd := &cobra.Command{
		Use:   "import <file|-> --passphrase-file <file> [--config <file>]",
		Short: "Puts what accounts export wrote back into the store",
		Long: `
Puts what accounts export wrote back into the store of the configuration, component by component. What is newer there stays, so that it does
no harm to do it twice, or while Caddy runs, which takes over within a second what was missing.`,
		Example: `  $ caddy wechat-card accounts import backup.json --passphrase-file /run/secrets/passphrase`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			phrase, err := pass.read(cmd)
			if err != nil {
				return err
			}
			raw, err := read(cmd, args[0], backup.MaxSize)
			if err != nil {
				return err
			}
			b, err := backup.Open(raw, phrase)
			if err != nil {
				return say.Errorf("reading %s: %w", args[0], err)
			}
			ctx, stop := cli.UntilInterrupted(cmd)
			defer stop()
			platforms, done, err := open(&flags)
			if err != nil {
				return err
			}
			defer done()
			return restore(ctx, cmd, b, platforms)
		},
	}
	flags.AddConfiguration(cmd)
	pass.add(cmd)
	return cli.WithStatus(cmd)
}

// restore imports the records of each component.
func restore(ctx context.Context, cmd *cobra.Command, b *backup.Backup, platforms map[string]*platform.Platform) error {
	names := slices.Sorted(maps.Keys(b.Components))
	for _, name := range names { // before anything is changed
		if platforms[name] == nil {
			return say.Errorf("the configuration has no component %s, but %s", name, say.List(slices.Sorted(maps.Keys(platforms))))
		}
	}
	for _, name := range names {
		records := make([]platform.Record, len(b.Components[name]))
		for i, r := range b.Components[name] {
			records[i] = platform.Record(r)
		}
		taken, err := platforms[name].Import(ctx, records)
		if err != nil {
			return say.Errorf("component %s: %w", name, err)
		}
		fmt.Fprintln(cmd.OutOrStdout(), say.T("component %s: %d authorisations were put back; what was there already, and as new, stays", name, taken))
	}
	return nil
}
