package pseudonym

import (
	"encoding/binary"
	"math/bits"
)

// shuffle puts another number below size in the place of n: each has its own, and
// none is its own. So a number is the same in every log of a key, whatever else
// stands in it. size is at least 2.
//
// It is a Feistel network over the next even number of bits, which is walked until
// it comes out below size; there and back with one step between.
func (p *Log) shuffle(scope string, n, size uint64) uint64 {
	step := 1 + binary.BigEndian.Uint64(p.mac(scope, "step", 0))%(size-1)
	at := p.walk(scope, n, size, false)
	if at >= size-step {
		at -= size - step
	} else {
		at += step
	}
	return p.walk(scope, at, size, true)
}

const rounds = 8

func (p *Log) walk(scope string, n, size uint64, back bool) uint64 {
	half := max((bits.Len64(size-1)+1)/2, 1)
	mask := uint64(1)<<half - 1
	for {
		l, r := n>>half, n&mask
		for i := range rounds {
			if back {
				l, r = r^p.round(scope, rounds-1-i, l)&mask, l
			} else {
				l, r = r, l^p.round(scope, i, r)&mask
			}
		}
		if n = l<<half | r; n < size {
			return n
		}
	}
}

func (p *Log) round(scope string, i int, half uint64) uint64 {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], half)
	return binary.BigEndian.Uint64(p.mac(scope, string(b[:]), i))
}
