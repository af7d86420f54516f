package vault

import (
	"hash/maphash"
	"log/slog"
	"path"
	"strings"
)

var seed = maphash.MakeSeed()

// lock waits until nobody else in this process changes what has this key.
func (m *Memory) lock(key string) (unlock func()) {
	mu := &m.names[maphash.String(seed, key)%uint64(len(m.names))]
	mu.Lock()
	return mu.Unlock
}

// remembered gives what this process knows of a name. Without a store it knows it for good.
func (s *Shelf) remembered(name string) (known, bool) {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	if p := s.memory.pending[s.key(name)]; p != nil {
		return known{Entry: p.entry}, true
	}
	k, ok := s.memory.known[s.key(name)]
	if ok && s.places() > 0 && s.now().Sub(k.seen).Abs() > memoryLife {
		return known{}, false
	}
	return k, ok
}

// learn remembers what was read or written.
func (s *Shelf) learn(name string, e Entry) {
	key := s.key(name)
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	delete(s.memory.foreign, key)
	if !s.remember && s.places() > 0 {
		return
	}
	if k, ok := s.memory.known[key]; !ok || !k.newer(e) {
		s.memory.known[key] = known{e, s.now()}
	}
}

// forget forgets a name.
func (s *Shelf) forget(name string) {
	key := s.key(name)
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	delete(s.memory.known, key)
	delete(s.memory.pending, key)
	delete(s.memory.foreign, key)
}

// noteForeign notes, and says once, that what lies under a name cannot be opened.
func (s *Shelf) noteForeign(name string) {
	key := s.key(name)
	s.memory.mu.Lock()
	was := s.memory.foreign[key]
	s.memory.foreign[key] = true
	s.memory.mu.Unlock()
	if !was {
		s.logger.Error("what is stored cannot be opened: it is damaged, or was sealed with a key that is not configured any more; it stays as it is",
			slog.String("key", key))
	}
}

// heldHere lists the names that no place may have: what was not written yet, and without a store all of them.
func (s *Shelf) heldHere() (names []string) {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	add := func(key string) {
		if strings.HasPrefix(key, s.dir+"/") {
			names = append(names, path.Base(key))
		}
	}
	for key := range s.memory.pending {
		add(key)
	}
	if s.places() == 0 || s.remember {
		for key, k := range s.memory.known {
			if s.places() == 0 || s.now().Sub(k.seen).Abs() <= memoryLife {
				add(key)
			}
		}
	}
	return names
}
