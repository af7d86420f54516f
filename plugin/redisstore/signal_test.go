//go:build unix

package redisstore

import (
	"syscall"
	"testing"
)

func (p *process) pause(t *testing.T)  { p.signal(t, syscall.SIGSTOP) }
func (p *process) resume(t *testing.T) { p.signal(t, syscall.SIGCONT) }

func (p *process) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}
