package digest

import "strings"

// Find returns the index of the first stored digest that is the text's, -1 if none is.
// Digests of our own scheme that share parameters and salt cost one hash together.
func Find(text string, stored []string) (int, error) {
	sums := map[string][]byte{} // by what stands before the sum
	for i, s := range stored {
		d, err := Parse(s)
		if err != nil {
			return -1, err
		}
		right := false
		if d.own != nil {
			head := s[:strings.LastIndexByte(s, '$')]
			if sums[head] == nil {
				sums[head] = d.own.derive([]byte(text))
			}
			right = same(sums[head], d.own.sum)
		} else {
			right = d.Verify(text)
		}
		if right {
			return i, nil
		}
	}
	return -1, nil
}
