package dedupe

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// Listing is a store whose keys can be listed and deleted. Caddy's storage (certmagic.Storage) is one.
type Listing interface {
	Store(ctx context.Context, key string, value []byte) error
	Load(ctx context.Context, key string) ([]byte, error)
	Delete(ctx context.Context, key string) error
	List(ctx context.Context, path string, recursive bool) ([]string, error)
}

const (
	writeDelay = 500 * time.Millisecond // from the first name of a batch to writing it
	loadWait   = time.Second            // how long callers wait for what was done before
	stopWait   = 2 * time.Second
)

// journal writes names down, those of one hour under one key (and under another when these are 16,384), of this process
// alone: nobody overwrites what another has written. A key is an hour, with the time within it and something random behind
// it; its value is names, one behind the other.
type journal struct {
	store  Listing
	dir    string
	memory *Memory
	guard  *storeguard.Guard
	now    func() time.Time

	mu      sync.Mutex
	loaded  bool
	loading chan struct{} // closed when the attempt that is under way has ended; nil: there is none
	pages   []*page       // that are not written in full, and the one to write on, which is the last
	writing chan struct{} // closed when the write that is due or under way has ended; nil: there is none
	hurry   chan struct{} // tells a write that is due to begin at once
	stopped bool
}

// page is what lies, or will lie, under one key.
type page struct {
	key     string
	hour    int64
	names   []Name
	written int
}

// maxPages bounds what waits for a store that fails.
const maxPages = MaxNames / batchSize

// await waits until what was done before a restart is known, for a second at most.
func (j *journal) await(ctx context.Context) {
	ended := j.load()
	if ended == nil {
		return
	}
	patience := time.NewTimer(loadWait)
	defer patience.Stop()
	select {
	case <-ended:
	case <-ctx.Done():
	case <-patience.C:
	}
}

// load begins to read what was done, unless that is under way. It gives what is closed when it has ended, well or not;
// nil when it has ended well before.
func (j *journal) load() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.loaded {
		return nil
	}
	if j.loading == nil {
		j.loading = make(chan struct{})
		go func(ended chan struct{}) {
			err := j.read()
			j.mu.Lock()
			j.loaded, j.loading = err == nil, nil
			j.mu.Unlock()
			close(ended)
		}(j.loading)
	}
	return j.loading
}

// read reads all keys, the latest first: these count when there is more than can be remembered.
func (j *journal) read() error {
	keys, err := j.keys()
	if err != nil {
		return err
	}
	now, read := j.now(), 0
	for _, key := range keys {
		hour, ok := hourOfKey(key)
		if !ok || isOver(hour, now) {
			continue
		}
		names, err := j.readPage(key)
		if err != nil {
			return err
		}
		if read += len(names); read > MaxNames {
			break
		}
		j.memory.learn(hour, names, now)
	}
	return nil
}

// add writes a name down, soon.
func (j *journal) add(name Name) {
	hour := hourOf(j.now())
	j.mu.Lock()
	defer j.mu.Unlock()
	var last *page
	if n := len(j.pages); n > 0 {
		last = j.pages[n-1]
	}
	if last == nil || last.hour != hour || len(last.names) == batchSize {
		if len(j.pages) == maxPages {
			j.pages = slices.Delete(j.pages, 0, 1)
		}
		last = &page{key: j.newKey(hour), hour: hour}
		j.pages = append(j.pages, last)
	}
	last.names = append(last.names, name)
	j.due()
}

// due has a write begin soon, if there is none to come. j.mu is held.
func (j *journal) due() {
	if j.writing != nil {
		return
	}
	j.writing, j.hurry = make(chan struct{}), make(chan struct{})
	if j.stopped {
		close(j.hurry)
	}
	go j.write(j.hurry)
}

// write writes what is to be written, and sees to it that what came meanwhile is written, too.
func (j *journal) write(hurry <-chan struct{}) {
	delay := time.NewTimer(writeDelay)
	defer delay.Stop()
	select {
	case <-delay.C:
	case <-hurry:
	}
	newPage, err := j.writePages()

	j.mu.Lock()
	for j.stopped && err == nil && j.unwritten() {
		j.mu.Unlock()
		_, err = j.writePages()
		j.mu.Lock()
	}
	close(j.writing)
	j.writing = nil
	if !j.stopped && j.unwritten() {
		j.due() // a store that fails is asked again when its pause is over
	}
	j.mu.Unlock()
	if newPage {
		j.clean()
	}
}

// unwritten tells whether there is anything to write. j.mu is held.
func (j *journal) unwritten() bool {
	return slices.ContainsFunc(j.pages, func(p *page) bool { return p.written < len(p.names) })
}

// writePages writes each page that has more than what was written. It reports whether one of them is new.
func (j *journal) writePages() (isNew bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, p := range slices.Clone(j.pages) {
		n := len(p.names)
		if n == p.written {
			continue
		}
		value := make([]byte, 0, n*len(Name{}))
		for _, name := range p.names {
			value = append(value, name[:]...)
		}
		j.mu.Unlock()
		err = j.guard.Call(context.Background(), "store", func(ctx context.Context) error { return j.store.Store(ctx, p.key, value) })
		j.mu.Lock()
		if err != nil {
			return isNew, err
		}
		isNew = isNew || p.written == 0
		p.written = n
	}
	hour := hourOf(j.now())
	j.pages = slices.DeleteFunc(j.pages, func(p *page) bool {
		return p.written == len(p.names) && (p.written == batchSize || p.hour != hour)
	})
	return isNew, nil
}

// stop writes what is left.
func (j *journal) stop() {
	j.mu.Lock()
	ended := j.writing
	if !j.stopped {
		j.stopped = true
		if ended != nil {
			close(j.hurry)
		}
	}
	j.mu.Unlock()
	if ended == nil {
		return
	}
	patience := time.NewTimer(stopWait)
	defer patience.Stop()
	select {
	case <-ended:
	case <-patience.C:
	}
}
