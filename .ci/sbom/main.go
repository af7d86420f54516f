// Command sbom prints a software bill of materials, CycloneDX 1.5 in JSON, of a binary: go run ./.ci/sbom <binary>
//
// Go has written into the binary which modules it was built from, and the hash of each as in go.sum; Go itself is one more. There
// is neither a time nor anything random in it: one binary has one bill.
package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
)

const ours = "github.com/caddy-wechat-card/caddy-wechat-card"

type (
	bill struct {
		Format       string       `json:"bomFormat"`
		SpecVersion  string       `json:"specVersion"`
		SerialNumber string       `json:"serialNumber"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Component component `json:"component"`
	}
	component struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref"`
		Name       string     `json:"name"`
		Version    string     `json:"version"`
		Scope      string     `json:"scope,omitempty"`
		Hashes     []hash     `json:"hashes,omitempty"`
		PackageURL string     `json:"purl"`
		Properties []property `json:"properties,omitempty"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: sbom <binary>")
	}
	binary, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	info, err := buildinfo.Read(bytes.NewReader(binary))
	if err != nil {
		return err
	}
	b, err := billOf(info, sha256.Sum256(binary))
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(b)
}

// billOf makes the bill of a binary with that SHA-256.
func billOf(info *debug.BuildInfo, sum [sha256.Size]byte) (*bill, error) {
	var build []property
	var system []string
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS", "GOARCH":
			system = append(system, strings.ToLower(s.Key)+"="+s.Value)
			fallthrough
		case "CGO_ENABLED", "-tags", "-trimpath", "-ldflags":
			build = append(build, property{"go:build:" + s.Key, s.Value})
		}
	}
	whole := component{Type: "application", Ref: "caddy", Name: "caddy", Properties: build, Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}}}
	version := strings.TrimPrefix(info.GoVersion, "go")
	components := []component{{Type: "library", Ref: packageURL("std", version), Name: "std", Version: version, Scope: "required", PackageURL: packageURL("std", version)}}
	for _, dep := range info.Deps {
		c, err := componentOf(dep)
		if err != nil {
			return nil, err
		}
		if dep.Path == ours {
			whole.Version = dep.Version
			whole.PackageURL = packageURL(ours, dep.Version) + "?" + strings.Join(system, "&")
		}
		components = append(components, c)
	}
	if whole.Version == "" {
		return nil, errors.New("it was built without " + ours)
	}
	all := dependency{Ref: whole.Ref}
	for _, c := range components {
		all.DependsOn = append(all.DependsOn, c.Ref)
	}
	// A UUID of version 8, whose bits are its maker's.
	id := sum[:16]
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return &bill{
		Format: "CycloneDX", SpecVersion: "1.5", Version: 1,
		SerialNumber: fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]),
		Metadata:     metadata{whole}, Components: components, Dependencies: []dependency{all},
	}, nil
}

// componentOf is a module, or what stands in its place.
func componentOf(dep *debug.Module) (component, error) {
	c := component{Type: "library", Name: dep.Path, Version: dep.Version, Scope: "required"}
	sum := dep.Sum
	if r := dep.Replace; r != nil && dep.Path != ours {
		if r.Version == "" {
			// A folder of somebody's own: nobody else finds anything under its name.
			c.Properties = append(c.Properties, property{"go:replaced", "by a folder"})
		} else {
			c.Name, c.Version = r.Path, r.Version
		}
		sum = r.Sum
	}
	c.PackageURL = packageURL(c.Name, c.Version)
	c.Ref = c.PackageURL
	if sum != "" {
		// h1 is the SHA-256 of a list of the SHA-256 of all files: none of an archive, so it is not said as one.
		raw, found := strings.CutPrefix(sum, "h1:")
		if decoded, err := base64.StdEncoding.DecodeString(raw); !found || err != nil || len(decoded) != sha256.Size {
			return c, fmt.Errorf("%s has the sum %q", dep.Path, sum)
		}
		c.Properties = append(c.Properties, property{"go:sum", sum})
	}
	return c, nil
}

func packageURL(path, version string) string {
	return "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
}
