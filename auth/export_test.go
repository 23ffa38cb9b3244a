package auth

// Method serves the vectors of the RFCs, whose headers have no kid.
var Method = method

// IsROCA is tested alone, since making such a key is not for a test.
var IsROCA = isROCA
