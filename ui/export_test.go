package ui

// SameOrigin is sameOrigin for tests.
var SameOrigin = sameOrigin
