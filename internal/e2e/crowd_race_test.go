//go:build race

package e2e_test

// crowdSize is how many users the SQLite case deletes: with the race detector storing them
// takes ten times as long. `make test` runs it without, too.
const crowdSize = 10_000
