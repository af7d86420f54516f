// Package racetest tells tests whether they run under the race detector, which makes them several times slower: what only counts,
// draws at random or lives through days does less of it then, and all of it without.
package racetest

// Fewer is how often to do what is done n times without the race detector.
func Fewer(n int) int {
	if Enabled {
		return max(1, n/8)
	}
	return n
}
