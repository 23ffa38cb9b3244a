//go:build !race

package e2e_test

// crowdSize is how many users the SQLite case deletes.
const crowdSize = 50_000
