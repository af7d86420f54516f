// Package version says which version of the plugin has been built in.
package version

import "runtime/debug"

// Module is the module whose version it is.
const Module = "github.com/caddy-wechat-card/caddy-wechat-card"

// Unknown is the version of a build that has none: of a program or a test within this module, or of one that puts a folder
// in the module's place and does not say which version lies there.
const Unknown = "(devel)"

// unsaid is what Go writes for a folder in a module's place when nobody has said which version it is.
const unsaid = "v0.0.0-00010101000000-000000000000"

// String is the version as `caddy build-info` prints it: v0.2.0, or Unknown.
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Unknown
	}
	return of(info)
}

// of finds the version in what Go has written into a binary.
func of(info *debug.BuildInfo) string {
	module := info.Main
	for _, dep := range info.Deps {
		if dep.Path == Module {
			module = *dep
		}
	}
	version := module.Version
	if replaced := module.Replace; replaced != nil && replaced.Version != "" && replaced.Version != Unknown {
		version = replaced.Version // another module stands in its place; a folder has no version
	}
	if module.Path != Module || version == "" || version == unsaid {
		return Unknown
	}
	return version
}
