package rules

import (
	"math/big"
	"slices"
)

// dimension is one thing that a search varies, with values such that every
// value that it can take behaves like one of them toward all constants that
// the search knows.
type dimension struct {
	variable
	values []constant
	normal int // index of the value in an ordinary moment
}

// space is all combinations of its dimensions: the abstract states. Fields are
// taken as independent of each other, which only adds states.
type space struct {
	dims []dimension
	at   map[variable]int // index in dims
}

// newSpace spans what the terms read. normal gives the values of an ordinary
// moment; features and other invented variables are normally false.
func newSpace(terms []*term, normal func(variable) constant) *space {
	var read []reading
	at := map[variable]int{}
	for _, t := range terms {
		for _, r := range t.readings(nil) {
			i, ok := at[r.variable]
			if !ok {
				i = len(read)
				at[r.variable] = i
				read = append(read, reading{variable: r.variable})
			}
			read[i].consts = append(read[i].consts, r.consts...)
		}
	}
	s := &space{at: at}
	for _, r := range read {
		d := dimension{variable: r.variable, values: r.spelled()}
		if d.normal = slices.Index(d.values, normal(r.variable)); d.normal < 0 {
			d.normal = 0
		}
		s.dims = append(s.dims, d)
	}
	return s
}

// spelled are the representatives as a file could spell them: where the open
// set of language codes needs one that no constant names, a real code.
func (r reading) spelled() []constant {
	r.consts = slices.Clone(r.consts)
	out := r.representatives()
	if r.field == nil || r.field.domain != text {
		return out
	}
	for _, code := range []string{"en", "de", "fr", "es", "ja", "und"} {
		if c := (constant{s: code}); !slices.Contains(r.consts, c) {
			out[0] = c
			return out
		}
	}
	for a := 'a'; ; a++ { // a condition cannot name all of these
		if c := (constant{s: "q" + string(a)}); !slices.Contains(r.consts, c) || a == 'z' {
			out[0] = c
			return out
		}
	}
}

// size counts the states.
func (s *space) size() *big.Int {
	n := big.NewInt(1)
	for _, d := range s.dims {
		n.Mul(n, big.NewInt(int64(len(d.values))))
	}
	return n
}

// region is a part of a space: for each dimension the values that are left.
type region [][]bool

// whole is the region of all states.
func (s *space) whole() region {
	b := make(region, len(s.dims))
	for i, d := range s.dims {
		b[i] = slices.Repeat([]bool{true}, len(d.values))
	}
	return b
}

// size counts the states in the region.
func (b region) size() *big.Int {
	n := big.NewInt(1)
	for _, left := range b {
		n.Mul(n, big.NewInt(int64(count1(left))))
	}
	return n
}

func count1(set []bool) (n int) {
	for _, in := range set {
		if in {
			n++
		}
	}
	return n
}

// state picks one state of the region, as ordinary as it has.
func (s *space) state(b region) []int {
	out := make([]int, len(b))
	for i, left := range b {
		if out[i] = s.dims[i].normal; !left[out[i]] {
			out[i] = slices.Index(left, true)
		}
	}
	return out
}
