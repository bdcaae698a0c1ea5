package pseudonym

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/beckon-bot/beckon/runtime/event"
)

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, digits) == ""
}

// millisecond is when a snowflake was made, as a key; "" for what is none.
func millisecond(id string) string {
	if _, ok := event.Snowflake(id); !ok {
		return ""
	}
	n, _ := strconv.ParseInt(id, 10, 64) // Snowflake has read it
	return strconv.FormatInt(n>>22, 10)
}

// id is the pseudonym of a number that X gave.
func (p *Log) id(s string) string {
	if p.keep[s] {
		return s
	}
	timeless := p.users[s] || p.uuids[s] && !p.timed[s]
	if known, ok := p.made["id\x00"+s]; ok && !timeless {
		return known
	}
	if ms := millisecond(s); ms != "" && !timeless {
		as := p.post(ms, s)
		p.made["id\x00"+s] = as
		return as
	}
	return p.remember("user", s, func() string { return p.number("user", s) })
}

// post is an id of the same millisecond (T12).
func (p *Log) post(ms, id string) string {
	n, _ := strconv.ParseInt(ms, 10, 64)
	was, _ := strconv.ParseInt(id, 10, 64) // event.Snowflake has read it
	low := p.shuffle("post "+ms, uint64(was)&(1<<22-1), 1<<22)
	return strconv.FormatInt(n<<22|int64(low), 10)
}

// number is as long as the one that it stands for, and small enough for X where
// that one is.
func (p *Log) number(scope, s string) string {
	const most = 18 // digits at once
	if len(s) > most {
		// Most numbers of 19 digits are too large for an id: the first stays.
		at := max(1, len(s)-most)
		return s[:1] + p.digits(scope, s[1:at]) + p.digits(scope+" "+s[:at], s[at:])
	}
	if s[0] == '0' {
		return "0" + p.digits(scope, s[1:])
	}
	first := uint64(1) // with as many digits
	for range len(s) - 1 {
		first *= 10
	}
	n, _ := strconv.ParseUint(s, 10, 64)
	return strconv.FormatUint(first+p.shuffle(fmt.Sprint(scope, len(s)), n-first, 9*first), 10)
}

// digits are as many others, with zeros in front.
func (p *Log) digits(scope, s string) string {
	var out strings.Builder
	for len(s) > 0 {
		part := s[:min(len(s), 18)]
		s = s[len(part):]
		size := uint64(1)
		for range len(part) {
			size *= 10
		}
		n, _ := strconv.ParseUint(part, 10, 64)
		fmt.Fprintf(&out, "%0*d", len(part), p.shuffle(fmt.Sprint(scope, len(part)), n, size))
	}
	return out.String()
}

// eventID is the pseudonym of an id in any form that X has: a number with or
// without a sign, two users' numbers, a UUID, a hash. Another is the host's own.
func (p *Log) eventID(s string) string {
	a, sep, b := pair(s)
	switch {
	case isDigits(s):
		return p.id(s)
	case a == "" && sep == "-" && isDigits(b):
		return "-" + p.id(b)
	case isDigits(a) && isDigits(b):
		return p.id(a) + sep + p.id(b)
	}
	hex, hashed := strings.CutPrefix(s, "sha256:")
	if plain := strings.ReplaceAll(hex, "-", ""); len(plain) >= 32 && strings.Trim(plain, "0123456789abcdefABCDEF") == "" {
		with := p.letters("hex", s, len(plain), "0123456789abcdef")
		out, i := []byte(hex), 0
		for at, c := range out {
			if c != '-' {
				out[at] = with[i]
				i++
			}
		}
		if hashed {
			return "sha256:" + string(out)
		}
		return string(out)
	}
	return s
}

// pair takes the id of a conversation apart: the two users' ids.
func pair(s string) (a, sep, b string) {
	if i := strings.IndexAny(s, "-:"); i >= 0 {
		return s[:i], s[i : i+1], s[i+1:]
	}
	return s, "", ""
}

// handle is another of the same length: offsets into the text hold.
func (p *Log) handle(s string) string {
	low := strings.ToLower(s)
	if s == "" || p.handles[low] {
		return s
	}
	return p.letters("handle", low, len(s), alphabet[:26])
}

// name is another of as many characters, whose words begin with capitals.
func (p *Log) name(s string) string {
	with := p.letters("name", s, utf8.RuneCountInString(s), alphabet[:26])
	i, start := 0, true
	return strings.Map(func(r rune) rune {
		as := rune(with[i])
		i++
		if unicode.IsSpace(r) {
			start = true
			return r
		}
		if start {
			as = unicode.ToUpper(as)
		}
		start = false
		return as
	}, s)
}
