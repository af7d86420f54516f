//go:build binary && linux

package binarytest

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestFleetFolderReadOnly: the shared folder becomes a read-only file system.
func TestFleetFolderReadOnly(t *testing.T) {
	t.Parallel()
	rootOnly(t)
	f := newFleet(t, onFiles, 30*time.Second)
	dir := mountSmall(t, f)
	remount := func(flags uintptr) func() {
		return func() {
			if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
				t.Error(err)
			}
		}
	}
	storeLost(t, f, remount(syscall.MS_RDONLY), remount(0))
	wantLog(t, storeWarns, f.nodes...)
}

// TestFleetFolderFull: there is no space left in the shared folder.
func TestFleetFolderFull(t *testing.T) {
	t.Parallel()
	rootOnly(t)
	f := newFleet(t, onFiles, 30*time.Second)
	filler := filepath.Join(mountSmall(t, f), "filler")
	storeLost(t, f, func() {
		// Everything that is left, and what the gateway itself takes away meanwhile is little.
		if err := os.WriteFile(filler, make([]byte, 8<<20), 0o600); err == nil {
			t.Error("the folder is not full")
		}
	}, func() {
		if err := os.Remove(filler); err != nil {
			t.Error(err)
		}
	})
	wantLog(t, storeWarns, f.nodes...)
}

// mountSmall puts a file system of a megabyte under the folder that the fleet shares.
func mountSmall(t *testing.T, f *fleet) string {
	t.Helper()
	dir := filepath.Join(f.home.dir, "data")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// rootOnly skips a test that mounts a file system of its own.
func rootOnly(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
}
