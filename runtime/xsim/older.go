package xsim

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/beckon-bot/beckon/runtime/event"
)

// batch is a body of the Account Activity API, X's older envelope: events of
// one account by what happened.
type batch struct {
	bot   string
	lists object // name to []object, in order of coming
	users object
	seen  map[string]bool // posts that are in
}

func (b *batch) add(list string, o object) {
	for i := range b.lists {
		if b.lists[i].key == list {
			b.lists[i].value = append(objects(b.lists, list), o)
			return
		}
	}
	b.lists = append(b.lists, field{list, []object{o}})
}

// older turns events into bodies of the older envelope: several events in one
// body, a post that is a mention, a reply and a quote once. Keyword events are
// not of it.
func (s *Sim) older(events []happened) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*batch
	var bodies [][]byte
	for _, h := range events {
		if h.kind == "" || h.keyword != "" {
			continue
		}
		if h.kind == event.OAuthRevoke {
			if b, err := marshal(object{{"user_event", object{{"revoke", object{
				{"date_time", s.now().Format("2006-01-02T15:04:05+00:00")},
				{"target", object{{"app_id", "1000001"}}}, {"source", object{{"user_id", h.bot}}},
			}}}}}); err == nil {
				bodies = append(bodies, b)
			}
			continue
		}
		var to *batch
		for _, b := range all {
			if b.bot == h.bot {
				to = b
			}
		}
		if to == nil {
			to = &batch{bot: h.bot, seen: map[string]bool{}}
			all = append(all, to)
		}
		s.fill(to, h)
	}
	for _, b := range all {
		if len(b.lists) == 0 {
			continue
		}
		o := append(object{{"for_user_id", b.bot}}, b.lists...)
		if len(b.users) > 0 {
			o = append(o, field{"apps", object{}}, field{"users", b.users})
		}
		if enc, err := marshal(o); err == nil {
			bodies = append(bodies, enc)
		}
	}
	return bodies
}

func (s *Sim) fill(b *batch, h happened) {
	ms := strconv.FormatInt(s.now().UnixMilli(), 10)
	switch family, act, _ := strings.Cut(string(h.kind), "."); {
	case h.kind == event.PostDelete:
		if p := s.posts[h.message]; p != nil {
			b.add("tweet_delete_events", object{
				{"status", object{{"id", p.ID}, {"user_id", p.Author}}}, {"timestamp_ms", ms},
			})
		}
	case family == "post":
		if p := s.posts[h.message]; p != nil && !b.seen[p.ID] {
			b.seen[p.ID] = true
			b.add("tweet_create_events", s.status(p))
		}
	case family == "dm":
		for _, m := range s.dms {
			if m.ID == h.message {
				s.message(b, m)
			}
		}
	case family == "follow":
		b.add("follow_events", object{
			{"type", act}, {"created_timestamp", ms}, {"target", legacyUser(s.users[h.target])}, {"source", legacyUser(s.users[h.source])},
		})
	case h.kind == event.LikeCreate:
		if p := s.posts[h.message]; p != nil {
			b.add("favorite_events", object{
				{"id", h.uuid}, {"created_at", legacyTime(s.now())}, {"timestamp_ms", ms},
				{"favorited_status", s.status(p)}, {"user", legacyUser(s.users[h.source])},
			})
		}
	}
}

func (s *Sim) message(b *batch, m DM) {
	r := render(s.opts.Seed, m.ID, m.Text, 0)
	create := object{
		{"target", object{{"recipient_id", m.To}}}, {"sender_id", m.From},
		{"message_data", object{{"text", escaper.Replace(r.text)}, {"entities", legacyEntities(r.entities, s)}}},
	}
	if m.ByAPI {
		create = append(create, field{"source_app_id", "1000001"})
	}
	b.add("direct_message_events", object{
		{"type", "message_create"}, {"id", m.ID}, {"created_timestamp", strconv.FormatInt(m.At.UnixMilli(), 10)}, {"message_create", create},
	})
	for _, id := range []string{m.From, m.To} {
		if b.users.value(id) == nil {
			u := s.users[id]
			b.users = append(b.users, field{id, object{{"id", id}, {"created_timestamp", "1704067200000"}, {"name", u.Name}, {"screen_name", u.Username}}})
		}
	}
}

