package keys_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure/securetest"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// validate does what `caddy validate` does with a Caddyfile.
func validate(text string) error {
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return err
	}
	return sitetest.Validate(string(out))
}

// configured is a Caddyfile whose relay and whose sandbox have these lines in their blocks `secure`.
func configured(relay, sandbox string) string {
	return `{
	admin off
	wechat_card {
		api http://127.0.0.1:1
		store off
		account {
			app_id ` + sitetest.AppID + `
			app_secret {env.KEYS_SECRET}
			mini_program wx0000000000000002 {env.KEYS_SECRET}
		}
	}
}
http://localhost:9080 {
	wechat_card relay {
		mini_program {
			secure {
` + relay + `
			}
		}
		allow /wxa/*
	}
}
http://localhost:9081 {
	wechat_sandbox {
		mini_program wx0000000000000002 {env.KEYS_SECRET}
		secure wx0000000000000002 {
` + sandbox + `
		}
	}
}
`
}

// TestBadKeysSayWhere puts a bad key into one line, and looks whether the error names that line, and no key. All other lines are good, and
// some of them have the same words.
func TestBadKeysSayWhere(t *testing.T) {
	t.Setenv("KEYS_SECRET", "s3cret")
	suite, other := securetest.Suites()[0], securetest.Suites()[1]
	dir := t.TempDir()
	// the ways in which a key stands in a Caddyfile
	ways := map[string]func(key string) string{
		"literal":   func(key string) string { return `"` + key + `"` },
		"next line": func(key string) string { return "\\\n" + `"` + key + `"` },
		"env": func(key string) string {
			name := fmt.Sprintf("KEYS_%d", len(os.Environ()))
			t.Setenv(name, key)
			return "{env." + name + "}"
		},
		"file": func(key string) string {
			f, err := os.CreateTemp(dir, "")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteString(key + "\n"); err != nil {
				t.Fatal(err)
			}
			return "{file." + filepath.ToSlash(f.Name()) + "}"
		},
	}
	type line struct{ name, number, key string }
	relay := []line{
		{"symmetric_key", "s1", suite.Symmetric},
		{"private_key", "o1", suite.Own.Private},
		{"certificate", "p1", suite.WeChat.Public},
		{"certificate", "p0", suite.Older.Public},
	}
	sandbox := []line{
		{"symmetric_key", "s1", suite.Symmetric},
		{"private_key", "p1", suite.WeChat.Private},
		{"certificate", "o1", suite.Own.Public},
		{"deprecated_key", "p0", suite.Older.Private},
	}
	for _, tc := range []struct {
		of   string // relay or sandbox
		at   int    // the line that is changed
		to   line
		want string
	}{
		{"relay", 0, line{"symmetric_key", "s1", "c2VjcmV0"}, "the symmetric key has 6 bytes"},
		{"relay", 0, line{"symmetric_key", "s1", "sEcret"}, "the symmetric key is no base64"},
		{"relay", 1, line{"private_key", "o1", "sEcret"}, "the private key is no PEM"},
		{"relay", 1, line{"private_key", "o1", suite.Own.Public}, "the private key is none"},
		{"relay", 1, line{"private_key", "o1", suite.WeChat.Private}, "the certificate p1 is the public half"},
		{"relay", 2, line{"certificate", "p1", "sEcret"}, "the certificate p1 is no PEM"},
		{"relay", 2, line{"certificate", "o1", suite.Own.Public}, "the certificate o1 is the public half"}, // as the sandbox's line is, and should be
		{"relay", 3, line{"certificate", "p0", suite.Own.Private}, "the certificate p0 is no certificate"},
		{"relay", 3, line{"certificate", "{env.KEYS_NUMBER}", "sEcret"}, "the certificate p9 is no PEM"},
		{"relay", 3, line{"certificate", "{env.KEYS_SECRET}/", other.WeChat.Public}, "the certificate has no number"},
		{"relay", 3, line{"certificate", "{env.KEYS_SAME}", other.WeChat.Public}, "certificate: two have the number"},
		{"sandbox", 0, line{"symmetric_key", "s1", "c2VjcmV0"}, "the symmetric key has 6 bytes"},
		{"sandbox", 1, line{"private_key", "p1", "sEcret"}, "the private key is no PEM"},
		{"sandbox", 2, line{"certificate", "o1", "sEcret"}, "the certificate o1 is no PEM"},
		{"sandbox", 2, line{"certificate", "p1", suite.WeChat.Public}, "the certificate p1 is the public half"},
		{"sandbox", 2, line{"certificate", "p0", suite.Older.Public}, "deprecated_key: the certificate p0 is the public half"},
		{"sandbox", 3, line{"deprecated_key", "p0", "sEcret"}, "deprecated_key: the private key is no PEM"},
		{"sandbox", 3, line{"deprecated_key", "p1", suite.Older.Private}, "deprecated_key has the number of private_key"},
		{"sandbox", 3, line{"deprecated_key", "{env.KEYS_SAME}", suite.Older.Private}, "deprecated_key has the number of private_key"},
	} {
		t.Setenv("KEYS_NUMBER", "p9")
		t.Setenv("KEYS_SAME", "p1")
		for way, write := range ways {
			t.Run(fmt.Sprintf("%s, %s %s, %s", tc.of, tc.to.name, tc.want, way), func(t *testing.T) {
				texts := make(map[string]string)
				for of, lines := range map[string][]line{"relay": relay, "sandbox": sandbox} {
					for i, l := range lines {
						key := write(l.key)
						if of == tc.of && i == tc.at {
							l, key = tc.to, "MARK"+write(tc.to.key)
						}
						texts[of] += l.name + " " + l.number + " " + key + "\n"
					}
				}
				text := configured(texts["relay"], texts["sandbox"])
				before, _, _ := strings.Cut(text, "MARK")
				at := 1 + strings.Count(before, "\n")
				if tc.want == "the certificate p1 is the public half" && tc.to.name == "private_key" { // it is the certificate that looks wrong
					before, _, _ = strings.Cut(text, "certificate p1")
					at = 1 + strings.Count(before, "\n")
				}
				err := validate(strings.Replace(text, "MARK", "", 1))
				if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasSuffix(err.Error(), fmt.Sprintf(", at Caddyfile:%d", at)) ||
					strings.Count(err.Error(), ", at ") != 1 {
					t.Errorf("want %s, at Caddyfile:%d, got %v", tc.want, at, err)
				}
				for _, secret := range []string{"sEcret", "c2VjcmV0", "s3cret", suite.Symmetric, "BEGIN"} {
					if err != nil && strings.Contains(err.Error(), secret) {
						t.Errorf("a key is in %v", err)
					}
				}
			})
		}
	}
}
