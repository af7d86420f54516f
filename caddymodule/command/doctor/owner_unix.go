//go:build unix

package doctor

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedByUs tells whether what is created beside a file, or in a folder, would belong to its owner.
func ownedByUs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}
