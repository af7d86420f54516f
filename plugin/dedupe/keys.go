package dedupe

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keys lists the keys, the latest first.
func (j *journal) keys() ([]string, error) {
	answer := make(chan []string, 1)
	err := j.guard.Call(context.Background(), "list", func(ctx context.Context) error {
		keys, err := j.store.List(ctx, j.dir, false)
		if errors.Is(err, fs.ErrNotExist) {
			keys, err = nil, nil
		}
		answer <- keys
		return err
	})
	if err != nil {
		return nil, err
	}
	keys := <-answer
	slices.Sort(keys)
	slices.Reverse(keys)
	return keys, nil
}

func (j *journal) readPage(key string) ([]Name, error) {
	answer := make(chan []byte, 1)
	err := j.guard.Call(context.Background(), "load", func(ctx context.Context) error {
		value, err := j.store.Load(ctx, key)
		if errors.Is(err, fs.ErrNotExist) { // another process has just deleted it
			value, err = nil, nil
		}
		answer <- value
		return err
	})
	if err != nil {
		return nil, err
	}
	var names []Name
	for raw := range slices.Chunk(<-answer, len(Name{})) {
		if len(raw) == len(Name{}) {
			names = append(names, Name(raw))
		}
	}
	return names, nil
}

func (j *journal) delete(key string) {
	_ = j.guard.Call(context.Background(), "delete", func(ctx context.Context) error { // it is tried again, an hour later
		err := j.store.Delete(ctx, key)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// clean deletes keys whose hours are over.
func (j *journal) clean() {
	keys, err := j.keys()
	if err != nil {
		return
	}
	now := j.now()
	for _, key := range keys {
		if hour, ok := hourOfKey(key); ok && isOver(hour, now) {
			j.delete(key)
		}
	}
}

func (j *journal) newKey(hour int64) string {
	random := make([]byte, 8)
	_, _ = rand.Read(random)                        // never fails (crypto/rand)
	within := j.now().UnixNano() % int64(time.Hour) // so that of one hour's keys, too, the latest count when there are too many
	return fmt.Sprintf("%s/%d-%013d%s", j.dir, hour, within, hex.EncodeToString(random))
}

// hourOfKey reads the hour from a key. Hours have six digits until the year 2084, so that keys sort by them.
func hourOfKey(key string) (hour int64, ok bool) {
	text, _, ok := strings.Cut(key[strings.LastIndexByte(key, '/')+1:], "-")
	if !ok {
		return 0, false
	}
	hour, err := strconv.ParseInt(text, 10, 64)
	return hour, err == nil
}
