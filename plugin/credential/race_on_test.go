//go:build race

package credential

const raceEnabled = true // the race detector makes a simulation five times as slow
