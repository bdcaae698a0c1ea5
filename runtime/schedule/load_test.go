package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	p, err := Load("s.yaml", []byte(`
schema: beckon.schedule/v1
time_zone: Europe/Berlin
posts:
  - {name: opening, cron: "0 9 * * mon-fri", text: Good morning.}
  - {name: gala, at: 2026-12-24T18:00, late: 2h, text: [One., Two.], promotional: true}
feeds:
  - {name: status, url: https://status.acme.example/feed.atom}
  - {name: blog, url: "http://10.0.0.5/rss", local: true, every: 1h, most: 1, text: "New: {title} {link}", ai_generated: true}
`), Options{Bot: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	if p.Bot != "acme" || len(p.Posts) != 2 || len(p.Feeds) != 2 {
		t.Fatalf("%+v", p)
	}
	gala := p.Posts[1]
	if next := gala.Times.Next(time.Time{}); !next.Equal(at("2026-12-24T17:00:00Z")) || gala.Late != 2*time.Hour || len(gala.Texts) != 2 || !gala.Flags.Promotional {
		t.Errorf("%+v, next %s", gala, next)
	}
	if s := p.Feeds[0]; s.Every != 15*time.Minute || s.Most != 3 || s.Late != time.Hour || s.Text != "{title} {link}" || s.Max != 280 {
		t.Errorf("%+v", s)
	}
}

// Every fault is told at once, with its place.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	_, err := Load("s.yaml", []byte(`schema: beckon.schedule/v2
time_zone: Mars/Base
colour: red
posts:
  - {name: a, cron: "0 25 * * *", text: x}
  - {name: a, text: x}
  - {name: B c, at: tomorrow, text: "{date}"}
  - {name: d, cron: "0 9 * * *", late: 48h, text: []}
  - {cron: "0 9 * * *", at: 2026-12-24T18:00, promotional: maybe}
  - {name: e, cron: "0 9 * * *", text: "`+strings.Repeat("x", 281)+`"}
feeds:
  - {name: f, url: http://acme.example/feed}
  - {name: g, url: "https://kim:secret@acme.example/", every: 1s, most: 50, text: news}
  - name: h
`), Options{})
	if err == nil {
		t.Fatal("it loads")
	}
	for _, want := range []string{
		`s.yaml:1:9: schema "beckon.schedule/v2" is not known`, "s.yaml:2:12: want an IANA time zone", `s.yaml:3:1: unknown key "colour"`,
		"s.yaml:5:21: cron: five fields", "s.yaml:6:5: want either cron", `s.yaml:6:12: name "a" is taken on line 5`,
		`s.yaml:7:12: name "B c"`, "s.yaml:7:21: at: want", "s.yaml:7:37: braces are for variables",
		"s.yaml:8:40: want a duration from 1m0s to 24h0m0s", "s.yaml:8:51: the list is empty",
		"s.yaml:9:5: want either cron", "s.yaml:9:5: name is missing", "s.yaml:9:5: text is missing", "want true or false",
		"s.yaml:10:40: 281 characters", "s.yaml:12:20: want https", "s.yaml:13:20: want an address",
		"want a duration from 1m0s", "want a number from 1 to 20", "neither {title} nor {link}", "s.yaml:14:5: url is missing",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Error("a password of an address is quoted")
	}
}

// What editors and careless hands do to a file.
func TestLoadOddFiles(t *testing.T) {
	t.Parallel()
	good := "schema: beckon.schedule/v1\nposts:\n  - {name: a, cron: \"0 9 * * *\", text: Good morning.}\n"
	bomb := "schema: beckon.schedule/v1\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c]\nposts: *d\n"
	for name, tt := range map[string]struct{ data, want string }{
		"line ends of Windows": {strings.ReplaceAll(good, "\n", "\r\n"), ""},
		"byte order mark":      {"\ufeff" + good, ""},
		"empty":                {"", "s.yaml:1:1: the file is empty; it begins with schema: beckon.schedule/v1"},
		"a comment":            {"# nothing yet\n", "s.yaml:1:1: the file is empty"},
		"tabs":                 {strings.ReplaceAll(good, "  - ", "\t- "), "s.yaml:3:1: not YAML: found character that cannot start any token; indent with spaces"},
		"broken UTF-8":         {good + "# caf\xe9\n", "not YAML: "},
		"UTF-16":               {"\xff\xfes\x00c\x00h\x00", "s.yaml:1:1: "},
		"a list":               {"- a\n- b\n", "s.yaml:1:1: want keys with values"},
		"an alias bomb":        {bomb, "s.yaml:6:8: anchors and aliases are not supported"},
		"an alias":             {"schema: &s beckon.schedule/v1\nposts: [{name: *s, text: *s, at: *s}]\n", "s.yaml:1:9: anchors and aliases are not supported"},
		"a key twice":          {good + "posts: []\n", "s.yaml:4:1: posts is set twice"},
		"two documents":        {good + "---\n" + good, "s.yaml:1:1: one file holds one document"},
		"a merge":              {good + "<<: {feeds: []}\n", "s.yaml:4:1: unknown key"},
		"too large":            {good + strings.Repeat("# \n", 400_000), "s.yaml:1:1: a schedule has at most"},
	} {
		_, err := Load("s.yaml", []byte(tt.data), Options{Bot: "acme"})
		if got := fmt.Sprint(err); tt.want == "" && err != nil || tt.want != "" && !strings.Contains(got, tt.want) {
			t.Errorf("%s: want %q, got %s", name, tt.want, got)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("schema: beckon.schedule/v1" + daily))
	f.Add([]byte("schema: beckon.schedule/v1\nfeeds: [{name: a, url: 'https://a.example', text: '{link}'}]"))
	f.Add([]byte("a: &x [*x]"))
	f.Add([]byte("posts: [{cron: 'TZ=0 0 9 * * *'}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Load("f", data, Options{})
		if err != nil {
			return
		}
		for _, post := range p.Posts {
			if len(post.Texts) == 0 || post.Times == nil {
				t.Errorf("%+v loads", post)
			}
		}
	})
}
