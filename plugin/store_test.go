package plugin

import (
	"context"
	"io/fs"
	"sync"
)

// memoryStore is a credential.Store for one process.
type memoryStore struct {
	mu   sync.Mutex
	data map[string][]byte
	lock chan struct{}
}

func newMemoryStore() *memoryStore {
	return &memoryStore{data: map[string][]byte{}, lock: make(chan struct{}, 1)}
}

func (s *memoryStore) Lock(ctx context.Context, _ string) error {
	select {
	case s.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *memoryStore) Unlock(context.Context, string) error {
	<-s.lock
	return nil
}

func (s *memoryStore) Store(_ context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[key] = value
	return nil
}

func (s *memoryStore) Load(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.data[key]; ok {
		return v, nil
	}
	return nil, fs.ErrNotExist
}
