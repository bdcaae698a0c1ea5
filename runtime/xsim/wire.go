package xsim

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/beckon-bot/beckon/runtime/event"
)

func wirePost(seed uint64, p Post, users []User) object {
	byID, byHandle := map[string]User{}, map[string]User{}
	for _, u := range users {
		byID[u.ID], byHandle[strings.ToLower(u.Username)] = u, u
	}
	history, root, lang := p.History, p.Root, p.Lang
	if len(history) == 0 {
		history = []string{p.ID}
	}
	if root == "" {
		root = p.ID
	}
	if lang == "" {
		lang = "en"
	}

	// X opens a reply with an automatic mention, outside display_text_range.
	prefix := ""
	var mentions []object
	if u, ok := byID[p.ReplyToUser]; ok && p.ReplyToUser != p.Author {
		prefix = "@" + u.Username + " "
		mentions = append(mentions, wireMention(entity{start: 0, end: len(u.Username) + 1, name: u.Username}, byHandle))
	}
	start := len(prefix)
	r := render(seed, p.ID, p.Text, start)
	end := start + utf8.RuneCountInString(r.text)
	text := prefix + r.text
	var urls []object
	for _, e := range r.entities {
		if e.name != "" {
			mentions = append(mentions, wireMention(e, byHandle))
		} else {
			urls = append(urls, wireLink(e))
		}
	}
	var note object
	if event.WeightedLength(p.Text) > 280 { // X cuts a long post and keeps the whole in note_tweet
		note = object{{"text", escaper.Replace(text)}}
		cut := []rune(text)
		cut = cut[:min(len(cut), 140)]
		end = len(cut) + 1
		link := entity{start: end + 1, end: end + 24, url: shortLink(seed, p.ID, "note"), expanded: "https://x.com/i/web/status/" + p.ID}
		text = string(cut) + "… " + link.url
		urls = []object{wireLink(link)}
	}
	refs := []object{}
	if p.ReplyTo != "" {
		refs = append(refs, object{{"type", "replied_to"}, {"id", p.ReplyTo}})
	}
	if p.Quotes != "" { // and ends a quote with a link to what it quotes, outside it too
		refs = append(refs, object{{"type", "quoted"}, {"id", p.Quotes}})
		n := utf8.RuneCountInString(text)
		link := entity{start: n + 1, end: n + 24, url: shortLink(seed, p.ID, p.Quotes), expanded: "https://twitter.com/i/status/" + p.Quotes}
		text += " " + link.url
		urls = append(urls, wireLink(link))
	}
	if p.Reposts != "" {
		refs = append(refs, object{{"type", "retweeted"}, {"id", p.Reposts}})
	}

	o := object{
		{"paid_partnership", p.PaidPartnership},
		{"created_at", stamp(p.At)},
		{"edit_history_tweet_ids", history},
		{"conversation_id", root},
	}
	if p.ReplyTo != "" {
		o = append(o, field{"in_reply_to_tweet_id", p.ReplyTo}, field{"in_reply_to_user_id", p.ReplyToUser})
	}
	if len(refs) > 0 {
		o = append(o, field{"referenced_tweets", refs})
	}
	o = append(o, field{"display_text_range", []int{start, end}})
	if p.ReplyTo == "" {
		left := 5 - (len(history) - 1)
		o = append(o, field{"edit_controls", object{
			{"edits_remaining", left}, {"edits_remaining_str", strconv.Itoa(left)},
			{"is_edit_eligible", true}, {"editable_until", stamp(p.At.Add(time.Hour))},
		}})
	}
	o = append(o, field{"text", escaper.Replace(text)})
	if note != nil {
		o = append(o, field{"note_tweet", note})
	}
	if entities := entitiesOf(mentions, urls); len(entities) > 0 {
		o = append(o, field{"entities", entities})
	}
	return append(o,
		field{"author_id", p.Author},
		field{"possibly_sensitive", false},
		field{"public_metrics", metrics("retweet", "reply", "like", "quote", "bookmark", "impression")},
		field{"reply_settings", "everyone"},
		field{"id", p.ID},
		field{"lang", lang},
	)
}

func entitiesOf(mentions, urls []object) object {
	var o object
	if len(mentions) > 0 {
		o = append(o, field{"mentions", mentions})
	}
	if len(urls) > 0 {
		o = append(o, field{"urls", urls})
	}
	return o
}

func wireMention(e entity, byHandle map[string]User) object {
	o := append(span(e), field{"username", e.name})
	if u, ok := byHandle[strings.ToLower(e.name)]; ok {
		o = append(o, field{"id", u.ID})
	}
	return o
}

func wireLink(e entity) object {
	expanded := e.expanded
	if !strings.Contains(expanded, "://") {
		expanded = "http://" + expanded
	}
	_, display, _ := strings.Cut(expanded, "://")
	return append(span(e), field{"url", e.url}, field{"expanded_url", expanded}, field{"display_url", display})
}

func span(e entity) object {
	return object{
		{"start", e.start}, {"start_str", strconv.Itoa(e.start)},
		{"end", e.end}, {"end_str", strconv.Itoa(e.end)},
	}
}

func wireUser(u User) object {
	name := u.Name
	if name == "" {
		name = u.Username
	}
	affiliation := object{}
	if u.Automated {
		affiliation = object{{"badge_url", "https://pbs.twimg.com/semantic_core_img/0/badge?format=png&name=orig"}, {"description", "Automated"}}
	}
	return object{
		{"public_metrics", metrics("followers", "following", "tweet", "listed", "like", "media")},
		{"username", u.Username},
		{"protected", u.Protected},
		{"is_identity_verified", false},
		{"affiliation", affiliation},
		{"verified_type", "none"},
		{"description", u.Bio},
		{"created_at", "2024-01-01T00:00:00.000Z"},
		{"name", name},
		{"verified", false},
		{"url", ""},
		{"id", u.ID},
	}
}

// metrics are counts with their string twins, all of them zero.
func metrics(names ...string) object {
	var o object
	for _, n := range names {
		o = append(o, field{n + "_count", 0}, field{n + "_count_str", "0"})
	}
	return o
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
