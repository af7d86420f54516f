// Package words reads the words of a Caddyfile that several modules have, and evaluates placeholders in what they configure.
package words

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Subdirectives are what may stand in the block of an action or a store, each with what reads it.
type Subdirectives map[string]func() error

// Arguments is the name of what stands on the line of an action itself, in Subdirectives. Without it nothing may stand there.
const Arguments = ""

// Common are the subdirectives that all actions have. The handler reads them, before an action sees its block.
var Common = []string{"account", "errors"}

// Unmarshal reads the name of an action, and its block.
func Unmarshal(d *caddyfile.Dispenser, in Subdirectives) error { return unmarshal(d, in, Common) }

// notOfAction is the error for a subdirective that an action does not have.
type notOfAction struct {
	error
	alone error
}

// Alone gives an error of Unmarshal for an action that stands in the block of another, which has no account and errors of its own.
func Alone(err error) error {
	if e, ok := errors.AsType[notOfAction](err); ok {
		return e.alone
	}
	return err
}

// UnmarshalGuest is Unmarshal for what is no action: a store, an encoder.
func UnmarshalGuest(d *caddyfile.Dispenser, in Subdirectives) error { return unmarshal(d, in, nil) }

func unmarshal(d *caddyfile.Dispenser, in Subdirectives, more []string) error {
	d.Next() // consume the name
	if d.CountRemainingArgs() > 0 {
		read := in[Arguments]
		if read == nil {
			d.NextArg()
			return d.ArgErr()
		}
		if err := read(); err != nil {
			return err
		}
	}
	for d.NextBlock(0) {
		read := in[d.Val()]
		if read == nil || d.Val() == Arguments {
			alone := Unrecognized(d, in.names()...)
			if len(more) == 0 {
				return alone
			}
			return notOfAction{Unrecognized(d, append(in.names(), more...)...), alone}
		}
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}

// Block reads the block of a subdirective at a depth of nesting: 1 within the block of an action, 2 within one of these.
func Block(d *caddyfile.Dispenser, depth int, in Subdirectives) error {
	for d.NextBlock(depth) {
		read := in[d.Val()]
		if read == nil {
			return Unrecognized(d, in.names()...)
		}
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}

// OneValue reads the one argument of a subdirective that may stand once.
func OneValue(d *caddyfile.Dispenser, target *string) error {
	name := d.Val()
	text, err := argument(d, *target != "")
	if err != nil {
		return err
	}
	if *target = text; text == "" {
		return d.Errf("%s is empty", name)
	}
	return nil
}

// OneOf is oneValue for a choice.
func OneOf(d *caddyfile.Dispenser, target *string, choice ...string) error {
	name := d.Val()
	if err := OneValue(d, target); err != nil {
		return err
	}
	if !slices.Contains(choice, *target) {
		return d.Errf("%s is %s, not '%s'", name, strings.Join(choice, " or "), *target)
	}
	return nil
}

// Number reads the one argument of a subdirective that may stand once: a number greater than zero.
func Number(d *caddyfile.Dispenser, target *int) error {
	name := d.Val()
	text, err := argument(d, *target != 0)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return d.Errf("%s must be a number greater than zero, not '%s'", name, text)
	}
	*target = n
	return nil
}

// Size reads the one argument of a subdirective that may stand once: a number of bytes, such as 512KiB or 2MB.
func Size(d *caddyfile.Dispenser, target *int64) error {
	name := d.Val()
	text, err := argument(d, *target != 0)
	if err != nil {
		return err
	}
	n, err := humanize.ParseBytes(text)
	if err != nil || n == 0 || n > 1<<62 {
		return d.WrapErr(fmt.Errorf("%s must be a size greater than zero, such as 512KiB, not '%s'", name, text))
	}
	*target = int64(n)
	return nil
}

// argument reads the one argument of a subdirective, which must not be given before.
func argument(d *caddyfile.Dispenser, given bool) (text string, err error) {
	if given {
		return "", AlreadySpecified(d, d.Val())
	}
	if !d.AllArgs(&text) {
		return "", d.ArgErr()
	}
	return text, nil
}

// Flag reads a subdirective without arguments, which may stand once.
func Flag(d *caddyfile.Dispenser, target *bool) error {
	name := d.Val()
	if d.NextArg() {
		return d.ArgErr()
	}
	if *target {
		return AlreadySpecified(d, name)
	}
	*target = true
	return nil
}

// AlreadySpecified is the error for a subdirective that stands twice.
func AlreadySpecified(d *caddyfile.Dispenser, name string) error {
	return d.Errf("%s already specified", name)
}

// Located says where in the Caddyfile an error is. nil stays nil.
func Located(d *caddyfile.Dispenser, err error) error {
	if err == nil {
		return nil
	}
	return d.WrapErr(err)
}
