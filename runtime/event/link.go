package event

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// HasURL reports whether X might make a link of anything in the text: an
// http(s) URL, or a bare domain. X links bare domains by its list of top-level
// domains; here every ending of two letters and more is taken for one, so that
// "Node.js" counts too. It never misses a link, and a post with one costs more.
func HasURL(s string) bool {
	return hasScheme(s) || hasDomain(s)
}

func hasScheme(s string) bool { return schemeIndex(s) >= 0 }

// schemeIndex finds the first http:// or https://, in any case; -1 if none.
func schemeIndex(s string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], "://")
		if i < 0 {
			return -1
		}
		i += from
		for _, scheme := range []string{"https", "http"} {
			if start := i - len(scheme); start >= 0 && strings.EqualFold(s[start:i], scheme) {
				return start
			}
		}
		from = i + len("://")
	}
}

func hasDomain(s string) bool {
	for i := 0; i < len(s); {
		n := hostLen(s[i:])
		if domains(s, i, n) > 0 {
			return true
		}
		_, size := utf8.DecodeRuneInString(s[i+n:])
		i += n + size
	}
	return false
}

// hostLen is the length of what could be a host name at the start of s.
func hostLen(s string) int {
	for i, r := range s {
		if r != '.' && r != '-' && !isWord(r) {
			return i
		}
	}
	return len(s)
}

// domains counts the bare domains that X might find in the n bytes of host
// name at s[i:]; more than one where scripts without spaces run them together.
// Those of a mail address are none.
func domains(s string, i, n int) int {
	if strings.IndexByte(s[i:i+n], '.') < 0 || i > 0 && s[i-1] == '@' || strings.HasPrefix(s[i+n:], "@") {
		return 0
	}
	count := 0
	before, rest, more := strings.Cut(s[i:i+n], ".")
	for more {
		var label string
		label, rest, more = strings.Cut(rest, ".")
		if before != "" && isTopLevel(label) {
			count++
		}
		before = label
	}
	return count
}

func isTopLevel(label string) bool {
	label, _, _ = strings.Cut(label, "_")
	if len(label) > 4 && strings.EqualFold(label[:4], "xn--") {
		return true
	}
	for _, r := range label {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			return false
		}
	}
	return utf8.RuneCountInString(label) >= 2
}

// sureURL is the length of the http(s) URL at s[i:] as far as X surely makes a
// link of it, 0 if that is not sure: a plain ASCII host under a well-known
// top-level domain, then of path and query only what X's own pattern takes
// (twitter-text 3, read 2026-08).
func sureURL(s string, i int) int {
	const longest = 4096
	if i > 0 && !strings.ContainsRune(" \t\n\r(\"", rune(s[i-1])) {
		return 0
	}
	n := 0
	for _, scheme := range []string{"https://", "http://"} {
		if len(s)-i >= len(scheme) && strings.EqualFold(s[i:i+len(scheme)], scheme) {
			n = len(scheme)
			break
		}
	}
	if n == 0 {
		return 0
	}
	host := spanOf(s[i+n:], "-.")
	after := s[i+n+len(host):]
	host = strings.TrimRight(host, ".")
	if !isSureHost(host) || after != "" && strings.IndexByte("@+_", after[0]) >= 0 {
		return 0
	}
	n += len(host)
	path, query := "/_-.~%=&+#", "_-.~%=&+#/"
	if strings.EqualFold(host, "t.co") {
		path, query = "", ""
	} else if port := portLen(s[i+n:]); port > 0 {
		n += port
	}
	if strings.HasPrefix(s[i+n:], "/") {
		n += 1 + len(strings.TrimRight(spanOf(s[i+n+1:], path), ".~%&"))
	}
	if strings.HasPrefix(s[i+n:], "?") && query != "" {
		if q := strings.TrimRight(spanOf(s[i+n+1:], query), ".~%+"); q != "" {
			n += 1 + len(q)
		}
	}
	if n > longest {
		return 0
	}
	return n
}

// spanOf is the start of s that holds only ASCII letters, digits and extra.
func spanOf(s, extra string) string {
	for i := range len(s) {
		if c := s[i]; c == '_' && strings.IndexByte(extra, '_') < 0 || !isHandle(c) && strings.IndexByte(extra, c) < 0 {
			return s[:i]
		}
	}
	return s
}

// portLen is the length of a port at the start of s, with its colon.
func portLen(s string) int {
	if !strings.HasPrefix(s, ":") {
		return 0
	}
	n := 1
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	if n == 1 {
		return 0
	}
	return n
}

func isSureHost(host string) bool {
	labels := strings.Split(strings.ToLower(host), ".")
	for _, l := range labels {
		if l == "" || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
	}
	return len(labels) > 1 && strings.Contains(sureTopLevel, " "+labels[len(labels)-1]+" ")
}

// sureTopLevel lists top-level domains that X surely knows: those of countries
// and the common generic ones. A missing one costs characters, nothing else.
const sureTopLevel = " com org net edu gov int mil info biz name app dev page blog cloud club online shop site store tech xyz " +
	"ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz " +
	"ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr " +
	"ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp " +
	"ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz " +
	"na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw " +
	"sa sb sc sd se sg sh si sk sl sm sn so sr st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz " +
	"ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw "

// DMLink opens a DM to an account on X: an invitation, since only the user can
// begin.
func DMLink(userID string) string {
	return "https://x.com/messages/compose?recipient_id=" + userID
}
