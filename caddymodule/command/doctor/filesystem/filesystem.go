// Package filesystem tells what kind of file system a folder is on, and whether machines share such a one.
package filesystem

import (
	"os"
	"path/filepath"
	"strings"
)

// Kind tells on Linux what kind of file system a folder is on; empty where nobody says.
func Kind(path string) string {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	if path, err = filepath.Abs(path); err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return KindIn(path, string(mounts))
}

// KindIn finds in a text as that of /proc/self/mountinfo the mount that an absolute path is below, and tells its kind; empty
// where there is none. A line is `36 35 98:0 /root /mount/point options - type source options`; the last that fits best counts.
func KindIn(path, mounts string) string {
	kind, longest := "", -1
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\134`, `\`)
	for line := range strings.Lines(mounts) {
		before, after, found := strings.Cut(line, " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if !found || len(fields) < 5 || len(rest) == 0 {
			continue
		}
		point := unescape.Replace(fields[4])
		below := point == "/" || path == point || strings.HasPrefix(path, point+"/")
		if below && len(point) >= longest {
			kind, longest = rest[0], len(point)
		}
	}
	return kind
}

// Shared tells whether a kind of file system is one that several machines can see.
func Shared(kind string) bool {
	for _, prefix := range []string{"nfs", "cifs", "smb", "9p", "fuse.", "ceph", "glusterfs", "lustre", "gpfs", "ocfs2", "gfs2", "afs", "virtiofs"} {
		if strings.HasPrefix(kind, prefix) {
			return true
		}
	}
	return false
}
