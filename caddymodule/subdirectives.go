package caddymodule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// subdirectives are what may stand in the block of an action or a store, each with what reads it.
type subdirectives map[string]func() error

// unmarshalSegment reads the name of an action or a store that takes no arguments, and its block.
func unmarshalSegment(d *caddyfile.Dispenser, in subdirectives) error {
	d.Next() // consume the name
	if d.NextArg() {
		return d.ArgErr()
	}
	for d.NextBlock(0) {
		read := in[d.Val()]
		if read == nil {
			return d.Errf("unrecognized subdirective '%s'", d.Val())
		}
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}

// oneValue reads the one argument of a subdirective that may stand once.
func oneValue(d *caddyfile.Dispenser, target *string) error {
	name := d.Val()
	if *target != "" {
		return alreadySpecified(d, name)
	}
	if !d.AllArgs(target) {
		return d.ArgErr()
	}
	if *target == "" {
		return d.Errf("%s is empty", name)
	}
	return nil
}

// oneOf is oneValue for a choice.
func oneOf(d *caddyfile.Dispenser, target *string, choice ...string) error {
	name := d.Val()
	if err := oneValue(d, target); err != nil {
		return err
	}
	if !slices.Contains(choice, *target) {
		return d.Errf("%s is %s, not '%s'", name, strings.Join(choice, " or "), *target)
	}
	return nil
}

// number reads the one argument of a subdirective that may stand once: a number greater than zero.
func number(d *caddyfile.Dispenser, target *int) error {
	name := d.Val()
	if *target != 0 {
		return alreadySpecified(d, name)
	}
	var text string
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return d.Errf("%s must be a number greater than zero, not '%s'", name, text)
	}
	*target = n
	return nil
}

// size reads the one argument of a subdirective that may stand once: a number of bytes, such as 512KiB or 2MB.
func size(d *caddyfile.Dispenser, target *int64) error {
	name := d.Val()
	if *target != 0 {
		return alreadySpecified(d, name)
	}
	var text string
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	n, err := humanize.ParseBytes(text)
	if err != nil || n == 0 || n > 1<<62 {
		return d.WrapErr(fmt.Errorf("%s must be a size greater than zero, such as 512KiB, not '%s'", name, text))
	}
	*target = int64(n)
	return nil
}

// flag reads a subdirective without arguments, which may stand once.
func flag(d *caddyfile.Dispenser, target *bool) error {
	name := d.Val()
	if d.NextArg() {
		return d.ArgErr()
	}
	if *target {
		return alreadySpecified(d, name)
	}
	*target = true
	return nil
}

func alreadySpecified(d *caddyfile.Dispenser, name string) error {
	return d.Errf("%s already specified", name)
}

// located says where in the Caddyfile an error is. nil stays nil.
func located(d *caddyfile.Dispenser, err error) error {
	if err == nil {
		return nil
	}
	return d.WrapErr(err)
}

// onOff reads a setting that is on unless it is off.
func onOff(name, value string) (bool, error) {
	switch value {
	case "", "on":
		return true, nil
	case "off":
		return false, nil
	}
	return false, fmt.Errorf("%s is on or off, not %q", name, value)
}

// unmarshalGuest loads the module that is called name in namespace from the segment at the cursor.
func unmarshalGuest(d *caddyfile.Dispenser, namespace, name, what string) (caddyfile.Unmarshaler, error) {
	if _, err := caddy.GetModule(namespace + "." + name); err != nil {
		mods := caddy.GetModules(namespace) // sorted
		known := make([]string, len(mods))
		for i, mod := range mods {
			known[i] = mod.ID.Name()
		}
		return nil, d.Errf("unknown %s '%s': there are %s", what, name, strings.Join(known, ", "))
	}
	return caddyfile.UnmarshalModule(d, namespace+"."+name)
}
