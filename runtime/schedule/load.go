package schedule

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Schema is the first line of a schedule file.
const Schema = "beckon.schedule/v1"

// What a file may leave out, and its bounds.
const (
	defaultLate  = time.Hour
	maxLate      = 24 * time.Hour // what is a day old is not posted
	defaultEvery = 15 * time.Minute
	minEvery     = time.Minute
	maxEvery     = 24 * time.Hour
	defaultMost  = 3
	maxMost      = 20 // posts an hour, by the platform's rules
)

// Options are what a file is read for.
type Options struct {
	Bot       string
	Zone      *time.Location // where the file names none; nil: UTC
	LongPosts bool
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Load reads and checks a schedule file. A bad one returns Problems, all of them.
func Load(file string, data []byte, o Options) (Plan, error) {
	l := &loader{reader: reader{file: file}, o: o, names: map[string]int{}}
	p := Plan{Bot: o.Bot}
	if root := l.parse(data); root != nil {
		l.plan(root, &p)
	}
	if errs := l.sorted(); len(errs) > 0 {
		return Plan{}, errs
	}
	return p, nil
}

type loader struct {
	reader
	o     Options
	zone  *time.Location
	names map[string]int // to the line where it stands
}

func flagKeys() []string {
	return []string{"ai_generated", "promotional", "affiliate", "affiliate_disclosed", "paid_partnership", "made_with_ai"}
}

func (l *loader) plan(root *yaml.Node, p *Plan) {
	m := l.fields(root, "schema", "time_zone", "posts", "feeds")
	if m == nil {
		return
	}
	if n := m["schema"]; n == nil {
		l.errorf(root, "schema is missing: schema: %s", Schema)
	} else if got := l.text(n); got != "" && got != Schema {
		l.errorf(n, "schema %q is not known; this version reads %s", got, Schema)
	}
	l.zone = l.o.Zone
	if l.zone == nil {
		l.zone = time.UTC
	}
	if name := l.text(m["time_zone"]); name != "" {
		z, err := time.LoadLocation(name)
		if err != nil || name == "Local" {
			l.errorf(m["time_zone"], "want an IANA time zone such as Europe/Berlin, not %q", name)
		} else {
			l.zone = z
		}
	}
	if m["posts"] == nil && m["feeds"] == nil {
		l.errorf(root, "the file says nothing: it has neither posts nor feeds")
	}
	for _, n := range l.list(m["posts"]) {
		l.post(n, p)
	}
	for _, n := range l.list(m["feeds"]) {
		l.feed(n, p)
	}
}

func (l *loader) post(n *yaml.Node, p *Plan) {
	m := l.fields(n, append([]string{"name", "cron", "at", "late", "text"}, flagKeys()...)...)
	if m == nil {
		return
	}
	post := Post{Name: l.name(n, m), Late: l.duration(m["late"], defaultLate, time.Minute, maxLate), Flags: l.flags(m)}
	post.Times, post.Spec = l.times(n, m)
	texts := m["text"]
	switch {
	case texts == nil:
		l.errorf(n, "text is missing: what is posted, or a list of texts that take turns")
	case texts.Kind == yaml.SequenceNode:
		if len(texts.Content) == 0 {
			l.errorf(texts, "the list is empty")
		}
		for _, t := range texts.Content {
			post.Texts = append(post.Texts, l.post280(t, nil))
		}
	default:
		post.Texts = []string{l.post280(texts, nil)}
	}
	p.Posts = append(p.Posts, post)
}

// times reads cron or at, exactly one of them.
func (l *loader) times(n *yaml.Node, m map[string]*yaml.Node) (Times, string) {
	cron, at := m["cron"], m["at"]
	switch {
	case (cron == nil) == (at == nil):
		l.errorf(n, "want either cron, for times that come again, or at, for a single one")
	case cron != nil:
		spec := strings.Join(strings.Fields(l.text(cron)), " ")
		if spec == "" {
			break
		}
		t, err := Cron(spec, l.zone)
		if err != nil {
			l.errorf(cron, "cron: %s", err)
		}
		return t, spec + " " + l.zone.String()
	default:
		on, err := time.Parse("2006-01-02T15:04", l.text(at))
		if err != nil {
			l.errorf(at, "at: want a time of the schedule's zone as 2026-12-24T18:00")
			break
		}
		t := moment(on, l.zone)
		return once(t), "at " + t.Format(time.RFC3339)
	}
	return nil, ""
}

func (l *loader) feed(n *yaml.Node, p *Plan) {
	m := l.fields(n, append([]string{"name", "url", "every", "late", "text", "most", "local"}, flagKeys()...)...)
	if m == nil {
		return
	}
	f := Feed{
		Name: l.name(n, m), Every: l.duration(m["every"], defaultEvery, minEvery, maxEvery),
		Late: l.duration(m["late"], defaultLate, time.Minute, maxLate), Max: event.MaxPost(l.o.LongPosts),
		Most: defaultMost, Local: l.flag(m["local"]), Flags: l.flags(m), Text: "{title} {link}",
	}
	if m["url"] == nil {
		l.errorf(n, "url is missing")
	} else if f.URL = l.text(m["url"]); f.URL != "" {
		u, err := url.Parse(f.URL)
		switch {
		case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
			l.errorf(m["url"], "want an address such as https://acme.example/feed.atom")
		case u.Scheme != "https" && !(f.Local && u.Scheme == "http"):
			l.errorf(m["url"], "want https, or http with local: true for an address inside your own network")
		}
	}
	if n := m["most"]; n != nil {
		v, err := strconv.Atoi(l.text(n))
		if err != nil || v < 1 || v > maxMost {
			l.errorf(n, "want a number from 1 to %d", maxMost)
		}
		f.Most = v
	}
	if n := m["text"]; n != nil {
		f.Text = l.post280(n, []string{"{title}", "{link}"})
		if f.Text != "" && !strings.Contains(f.Text, "{title}") && !strings.Contains(f.Text, "{link}") {
			l.errorf(n, "has neither {title} nor {link}: every item would read the same")
		}
	}
	p.Feeds = append(p.Feeds, f)
}

// name is what positions and ids are made from: unique in the file.
func (l *loader) name(n *yaml.Node, m map[string]*yaml.Node) string {
	at := m["name"]
	if at == nil {
		l.errorf(n, "name is missing")
		return ""
	}
	name := l.text(at)
	switch line, taken := l.names[name]; {
	case name == "":
	case !validName.MatchString(name):
		l.errorf(at, "name %q: a-z, 0-9, dot, dash and underscore, at most 64", name)
	case taken:
		l.errorf(at, "name %q is taken on line %d", name, line)
	default:
		l.names[name] = at.Line
	}
	return name
}

func (l *loader) duration(n *yaml.Node, absent, least, most time.Duration) time.Duration {
	if n == nil {
		return absent
	}
	d, err := time.ParseDuration(l.text(n))
	if err != nil || d < least || d > most {
		l.errorf(n, "want a duration from %s to %s, such as 90s, 15m or 2h", least, most)
	}
	return d
}

// post280 reads a text that fits one post, with what may stand in braces.
func (l *loader) post280(n *yaml.Node, variables []string) string {
	text := l.text(n)
	plain := text
	for _, v := range variables {
		plain = strings.ReplaceAll(plain, v, "")
	}
	switch limit := event.MaxPost(l.o.LongPosts); {
	case event.WeightedLength(plain) > limit:
		l.errorf(n, "%d characters as X counts them, %d are allowed", event.WeightedLength(plain), limit)
	case strings.ContainsAny(plain, "{}"):
		if len(variables) == 0 {
			l.errorf(n, "braces are for variables, and a post by the clock has none")
		} else {
			l.errorf(n, "in braces stand %s, nothing else", strings.Join(variables, " and "))
		}
	}
	return text
}

func (l *loader) flags(m map[string]*yaml.Node) Flags {
	return Flags{
		AIGenerated: l.flag(m["ai_generated"]), Promotional: l.flag(m["promotional"]), Affiliate: l.flag(m["affiliate"]),
		AffiliateDisclosed: l.flag(m["affiliate_disclosed"]), PaidPartnership: l.flag(m["paid_partnership"]), MadeWithAI: l.flag(m["made_with_ai"]),
	}
}
