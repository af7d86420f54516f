package accounttest

import (
	"context"
	"io/fs"
	"sync"
)

// Memory is a credential.Store for one process.
type Memory struct {
	mu   sync.Mutex
	data map[string][]byte
	lock chan struct{}
}

// NewMemory makes an empty Memory.
func NewMemory() *Memory {
	return &Memory{data: map[string][]byte{}, lock: make(chan struct{}, 1)}
}

// Lock waits for the one lock, whatever its name.
func (s *Memory) Lock(ctx context.Context, _ string) error {
	select {
	case s.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Unlock gives the lock back, if it is held.
func (s *Memory) Unlock(context.Context, string) error {
	select {
	case <-s.lock:
		return nil
	default:
		return fs.ErrNotExist
	}
}

// Store stores a value.
func (s *Memory) Store(_ context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[key] = value
	return nil
}

// Load gives a value, or fs.ErrNotExist.
func (s *Memory) Load(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.data[key]; ok {
		return v, nil
	}
	return nil, fs.ErrNotExist
}

// Remove removes a value. A Delete it does not have: stores must do without one.
func (s *Memory) Remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.data, key)
}

// Keys gives what is stored, by key.
func (s *Memory) Keys() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := make(map[string]string, len(s.data))
	for key, value := range s.data {
		keys[key] = string(value)
	}
	return keys
}
