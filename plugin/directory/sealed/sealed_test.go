package sealed_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
)

var old, young = strings.Repeat("o", sealed.MinKey), strings.Repeat("y", sealed.MinKey)

func keys(t *testing.T, texts ...string) *sealed.Keys {
	t.Helper()
	k, err := sealed.New(texts...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealAndOpen(t *testing.T) {
	const secret = "0123456789abcdef"
	text, err := keys(t, old).Seal(secret)
	if err != nil || !sealed.Is(text) || strings.Contains(text, secret) {
		t.Fatalf("got %q, %v", text, err)
	}
	if again, _ := keys(t, old).Seal(secret); again == text {
		t.Error("two seals of one value are alike")
	}
	for name, k := range map[string]*sealed.Keys{"same": keys(t, old), "previous": keys(t, young, old)} {
		if got, err := k.Open(text); got != secret || err != nil {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	for name, tc := range map[string]struct {
		keys *sealed.Keys
		text string
		want error
	}{
		"another key": {keys(t, young), text, sealed.ErrForeign},
		"damaged":     {keys(t, old), text[:len(text)-5] + "AAAA=", sealed.ErrForeign},
		"no base64":   {keys(t, old), sealed.Prefix + "!", sealed.ErrForeign},
		"empty":       {keys(t, old), sealed.Prefix, sealed.ErrForeign},
		"no key":      {new(sealed.Keys), text, sealed.ErrNoKey},
		"none at all": {nil, text, sealed.ErrNoKey},
	} {
		if got, err := tc.keys.Open(tc.text); got != "" || !errors.Is(err, tc.want) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if got, err := (*sealed.Keys)(nil).Open(secret); got != secret || err != nil {
		t.Errorf("not sealed: got %q, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	for name, texts := range map[string][]string{"short": {old[1:]}, "second is short": {old, "x"}, "three": {old, young, old + young}} {
		_, err := sealed.New(texts...)
		if err == nil || strings.Contains(err.Error(), old[1:]) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, tc := range map[string]struct {
		keys  *sealed.Keys
		value string
	}{"empty": {keys(t, old), ""}, "twice": {keys(t, old), sealed.Prefix + "AAAA"}, "no key": {keys(t), "x"}, "nil": {nil, "x"}} {
		if got, err := tc.keys.Seal(tc.value); err == nil {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
