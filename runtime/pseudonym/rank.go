package pseudonym

import (
	"slices"
	"strings"
)

// rank orders the ids of one millisecond as they were (T12). Where several logs
// have the key it does not: which ids there are differs from log to log.
func (p *Log) rank() {
	if p.many {
		clear(p.posts)
	}
	for ms, ids := range p.posts {
		slices.SortFunc(ids, func(a, b string) int {
			if len(a) != len(b) {
				return len(a) - len(b)
			}
			return strings.Compare(a, b)
		})
		ids = slices.Compact(ids)
		as := make([]string, len(ids))
		for i, id := range ids {
			as[i] = p.post(ms, id)
		}
		slices.SortFunc(as, func(a, b string) int {
			if len(a) != len(b) {
				return len(a) - len(b)
			}
			return strings.Compare(a, b)
		})
		for i, id := range ids {
			p.made["id\x00"+id] = as[i]
		}
	}
	clear(p.posts)
}