// status is a post of the older API: ids as numbers with their string twins,
// the whole text of a long one in extended_tweet.
func (s *Sim) status(p *Post) object {
	prefix := ""
	if u, ok := s.users[p.ReplyToUser]; ok && p.ReplyToUser != p.Author {
		prefix = "@" + u.Username + " "
	}
	r := render(s.opts.Seed, p.ID, p.Text, len(prefix))
	text, entities := prefix+r.text, r.entities
	if prefix != "" {
		entities = append([]entity{{start: 0, end: len(prefix) - 1, name: strings.TrimSpace(prefix[1:])}}, entities...)
	}
	bounds := []int{len(prefix), utf8.RuneCountInString(text)}
	if p.Quotes != "" { // as in the newer envelope, outside the bounds
		n := utf8.RuneCountInString(text)
		link := entity{start: n + 1, end: n + 24, url: shortLink(s.opts.Seed, p.ID, p.Quotes), expanded: "https://twitter.com/i/status/" + p.Quotes}
		text += " " + link.url
		entities = append(entities, link)
	}
	o := object{{"created_at", legacyTime(p.At)}}
	o = append(o, numbered("id", p.ID)...)
	long := event.WeightedLength(p.Text) > 280
	shown := text
	if cut := []rune(text); long {
		shown = string(cut[:min(len(cut), 117)]) + "… " + shortLink(s.opts.Seed, p.ID, "note")
	}
	o = append(o, field{"text", escaper.Replace(shown)}, field{"truncated", long})
	if p.ReplyTo != "" {
		o = append(o, numbered("in_reply_to_status_id", p.ReplyTo)...)
		o = append(o, numbered("in_reply_to_user_id", p.ReplyToUser)...)
		o = append(o, field{"in_reply_to_screen_name", s.users[p.ReplyToUser].Username})
	}
	o = append(o, field{"user", legacyUser(s.users[p.Author])}, field{"is_quote_status", p.Quotes != ""})
	if q := s.posts[p.Quotes]; q != nil {
		o = append(o, numbered("quoted_status_id", q.ID)...)
		o = append(o, field{"quoted_status", append(numbered("id", q.ID), field{"user", legacyUser(s.users[q.Author])})})
	}
	if t := s.posts[p.Reposts]; t != nil {
		o = append(o, field{"retweeted_status", append(numbered("id", t.ID), field{"user", legacyUser(s.users[t.Author])})})
	}
	all := legacyEntities(entities, s)
	if long {
		o = append(o, field{"extended_tweet", object{{"full_text", escaper.Replace(text)}, {"display_text_range", bounds}, {"entities", all}}})
	} else {
		o = append(o, field{"display_text_range", bounds}, field{"entities", all})
	}
	if len(p.History) > 0 {
		o = append(o, field{"edit_history", object{{"initial_tweet_id", p.History[0]}, {"edit_tweet_ids", p.History}}})
	}
	return append(o, field{"lang", "en"}, field{"timestamp_ms", strconv.FormatInt(p.At.UnixMilli(), 10)})
}

// numbered is an id as a number and as a text. The number is for those who
// read numbers exactly: most do not, hence the twin.
func numbered(key, id string) object {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return object{{key + "_str", id}}
	}
	return object{{key, n}, {key + "_str", id}}
}

func legacyUser(u User) object {
	return append(numbered("id", u.ID), field{"name", u.Name}, field{"screen_name", u.Username}, field{"protected", u.Protected}, field{"verified", false})
}

func legacyTime(t time.Time) string { return t.UTC().Format("Mon Jan 02 15:04:05 -0700 2006") }

func legacyEntities(list []entity, s *Sim) object {
	mentions, urls := []object{}, []object{}
	for _, e := range list {
		at := field{"indices", []int{e.start, e.end}}
		if e.name == "" {
			link := wireLink(e)
			urls = append(urls, object{{"url", e.url}, {"expanded_url", link.get("expanded_url")}, {"display_url", link.get("display_url")}, at})
			continue
		}
		o := object{{"screen_name", e.name}}
		if id := s.handles[strings.ToLower(e.name)]; id != "" {
			o = append(append(o, field{"name", s.users[id].Name}), numbered("id", id)...)
		}
		mentions = append(mentions, append(o, at))
	}
	return object{{"hashtags", []object{}}, {"symbols", []object{}}, {"user_mentions", mentions}, {"urls", urls}}
}
