package filesystem_test

import (
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/doctor/filesystem"
)

func TestKindIn(t *testing.T) {
	const mounts = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:30 / /var/lib/caddy rw,relatime - nfs4 10.0.0.1:/x rw
31 22 0:31 / /var/lib/caddy/local\040disk rw - xfs /dev/sdb rw
nonsense
32 22 0:32 / /mnt/s3 rw - fuse.s3fs s3fs rw
`
	for path, want := range map[string]struct {
		kind   string
		shared bool
	}{
		"/home/x":                    {"ext4", false},
		"/var/lib/caddy":             {"nfs4", true},
		"/var/lib/caddyshack":        {"ext4", false},
		"/var/lib/caddy/data":        {"nfs4", true},
		"/var/lib/caddy/local disk/": {"xfs", false},
		"/mnt/s3/a":                  {"fuse.s3fs", true},
	} {
		if kind := filesystem.KindIn(path, mounts); kind != want.kind || filesystem.Shared(kind) != want.shared {
			t.Errorf("%s: got %q", path, kind)
		}
	}
	if got := filesystem.KindIn("/x", ""); got != "" || filesystem.Shared(got) {
		t.Errorf("got %q", got)
	}
}
