//go:build race

package simulation

const raceEnabled = true // the race detector makes a simulation five times as slow
