package schedule

import (
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/dial"
	"github.com/beckon-bot/beckon/runtime/event"
)

func atom(entries ...string) string {
	return `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>S</title><id>f</id>` + strings.Join(entries, "") + `</feed>`
}

func entry(id, title, published string) string {
	return fmt.Sprintf(`<entry><id>%s</id><title type="html">%s</title><link href="https://acme.example/%s"/><updated>%s</updated></entry>`, id, title, id, published)
}

// site serves a feed that changes.
type site struct {
	body   string
	etag   string
	status int
	asked  []string // If-None-Match of each request
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked = append(s.asked, r.Header.Get("If-None-Match"))
	switch {
	case s.status != 0:
		w.WriteHeader(s.status)
	case s.etag != "" && r.Header.Get("If-None-Match") == s.etag:
		w.WriteHeader(http.StatusNotModified)
	default:
		w.Header().Set("ETag", s.etag)
		_, _ = w.Write([]byte(s.body))
	}
}

type reading struct {
	*world
	site *site
	feed Feed
	f    *Feeds
	met  *FeedMetrics
	http *http.Client
	now  time.Time
}

func newReading(t *testing.T) *reading {
	t.Helper()
	r := &reading{world: newWorld(t), site: &site{}, met: &FeedMetrics{}, now: at("2026-03-02T09:00:00Z")}
	srv := httptest.NewServer(r.site)
	t.Cleanup(srv.Close)
	p := plan(t, "feeds:\n  - {name: status, url: '"+srv.URL+"', local: true, every: 15m, most: 2}\n")
	r.feed = p.Feeds[0]
	r.restart()
	r.http = r.f.client(r.feed)
	return r
}

func (r *reading) restart() { r.f = NewFeeds(r.config(), r.met) }

// look takes a look a quarter of an hour later.
func (r *reading) look(want string) {
	r.t.Helper()
	r.now = r.now.Add(15 * time.Minute)
	r.asked = nil
	_, err := r.f.Look(r.t.Context(), r.now, r.http, "acme", r.feed)
	if err != nil {
		r.t.Error(err)
	}
	var got []string
	for _, c := range r.asked {
		got = append(got, c.Text)
	}
	if strings.Join(got, " | ") != want {
		r.t.Errorf("asked for %q, want %q", strings.Join(got, " | "), want)
	}
}

// J4: the first look posts nothing old; then what is new, oldest first, once.
func TestJ4FeedBeginsNow(t *testing.T) {
	t.Parallel()
	r := newReading(t)
	one, two := entry("1", "One", "2026-03-02T08:00:00Z"), entry("2", "Two &amp;amp; &lt;b&gt;more&lt;/b&gt;", "2026-03-02T09:20:00Z")
	r.site.body, r.site.etag = atom(one), `"a"`
	r.look("")
	r.restart()
	r.site.body, r.site.etag = atom(two, one), `"b"`
	r.look("Two & more https://acme.example/2")
	r.look("") // 304
	if got := strings.Join(r.site.asked, " "); got != ` "a" "b"` {
		t.Errorf("conditional requests: %s", got)
	}
	// Of many the newest; what has an old date under a new name is no news.
	r.site.body, r.site.etag = atom(entry("5", "Five", "2026-03-02T09:50:00Z"), entry("4", "Four", "2026-03-02T09:40:00Z"),
		entry("3", "Three", "2026-03-02T09:30:00Z"), entry("0", "Zero", "2026-02-01T09:30:00Z"), two), `"c"`
	r.look("Four https://acme.example/4 | Five https://acme.example/5")
	if r.met.Over.Load() != 1 || r.met.Old.Load() != 1 || r.met.Same.Load() != 1 {
		t.Errorf("%d over, %d old, %d unchanged", r.met.Over.Load(), r.met.Old.Load(), r.met.Same.Load())
	}
	r.site.etag = `"d"`
	r.look("") // the same items again
	r.feed.URL += "/moved"
	r.look("") // another feed begins anew
}

