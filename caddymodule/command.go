package caddymodule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// errSomethingToDo ends a command with exit status 1 where its output has said why.
var errSomethingToDo = errors.New("there is something to do")

// command is `caddy wechat-card`.
func command() caddycmd.Command {
	return caddycmd.Command{
		Name:  "wechat-card",
		Usage: "<command> [flags]",
		Short: "Looks after the WeChat card gateway: its credentials, its cards, and what phones refuse",
		Long: `
status, refresh and, unless it has a --ticket, verify ask the running Caddy through its admin API. doctor, card, form,
jump and whitelist read a configuration and call WeChat by themselves. See the subcommands.`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.AddCommand(statusCommand(), refreshCommand(), verifyCommand())
			cmd.AddCommand(doctorCommand(), cardCommand(), formCommand(), jumpCommand(), whitelistCommand())
		},
	}
}

// adminFlags find the admin API, as those of Caddy's own commands do.
type adminFlags struct{ address, config, adapter string }

func (f *adminFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.address, "address", "", "The address of the admin API; default: as in --config, else Caddy's own")
	cmd.Flags().StringVarP(&f.config, "config", "c", "", "A configuration file that says where the admin API is")
	cmd.Flags().StringVarP(&f.adapter, "adapter", "a", "", "The name of the config adapter for --config")
}

// ask calls the admin API and decodes its answer. One with an error status is decoded too if it can be, beside the error.
func (f *adminFlags) ask(method, path string, body, into any) error {
	address, err := caddycmd.DetermineAdminAPIAddress(f.address, nil, f.config, f.adapter)
	if err != nil {
		return fmt.Errorf("finding the admin API: %w", err)
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
		return fmt.Errorf("reading the answer of the admin API at %s: %w", address, err)
	}
	return nil
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
			return errors.New(answer.Error)
		}
	}
	if strings.Contains(text, "HTTP 404") {
		return fmt.Errorf("the Caddy whose admin API is at %s knows nothing of wechat-card: is it this build?", address)
	}
	if _, ok := errors.AsType[net.Error](err); ok || strings.Contains(text, "performing request") {
		return fmt.Errorf("no Caddy answers at %s: is it running, and is this the address of its admin API (--address)? %w", address, err)
	}
	return err
}

func statusCommand() *cobra.Command {
	var flags adminFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [--json] [--address <admin>]",
		Short: "Shows how the credentials stand, and what to do where they do not",
		Long: `
Shows for each account how its access_token and tickets stand in the running Caddy:
✓ it is well, ! it is served but there is something to do, ✗ there is none to serve.

The exit status is 0 when all is well, and 1 when there is something to do or Caddy does not answer.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SilenceUsage = true
			var raw json.RawMessage
			if err := flags.ask(http.MethodGet, statusPath, nil, &raw); err != nil {
				return err
			}
			var answer statusAnswer
			if err := json.Unmarshal(raw, &answer); err != nil {
				return fmt.Errorf("reading the answer of the admin API: %w", err)
			}
			out := cmd.OutOrStdout()
			if asJSON {
				fmt.Fprintln(out, strings.TrimSpace(string(raw)))
			} else {
				fmt.Fprint(out, statusTable(answer, time.Now(), hasColours(out)))
			}
			if worst(answer) != markFine {
				cmd.SilenceErrors = true
				return errSomethingToDo
			}
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print the answer of the admin API, for scripts")
	return cmd
}

func refreshCommand() *cobra.Command {
	var flags adminFlags
	var q refreshRequest
	cmd := &cobra.Command{
		Use:   "refresh [--account <name>] [--credential <name>] [--force] [--address <admin>]",
		Short: "Fetches credentials anew, now",
		Long: `
Fetches the credentials that are in use anew, whatever failed before, and shares them with the other machines.

WeChat gives a stable access_token again as long as it is good; --force makes it give a new one, of which there are
20 a day. The old one ends within five minutes.

The exit status is 1 when anything could not be refreshed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SilenceUsage = true
			var answer refreshAnswer
			err := flags.ask(http.MethodPost, refreshPath, q, &answer)
			out := cmd.OutOrStdout()
			if answer.Accounts == nil {
				return err
			}
			fmt.Fprint(out, refreshTable(answer, time.Now(), hasColours(out)))
			if err != nil {
				cmd.SilenceErrors = true
			}
			return err
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&q.Account, "account", "", "The account; default: all")
	cmd.Flags().StringVar((*string)(&q.Credential), "credential", "", fmt.Sprintf("One of %v; default: all that are in use", credential.Kinds))
	cmd.Flags().BoolVar(&q.Force, "force", false, "Have WeChat replace a stable access_token that is still good")
	return cmd
}

// hasColours tells whether w is a terminal that takes colours.
func hasColours(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
