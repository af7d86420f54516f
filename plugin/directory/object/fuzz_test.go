package object_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
)

// FuzzParse: whatever the data are, what is taken has the shape that it is said to have, and is taken again as it is.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{whole, "", "{}", `{"app_id":"` + appID + `","app_secret":"` + secret + `"}`, `{"app_id":"wx","app_id":"wx"}`, `{"mini_program":[{}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := object.Parse(raw, nil)
		if err != nil {
			if !errors.As(err, new(*object.Fault)) {
				t.Fatalf("%q: %v is no Fault", raw, err)
			}
			return
		}
		if !object.IsAppID(a.AppID) || a.Alias != "" && !object.IsAlias(a.Alias) || bytes.Contains(a.Whole, []byte("{env")) {
			t.Fatalf("%q: got %+v", raw, a)
		}
		again, err := object.Parse(a.Whole, nil)
		if err != nil || again.Version != a.Version || !bytes.Equal(again.Whole, a.Whole) {
			t.Fatalf("%q: got %+v, then %+v, %v", raw, a, again, err)
		}
		object.Show(a.Whole)
	})
}
