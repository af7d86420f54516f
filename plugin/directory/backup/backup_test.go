package backup_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/backup"
)

const passphrase = "correct horse 电池"

func TestBackup(t *testing.T) {
	made := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	b := backup.Backup{Made: made, Components: map[string][]json.RawMessage{"shop": {json.RawMessage(`{"refresh_token":"s3cret"}`)}}}
	raw, err := b.Seal(passphrase)
	if err != nil || bytes.Contains(raw, []byte("s3cret")) || bytes.Contains(raw, []byte("shop")) {
		t.Fatalf("got %s, %v", raw, err)
	}
	got, err := backup.Open(raw, passphrase)
	if err != nil || !got.Made.Equal(made) || string(got.Components["shop"][0]) != `{"refresh_token":"s3cret"}` {
		t.Errorf("got %+v, %v", got, err)
	}
	if again, _ := b.Seal(passphrase); bytes.Equal(again, raw) {
		t.Error("two files of one backup are alike")
	}
	damaged := bytes.Replace(raw, []byte(`"sealed":"`), []byte(`"sealed":"AAAA`), 1)
	for name, tc := range map[string]struct {
		raw        string
		passphrase string
		want       error
	}{
		"another passphrase":   {string(raw), passphrase + "x", backup.ErrNotYours},
		"damaged":              {string(damaged), passphrase, backup.ErrNotYours},
		"empty":                {"", passphrase, backup.ErrForeign},
		"something else":       {`{"format":"x"}`, passphrase, backup.ErrForeign},
		"cut":                  {string(raw[:len(raw)/2]), passphrase, backup.ErrForeign},
		"keeps a machine busy": {strings.Replace(string(raw), `"iterations":600000`, `"iterations":2000000000`, 1), passphrase, backup.ErrForeign},
	} {
		if got, err := backup.Open([]byte(tc.raw), tc.passphrase); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if _, err := b.Seal("short"); err == nil {
		t.Error("a short passphrase is taken")
	}
}
