package strictjson

import "bytes"

// Object reads the members of an object.
type Object struct {
	r     *Reader
	begun bool
	names names
}

// Object begins to read the next value, which fails unless it is an object.
// Call Next until it returns false, and read one value after each true.
func (r *Reader) Object() Object {
	r.open('{')
	return Object{r: r}
}

// Next returns the name of the next member; its value is to be read next. It
// returns false at the end of the object and after a fault.
func (o *Object) Next() (name []byte, ok bool) {
	r := o.r
	if !r.next('}', &o.begun) {
		return nil, false
	}
	if r.byte() != '"' {
		r.fail(ErrSyntax)
		return nil, false
	}
	raw, escaped := r.text()
	if r.err != nil {
		return nil, false
	}
	if escaped {
		raw = unescape(raw)
	}
	if !o.names.add(raw) {
		r.fail(ErrDuplicate)
		return nil, false
	}
	if r.blank(); r.byte() != ':' {
		r.fail(ErrSyntax)
		return nil, false
	}
	r.pos++
	return raw, true
}

// Array reads the elements of an array.
type Array struct {
	r     *Reader
	begun bool
}

// Array begins to read the next value, which fails unless it is an array. Call
// Next until it returns false, and read one value after each true.
func (r *Reader) Array() Array {
	r.open('[')
	return Array{r: r}
}

// Next reports whether another element follows.
func (a *Array) Next() bool { return a.r.next(']', &a.begun) }

func (r *Reader) open(bracket byte) {
	if r.blank(); r.byte() != bracket {
		r.fail(ErrSyntax)
		return
	}
	if r.depth--; r.depth < 0 {
		r.fail(ErrDepth)
		return
	}
	r.pos++
}

// next moves to the next member or element: over the comma, if one must be
// there, or over the closing bracket.
func (r *Reader) next(closing byte, begun *bool) bool {
	r.blank()
	if r.err != nil {
		return false
	}
	if r.byte() == closing {
		r.pos++
		r.depth++
		return false
	}
	if *begun {
		if r.byte() != ',' {
			r.fail(ErrSyntax)
			return false
		}
		r.pos++
		if r.blank(); r.byte() == closing { // a comma before the end
			r.fail(ErrSyntax)
			return false
		}
	}
	*begun = true
	return true
}

// fewNames is how many names are compared one by one. Session tokens have fewer.
const fewNames = 20

// names are the names of one object so far.
type names struct {
	n    int
	few  [fewNames][]byte
	many map[string]struct{} // all of them, once they are more than few
}

// add reports false if name is there already.
func (s *names) add(name []byte) bool {
	if s.many == nil {
		for _, have := range s.few[:s.n] {
			if bytes.Equal(have, name) {
				return false
			}
		}
		if s.n < fewNames {
			s.few[s.n] = name
			s.n++
			return true
		}
		s.many = make(map[string]struct{}, 2*fewNames)
		for _, have := range s.few {
			s.many[string(have)] = struct{}{}
		}
	}
	if _, dup := s.many[string(name)]; dup {
		return false
	}
	s.many[string(name)] = struct{}{}
	return true
}
