package event

import (
	_ "embed"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// Misleads reports whether a link of the text lands on another site than it
// shows, as far as that can be told without following it:
//
//   - its host is a known shortener or redirector (shorteners.txt);
//   - a parameter that redirectors use names a URL of another site;
//   - it has a user name before its host: https://acme.example@evil.example;
//   - its host is written in punycode, or mixes alphabets in one label, or is
//     made of Cyrillic letters that all look like Latin ones;
//   - the text shows a domain right before it, as in "acme.com
//     (https://evil.example)" or "[acme.com](https://evil.example)", and it is
//     of another site.
//
// A site is the last two labels of a host, three under endings such as co.uk.
// X rule: affiliate links not through misleading redirects (facts.md, read 2026-11-25)
func Misleads(text string) bool {
	shown, end := "", 0
	for _, at := range linkPattern.FindAllStringIndex(text, -1) {
		link := strings.TrimRight(text[at[0]:at[1]], ".,;:!?'\")]}»”’")
		scheme := schemeIndex(link) == 0
		host, query, named := hostOf(link)
		if !scheme && (!bareDomain(host) || at[0] > 0 && text[at[0]-1] == '@' || strings.HasPrefix(text[at[1]:], "@")) {
			continue
		}
		if named || hidden(host) || lookalike(host) || redirects(host, query) {
			return true
		}
		if shown != "" && scheme && pointsTo(text[end:at[0]]) && site(host) != site(shown) {
			return true
		}
		shown, end = "", at[0]+len(link)
		if !scheme && isSureHost(host) {
			shown = host
		}
	}
	return false
}

// linkPattern finds what X may make a link of: a URL, or a domain with a path.
var linkPattern = regexp.MustCompile(`(?i)https?://[^\s<>"]+|[\pL\pN](?:[\pL\pN\pM-]*\.)+[\pL\pN\pM-]+(?:[/?][^\s<>"]*)?`)

// hostOf takes a link apart as a browser does. Go's url.Parse refuses what
// browsers take.
func hostOf(link string) (host, query string, named bool) {
	if i := strings.Index(link, "://"); i >= 0 {
		link = link[i+len("://"):]
	}
	link, _, _ = strings.Cut(link, "#")
	link, query, _ = strings.Cut(link, "?")
	host, _, _ = strings.Cut(strings.ReplaceAll(link, `\`, "/"), "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host, named = host[i+1:], true
	}
	host, _, _ = strings.Cut(host, ":")
	return strings.ToLower(strings.Trim(host, ".")), query, named
}

// bareDomain reports whether a host without a scheme reads as a domain at all.
func bareDomain(host string) bool {
	i := strings.LastIndexByte(host, '.')
	return i > 0 && isTopLevel(host[i+1:])
}

// pointsTo reports whether what stands between a shown domain and a link says
// that the one leads to the other.
func pointsTo(between string) bool {
	switch strings.TrimSpace(between) {
	case "(", "](", ":", "→", "->", "=>", "|":
		return true
	}
	return false
}

//go:embed shorteners.txt
var shorteners string

// hidden reports whether the host is in the list, itself or below an entry.
func hidden(host string) bool {
	for line := range strings.Lines(shorteners) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if host == line || strings.HasSuffix(host, "."+line) {
			return true
		}
	}
	return false
}

// redirects reports whether the query names a URL of another site under a name
// that redirectors use. X's own pages, which share a link, do not redirect.
func redirects(host, query string) bool {
	if s := site(host); s == "x.com" || s == "twitter.com" {
		return false
	}
	values, _ := url.ParseQuery(query) // what it can read of it
	for name, all := range values {
		if !strings.Contains(redirectKeys, " "+strings.ToLower(name)+" ") {
			continue
		}
		for _, v := range all {
			if !hasScheme(v) && !strings.HasPrefix(v, "//") {
				continue
			}
			v = strings.TrimPrefix(v, "//")
			if to, _, _ := hostOf(v); to != "" && site(to) != site(host) {
				return true
			}
		}
	}
	return false
}

const redirectKeys = " url u uri to target dest destination redir redirect redirect_to redirect_uri redirect_url return returnto return_to next goto go continue link out r ued murl deeplink "

// lookalike reports whether a label of the host can be taken for another.
func lookalike(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if strings.HasPrefix(label, "xn--") || mixes(label) {
			return true
		}
	}
	return false
}

// mixes reports whether a label has letters of more than one alphabet, or only
// Cyrillic ones that look like Latin ones.
func mixes(label string) bool {
	scripts, letters, alike := 0, 0, 0
	for _, table := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee} {
		if strings.ContainsFunc(label, func(r rune) bool { return unicode.Is(table, r) }) {
			scripts++
		}
	}
	for _, r := range label {
		if unicode.IsLetter(r) {
			letters++
			if strings.ContainsRune("асеорхуіјѕһԁԛԝвкмнт", r) {
				alike++
			}
		}
	}
	return scripts > 1 || letters >= 3 && alike == letters
}

// site is who stands behind a host.
func site(host string) string {
	labels := strings.Split(host, ".")
	n := 2
	if len(labels) > 2 && len(labels[len(labels)-1]) == 2 && strings.Contains(" ac co com edu gov net ne or org ", " "+labels[len(labels)-2]+" ") {
		n = 3
	}
	return strings.Join(labels[max(0, len(labels)-n):], ".")
}
