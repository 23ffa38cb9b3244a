// Package house holds no code: its tests guard how the packages of this module
// fit together. The table in house_test.go is docs/architecture.md's picture.
package house
