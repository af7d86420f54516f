package handler

import (
	"sync"
	"time"
)

// paced writes one line a second of each kind to a log, and how many the line stands for; a nil one each line.
type paced struct {
	mu    sync.Mutex
	lines map[string]*pacedLine // of which one was written within the last second
}

// pacedLine is what has been held back of one kind.
type pacedLine struct {
	count int
	write func(count int) // writes the latest
}

// log writes a line now, or in a second's time with all others of its kind until then.
func (p *paced) log(kind string, write func(count int)) {
	switch {
	case p == nil:
		write(1)
	case !p.hold(kind, write):
		write(1)
		time.AfterFunc(time.Second, func() { p.release(kind) })
	}
}

// hold holds a line back, unless it is the first of its kind.
func (p *paced) hold(kind string, write func(count int)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if line := p.lines[kind]; line != nil {
		line.count++
		line.write = write
		return true
	}
	if p.lines == nil {
		p.lines = make(map[string]*pacedLine)
	}
	p.lines[kind] = new(pacedLine)
	return false
}

// release writes what has been held back for a second.
func (p *paced) release(kind string) {
	line := p.take(kind)
	if line.count > 0 {
		line.write(line.count)
		time.AfterFunc(time.Second, func() { p.release(kind) })
	}
}

// take gives what is held back of a kind. Where that is nothing, the next is written at once again.
func (p *paced) take(kind string) pacedLine {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := *p.lines[kind]
	if line.count == 0 {
		delete(p.lines, kind)
	} else {
		*p.lines[kind] = pacedLine{}
	}
	return line
}
