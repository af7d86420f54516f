package clients

import (
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestCallerKey(t *testing.T) {
	t.Setenv("TEST_KEY", " k3y\n")
	for _, tc := range []struct {
		raw, good string
		warned    bool
	}{
		{"", "", false},
		{"{env.TEST_KEY}", "k3y", false},
		{"k3y", "k3y", true},
	} {
		core, logs := observer.New(zap.WarnLevel)
		key, err := NewKey(tc.raw, zap.New(core))
		if err != nil {
			t.Fatal(err)
		}
		if key.Set != (tc.raw != "") || key.Matches(tc.good) != key.Set {
			t.Errorf("%q does not match %q", tc.raw, tc.good)
		}
		for _, bad := range []string{"", "k", "k3y ", "K3Y", "{env.TEST_KEY}", strings.Repeat("\x00", 32)} {
			if key.Matches(bad) {
				t.Errorf("%q matches %q", tc.raw, bad)
			}
		}
		if warned := logs.Len() > 0; warned != tc.warned {
			t.Errorf("%q: %d warnings", tc.raw, logs.Len())
		}
		for _, entry := range logs.All() {
			if strings.Contains(entry.Message, "k3y") {
				t.Errorf("the key is in the warning %v", entry)
			}
		}
	}
	if _, err := NewKey("{env.NO_SUCH_KEY}", zap.NewNop()); err == nil {
		t.Error("an empty key is no error")
	}
}
