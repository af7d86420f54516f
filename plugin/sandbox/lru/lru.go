// Package lru bounds what the sandbox remembers: past a size the longest unused goes.
package lru

import "github.com/hashicorp/golang-lru/v2/simplelru"

// MaxRecords is how many codes, nonces, logins, openids or tokens are remembered.
const MaxRecords = 100_000

// Map remembers the latest used. It is not safe for concurrent use.
type Map[K comparable, V any] = simplelru.LRU[K, V]

// New makes a map that forgets the longest unused past size, which is positive.
func New[K comparable, V any](size int) *Map[K, V] {
	l, _ := simplelru.NewLRU[K, V](size, nil) // fails only for a size below 1
	return l
}
