package dedupe

import (
	"sync"
	"time"
)

// Life is how long a name is remembered: a day, an hour more for what arrives late, and one to be sure.
const Life = 26 * time.Hour

// Name names a thing: the first half of a SHA-256.
type Name [16]byte

// batchSize is how many names are forgotten together, and written under one key.
const batchSize = 1 << 14

// MaxNames bounds what a process remembers: some 60 MB. Past it the oldest names are forgotten, before their day is over;
// what they name is done again if it still arrives.
const MaxNames = 1 << 20

// Memory is what a process knows.
type Memory struct {
	mu      sync.Mutex
	flights map[Name]*flight
	done    map[Name]struct{}
	batches []batch // of done, the oldest first
}

// batch is names that were done in the same hour.
type batch struct {
	hour  int64 // since 1970
	names []Name
}

// flight is work that goes on.
type flight struct {
	done  chan struct{} // closed when it has ended
	value any
	known bool
	err   error
}

// NewMemory makes a Memory that knows nothing.
func NewMemory() *Memory {
	return &Memory{flights: make(map[Name]*flight), done: make(map[Name]struct{})}
}

// join gives the flight of this name, and whether the caller is to lead it; nil when it was done before.
func (m *Memory) join(name Name) (f *flight, leads bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.done[name]; ok {
		return nil, false
	}
	if f = m.flights[name]; f != nil {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	m.flights[name] = f
	return f, true
}

// end ends a flight; f's other fields are set.
func (m *Memory) end(name Name, f *flight, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.flights, name)
	if f.err == nil {
		m.add(name, hourOf(now), now)
	}
	close(f.done)
}

// learn adds what a store knows, names of one hour.
func (m *Memory) learn(hour int64, names []Name, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range names {
		m.add(name, hour, now)
	}
}

// add notes that a name is done. m.mu is held.
func (m *Memory) add(name Name, hour int64, now time.Time) {
	if _, ok := m.done[name]; ok {
		return
	}
	m.done[name] = struct{}{}
	i := len(m.batches) - 1
	for i >= 0 && m.batches[i].hour > hour { // when a store tells of hours past
		i--
	}
	if i < 0 || m.batches[i].hour != hour || len(m.batches[i].names) >= batchSize {
		i++
		m.batches = append(m.batches, batch{})
		copy(m.batches[i+1:], m.batches[i:])
		m.batches[i] = batch{hour: hour}
	}
	m.batches[i].names = append(m.batches[i].names, name)
	for len(m.done) > MaxNames || isOver(m.batches[0].hour, now) && len(m.batches) > 1 {
		for _, old := range m.batches[0].names {
			delete(m.done, old)
		}
		m.batches[0].names = nil
		m.batches = m.batches[1:]
	}
}

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

// isOver tells whether names of an hour need not be remembered any more.
func isOver(hour int64, now time.Time) bool { return now.Sub(time.Unix((hour+1)*3600, 0)) > Life }