// J1, J2: what was put on the bus but not noted comes again as the same event.
func TestJ1J2FeedItemsOnce(t *testing.T) {
	t.Parallel()
	r := newReading(t)
	r.site.body = atom(entry("1", "One", "2026-03-02T08:00:00Z"))
	r.look("")
	r.site.body = atom(entry("2", "Two", "2026-03-02T09:20:00Z"), entry("1", "One", "2026-03-02T08:00:00Z"))
	for _, down := range []string{"publish", "lost", "position"} {
		r.down = down
		r.now = r.now.Add(15 * time.Minute)
		if _, err := r.f.Look(t.Context(), r.now, r.http, "acme", r.feed); !errors.Is(err, errDown) {
			t.Errorf("%s: %v", down, err)
		}
		r.restart()
	}
	r.down = ""
	before := r.ids()
	r.look("Two https://acme.example/2")
	if len(before) != 1 || before[0] != r.ids()[0] {
		t.Errorf("ids %v, then %v", before, r.ids())
	}
	r.look("")
}

// A feed that fails is asked less and less often, and loses nothing.
func TestFeedBacksOff(t *testing.T) {
	t.Parallel()
	r := newReading(t)
	r.site.body = atom(entry("1", "One", "2026-03-02T08:00:00Z"))
	r.look("")
	r.site.status = http.StatusInternalServerError
	for i, want := range []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 12 * time.Hour} {
		r.now = r.now.Add(12 * time.Hour)
		next, err := r.f.Look(t.Context(), r.now, r.http, "acme", r.feed)
		if err == nil || next.Sub(r.now) != want {
			t.Errorf("try %d: again in %s, want %s (%v)", i, next.Sub(r.now), want, err)
		}
		asked := len(r.site.asked)
		if again, err := r.f.Look(t.Context(), r.now.Add(time.Minute), r.http, "acme", r.feed); err != nil || !again.Equal(next) || len(r.site.asked) != asked {
			t.Error("it is asked before its time")
		}
	}
	r.site.status = 0
	r.now = r.now.Add(12 * time.Hour)
	r.site.body = atom(entry("2", "Two", r.now.Format(time.RFC3339)), entry("1", "One", "2026-03-02T08:00:00Z"))
	r.look("Two https://acme.example/2")
}

