package pseudonym

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// What a text can have of identifiers, in the order in which they are looked
// for. A link goes first: the rest can stand inside of one.
var forms = regexp.MustCompile(`(?i)` +
	`(?:https?://|www\.)[^\s<>"]+` + // a link
	`|[@＠]?(?:[a-z0-9-]+\.)+[a-z]{2,}/[^\s<>"]*` + // without a scheme, with a path
	`|[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+(?:/[^\s<>"]*)?` + // a mail address
	`|[@＠][a-z0-9_]{1,15}` +
	`|\+?[(]?\d(?:[ ().\-/\x{a0}]{0,2}\d){6,}`) // seven digits and more, as a phone number is written

// bare is a host alone: a link where the field says that it is one.
var bare = regexp.MustCompile(`(?i)^(?:[a-z0-9-]+\.)+[a-z]{2,}$`)

// known hosts say nothing of who is linked to.
var hosts = []string{"t.co", "x.com", "twitter.com", "www.x.com", "www.twitter.com", "mobile.twitter.com", "pic.twitter.com", "pic.x.com", "pbs.twimg.com", "video.twimg.com", "ton.twitter.com"}

// found lists the links, addresses and numbers of a text.
func found(s string) []string {
	return slices.DeleteFunc(forms.FindAllString(s, -1), func(f string) bool { return f[0] == '@' || strings.HasPrefix(f, "＠") })
}

// text is a text with other identifiers and the same words.
func (p *Log) text(s string) string {
	if p.swap == nil {
		var pairs []string
		names := make([]string, 0, len(p.names))
		for name := range p.names {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int { // the longer first: one can hold another
			if len(a) != len(b) {
				return len(b) - len(a)
			}
			return strings.Compare(a, b)
		})
		for _, name := range names {
			pairs = append(pairs, name, p.name(name))
		}
		p.swap = strings.NewReplacer(pairs...)
	}
	return words.ReplaceAllStringFunc(forms.ReplaceAllStringFunc(p.swap.Replace(s), p.found), p.word)
}

// words may be handles without their @.
var words = regexp.MustCompile(`[A-Za-z0-9_]{4,15}`)

// word replaces a handle that the log has in a field, if it is no word that anybody
// could mean: it has a digit or an underscore, and a letter.
func (p *Log) word(s string) string {
	if !strings.ContainsAny(s, digits+"_") || strings.Trim(s, digits+"_") == "" || !p.theirs[strings.ToLower(s)] {
		return s
	}
	return p.handle(s)
}

func (p *Log) found(s string) string {
	switch {
	case p.ours[s]:
		return s
	case s[0] == '@' && strings.Contains(s, "/"):
		return "@" + p.address(s[1:])
	case strings.HasPrefix(s, "＠") && strings.Contains(s, "/"):
		return "＠" + p.address(strings.TrimPrefix(s, "＠"))
	case s[0] == '@':
		return "@" + p.handle(s[1:])
	case strings.HasPrefix(s, "＠"):
		return "＠" + p.handle(strings.TrimPrefix(s, "＠"))
	case isMail(s):
		return p.mail(s)
	case strings.Contains(s, "/") && !isNumber(s) || strings.HasPrefix(strings.ToLower(s), "www."):
		return p.address(s)
	}
	return p.phone(s)
}

// isMail reports whether the @ comes before any slash.
func isMail(s string) bool {
	at := strings.IndexAny(s, "@/")
	return at >= 0 && s[at] == '@'
}

// mail keeps the length where the domain allows it. A path behind it goes.
func (p *Log) mail(s string) string {
	const domain = "@mail.example"
	s, _, _ = strings.Cut(s, "/")
	return p.letters("mail", strings.ToLower(s), max(len(s)-len(domain), 6), alphabet[:26]) + domain
}

func isNumber(s string) bool { return strings.Trim(s, "+()0123456789 .-/\u00a0") == "" }

// phone keeps the form, and leaves a date alone.
func (p *Log) phone(s string) string {
	for _, layout := range []string{time.DateOnly, "2.1.2006", "2/1/2006", "1/2/2006", "2-1-2006", "2006/1/2"} {
		if _, err := time.Parse(layout, s); err == nil {
			return s
		}
	}
	plain := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	if len(plain) >= 16 { // an id of X in a text is the same as in a field
		if plain == s {
			return p.id(s)
		}
	}
	with := p.remember("phone", plain, func() string { return p.number("phone", plain) })
	out, i := []byte(s), 0
	for at, c := range out {
		if c >= '0' && c <= '9' {
			out[at] = with[i]
			i++
		}
	}
	return string(out)
}

// address is another link: it keeps scheme and length, and the host where it is X's own.
func (p *Log) address(s string) string {
	end := len(strings.TrimRight(s, ".,;:!?)]}'\""))
	s, tail := s[:end], s[end:]
	scheme, rest, ok := strings.Cut(s, "://")
	if scheme += "://"; !ok {
		scheme, rest = "", s
	}
	host, path, _ := strings.Cut(rest, "/")
	as := host
	x := slices.Contains(hosts, strings.ToLower(host))
	if !x {
		const domain = ".example.com" // reserved, and a link to X
		as = p.letters("host", strings.ToLower(host), max(len(host)-len(domain), 4), alphabet[:26]) + domain
	}
	if len(rest) == len(host) {
		return scheme + as + tail
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		switch {
		case part == "":
		case x && isDigits(part):
			parts[i] = p.id(part)
		case x && slices.Contains([]string{"i", "status", "web", "messages", "intent", "photo", "video", "hashtag", "compose"}, part):
		case x && i == 0 && host != "t.co" && strings.Trim(strings.ToLower(part), alphabet[:26]+digits+"_") == "":
			parts[i] = p.handle(part)
		default:
			parts[i] = p.letters("path", part, len(part), alphabet)
		}
	}
	return scheme + as + "/" + strings.Join(parts, "/") + tail
}
