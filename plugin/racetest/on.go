//go:build race

package racetest

// Enabled tells whether the race detector watches.
const Enabled = true