// J6: what a server may try.
func TestJ6HostileFeeds(t *testing.T) {
	t.Parallel()
	deep := `<rss version="2.0" xmlns:x="u"><channel><item><title>t</title>` + strings.Repeat("<x:a>", 200_000) + `</item></channel></rss>`
	bomb := `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><rss version="2.0"><channel><item><title>&b;</title><guid>1</guid></item></channel></rss>`
	for name, c := range map[string]struct{ body, want string }{
		"HTML":            {"<html><body>no</body></html>", "neither RSS nor Atom"},
		"nothing":         {"", "neither RSS nor Atom"},
		"JSON":            {`{"version":"https://jsonfeed.org/version/1","items":[]}`, "neither RSS nor Atom"},
		"deep":            {deep, "inside one another"},
		"half":            {atom(entry("1", "One", ""))[:150], "feed"},
		"a foreign one":   {`<?xml version="1.0" encoding="klingon"?>` + atom(), "feed"},
		"too many":        {atom(strings.Repeat(entry("1", "x", ""), maxItems+1)), "more than 2000 items"},
		"an entity's own": {bomb, ""},
	} {
		items, err := parse([]byte(c.body))
		if c.want == "" {
			if len(items) > 0 && len(items[0].title) > 20 {
				t.Errorf("%s: %q", name, items[0].title)
			}
			continue
		}
		if !errors.Is(err, errFeed) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	large := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		for range 3 * maxFeed / (1 << 20) {
			if _, err := z.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}))
	defer large.Close()
	if _, err := fetch(t.Context(), dial.Client(dial.Options{Inside: true}), large.URL, "", ""); !errors.Is(err, errFeed) {
		t.Errorf("a bomb of zip: %v", err)
	}
	f := NewFeeds(newWorld(t).config(), nil)
	if _, err := fetch(t.Context(), f.client(Feed{}), large.URL, "", ""); !errors.Is(err, dial.ErrInside) {
		t.Errorf("an address inside: %v", err)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"RSS 2": {`<rss version="2.0"><channel><item><title><![CDATA[A <i>b</i> c]]></title><link>https://a.example/1</link><guid>g</guid>
			<pubDate>Mon, 02 Mar 2026 09:00:00 +0100</pubDate></item></channel></rss>`, "g|A b c|https://a.example/1|08:00"},
		"RSS 1":          {`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><item><title>A</title><link>https://a.example/1</link></item></rdf:RDF>`, "https://a.example/1|A|https://a.example/1|00:00"},
		"Latin 1":        {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><rss version=\"2.0\"><channel><item><title>Gr\xfc\xdfe</title></item></channel></rss>", "Grüße|Grüße||00:00"},
		"a bad link":     {`<rss version="2.0"><channel><item><title>A</title><link>javascript:alert(1)</link></item></channel></rss>`, "A|A||00:00"},
		"nothing to say": {`<rss version="2.0"><channel><item><guid>1</guid></item></channel></rss>`, ""},
		"less than":      {`<rss version="2.0"><channel><item><title>a &amp;lt; b &lt;3</title></item></channel></rss>`, "a < b <3|a < b <3||00:00"},
	} {
		items, err := parse([]byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, i := range items {
			got = append(got, i.key+"|"+i.title+"|"+i.link+"|"+i.at.Format("15:04"))
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestSay(t *testing.T) {
	t.Parallel()
	f := Feed{Text: "{title} {link}", Max: 280}
	for name, c := range map[string]struct {
		i    item
		want string
	}{
		"short":          {item{title: "A", link: "https://a.example"}, "A https://a.example"},
		"braces":         {item{title: "{link}", link: "https://a.example"}, "{link} https://a.example"},
		"without a link": {item{title: "A"}, "A"},
	} {
		if got := f.say(c.i); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	got := f.say(item{title: strings.Repeat("日本 ", 100_000), link: "https://a.example/long"})
	if n := event.WeightedLength(got); n > 280 || n < 270 || !strings.HasSuffix(got, "… https://a.example/long") {
		t.Errorf("%d characters: %q", n, got)
	}
}

func TestTitleIsOneLine(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		" a\r\n\tb \u2028 c ": "a b c", "a\u0085b\u009bc": "a b c", "\u202egnirts\u202c ok": "gnirts ok", "x\u2066y\u2069\u200f": "xy",
		"1 &lt; 2 <b>bold</b>": "1 < 2 bold", "a\x1b[31mred": "a [31mred", "👨‍👩‍👧 family": "👨‍👩‍👧 family", "{link} {title}": "{link} {title}",
	} {
		if got := line(title); got != want {
			t.Errorf("%q: got %q, want %q", title, got, want)
		}
	}
	f := Feed{Text: "{title} – {link}", Max: 280}
	if got := f.say(item{title: "{link}{title}", link: "https://acme.example/1"}); got != "{link}{title} – https://acme.example/1" {
		t.Errorf("a title that looks like a template: %q", got)
	}
}

// A clock that was ahead once does not silence a feed until that day.
func TestFeedLookedAtAhead(t *testing.T) {
	t.Parallel()
	r := newReading(t)
	r.site.body = atom(entry("1", "One", "2026-03-02T08:00:00Z"))
	r.look("")
	r.positions["feed/acme/status"] = strings.Replace(r.positions["feed/acme/status"], `"looked_at":"2026`, `"looked_at":"2031`, 1)
	r.site.body = atom(entry("2", "Two", "2026-03-02T09:20:00Z"), entry("1", "One", "2026-03-02T08:00:00Z"))
	r.look("Two https://acme.example/2")
	r.positions["feed/acme/status"] = "?" // begins anew: what is there is not posted
	r.look("")
	r.site.body = atom(entry("3", "Three", "2026-03-02T09:50:00Z"), entry("2", "Two", "2026-03-02T09:20:00Z"))
	r.look("Three https://acme.example/3")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(atom(entry("1", "One", "2026-03-02T09:20:00Z"))))
	f.Add([]byte(`<rss version="2.0"><channel><item><title>A</title></item></channel></rss>`))
	feed := Feed{Text: "{title} {link}", Max: 280}
	f.Fuzz(func(t *testing.T, body []byte) {
		items, err := parse(body)
		if err != nil && !errors.Is(err, errFeed) {
			t.Errorf("%v", err)
		}
		for _, i := range items {
			if text := feed.say(i); event.WeightedLength(text) > 280 || strings.ContainsAny(text, "\n\x00") {
				t.Errorf("%q", text)
			}
		}
	})
}
