package xsim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mentions are the posts of others that name a user, the automatic mention of
// a reply too: the 800 newest.
func (s *Sim) mentions(r *request) answer {
	id := r.PathValue("id")
	u, ok := s.users[id]
	if !ok {
		return answer{status: http.StatusNotFound, body: notFound("user", id)}
	}
	list := s.timeline(func(p *Post) bool {
		if u := s.users[p.Author]; u.Protected || u.Suspended || u.Gone {
			return false
		}
		return p.Author != id && (names(p.Text, u.Username) || p.ReplyToUser == id)
	})
	return s.posted(list[:min(len(list), 800)], r)
}

// userPosts is a user's timeline.
func (s *Sim) userPosts(r *request) answer {
	author := r.PathValue("id")
	if !isID(author) {
		return badRequest("id has 1 to 19 digits")
	}
	without := r.URL.Query().Get("exclude")
	return s.posted(s.timeline(func(p *Post) bool {
		return p.Author == author && !(strings.Contains(without, "replies") && p.ReplyTo != "") &&
			!(strings.Contains(without, "retweets") && p.Reposts != "")
	}), r)
}

// timeline lists posts, newest first; of an edit chain only the newest
// version.
func (s *Sim) timeline(keep func(*Post) bool) []*Post {
	var list []*Post
	for _, p := range s.posts {
		if old := len(p.History) > 0 && p.History[len(p.History)-1] != p.ID; !p.Deleted && !old && keep(p) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *Post) int { return byID(b.ID, a.ID) })
	return list
}

// posted answers with a page of posts, their authors where asked for.
func (s *Sim) posted(posts []*Post, r *request) answer {
	q := r.URL.Query()
	kind := PostRead
	if r.account != nil && r.PathValue("id") == r.account.ID {
		kind = OwnRead
	}
	from, to, err := between(q.Get("start_time"), q.Get("end_time"))
	if err != "" {
		return badRequest(err)
	}
	var list []object
	for _, p := range posts {
		if since := q.Get("since_id"); since != "" && byID(p.ID, since) <= 0 {
			continue
		}
		if until := q.Get("until_id"); until != "" && byID(p.ID, until) >= 0 {
			continue
		}
		if p.At.Before(from) || !to.IsZero() && !p.At.Before(to) {
			continue
		}
		list = append(list, s.wirePost(r, p))
	}
	a := paged(list, r, 10, 5, 100)
	if a.status == http.StatusOK {
		a.body = s.include(a.body, r)
		shown := objects(a.body, "data")
		for _, o := range shown {
			s.charge(r.now, kind, o.get("id"))
		}
		if meta, ok := a.body.value("meta").(object); ok && len(shown) > 0 {
			a.body.set("meta", append(object{{"newest_id", shown[0].get("id")}, {"oldest_id", shown[len(shown)-1].get("id")}}, meta...))
		}
	}
	return a
}

// wirePost is a post with the fields asked for; the ids that an expansion
// names come with it.
func (s *Sim) wirePost(r *request, p *Post) object {
	q := r.URL.Query()
	fields := q.Get("tweet.fields") + "," + q.Get("post.fields")
	for _, x := range strings.Split(q.Get("expansions"), ",") {
		switch x {
		case "author_id", "in_reply_to_user_id":
			fields += "," + x
		case "referenced_tweets.id", "referenced_posts":
			fields += ",referenced_tweets"
		}
	}
	o := pick(wirePost(s.opts.Seed, *p, s.around(p)), fields, "id", "text", "edit_history_tweet_ids")
	// Events name the post replied to, answers have it among referenced_tweets.
	o = slices.DeleteFunc(o, func(f field) bool { return f.key == "in_reply_to_tweet_id" })
	return plain(o)
}

// include adds the users and posts that the expansions ask for.
func (s *Sim) include(body object, r *request) object {
	q := r.URL.Query()
	list := objects(body, "data")
	if one, ok := body.value("data").(object); ok {
		list = []object{one}
	}
	var users []object
	var posts []object
	seen := map[string]bool{}
	for _, x := range strings.Split(q.Get("expansions"), ",") {
		for _, o := range list {
			switch x {
			case "author_id", "in_reply_to_user_id", "sender_id":
				id := o.get(x)
				if u, ok := s.users[id]; ok && !seen[id] {
					seen[id] = true
					users = append(users, s.wireUser(r, u))
				}
			case "participant_ids":
				ids, _ := o.value(x).([]string)
				for _, id := range ids {
					if u, ok := s.users[id]; ok && !seen[id] {
						seen[id] = true
						users = append(users, s.wireUser(r, u))
					}
				}
			case "referenced_tweets.id", "referenced_posts":
				for _, ref := range objects(o, "referenced_tweets") {
					if p, err := s.living(ref.get("id")); err == nil && !seen["p"+p.ID] {
						seen["p"+p.ID] = true
						posts = append(posts, s.wirePost(r, p))
					}
				}
			}
		}
	}
	var includes object
	if len(users) > 0 {
		includes = append(includes, field{"users", users})
	}
	if len(posts) > 0 {
		includes = append(includes, field{"tweets", posts})
	}
	if len(includes) == 0 {
		return body
	}
	return append(body, field{"includes", includes})
}

// allDMs are the account's DM events of the last 30 days.
func (s *Sim) allDMs(r *request) answer {
	me := r.account.ID
	return s.dmEvents(r, func(m DM) bool { return m.From == me || m.To == me })
}

// conversation is the account's conversation with a user.
func (s *Sim) conversation(r *request) answer {
	me, other := r.account.ID, r.PathValue("id")
	return s.dmEvents(r, func(m DM) bool { return m.From == me && m.To == other || m.From == other && m.To == me })
}

func (s *Sim) dmEvents(r *request, keep func(DM) bool) answer {
	q := r.URL.Query()
	fields := q.Get("dm_event.fields") + "," + q.Get("expansions")
	list := []object{}
	for _, m := range slices.Backward(s.dms) {
		if !keep(m) || m.goneFor(r.account.ID) || r.now.Sub(m.At) > 30*window24 {
			continue
		}
		o := object{
			{"id", m.ID}, {"event_type", "MessageCreate"}, {"dm_conversation_id", conversationID(m)},
			{"sender_id", m.From}, {"participant_ids", []string{m.From, m.To}}, {"created_at", stamp(m.At)},
			{"text", escaper.Replace(render(s.opts.Seed, m.ID, m.Text, 0).text)},
		}
		list = append(list, pick(o, fields, "id", "event_type", "text"))
	}
	a := paged(list, r, 100, 1, 100)
	if a.status == http.StatusOK {
		for _, o := range objects(a.body, "data") {
			s.charge(r.now, DMRead, o.get("id"))
		}
		a.body = s.include(a.body, r)
	}
	return a
}

// paged is one page of a list. A token holds where the next one starts.
func paged(list []object, r *request, usual, least, most int) answer {
	q := r.URL.Query()
	n := usual
	if v := q.Get("max_results"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil || n < least || n > most {
			return badRequest("max_results is " + strconv.Itoa(least) + " to " + strconv.Itoa(most))
		}
	}
	const prefix = "7140dibdnow9c7btw" // X's tokens have at least 16 characters
	start := 0
	if v := q.Get("pagination_token"); v != "" {
		after, ok := strings.CutPrefix(v, prefix)
		start = slices.IndexFunc(list, func(o object) bool { return first(o) == after })
		if !ok || start < 0 {
			return badRequest("pagination_token is none of ours, or what it points at is gone")
		}
	}
	rest := list[start:]
	page := rest[:min(len(rest), n)]
	meta := object{{"result_count", len(page)}}
	if len(rest) > len(page) {
		meta = append(meta, field{"next_token", prefix + first(rest[len(page)])})
	}
	o := object{{"meta", meta}}
	if len(page) > 0 {
		o = append(object{{"data", page}}, o...)
	}
	return answer{status: http.StatusOK, body: o}
}

// first is the id of an entry, whatever it is called.
func first(o object) string {
	for _, key := range []string{"id", "subscription_id"} {
		if id := o.get(key); id != "" {
			return id
		}
	}
	return ""
}

// between reads the bounds of a time window; what is empty is no bound.
func between(from, to string) (a, b time.Time, wrong string) {
	for _, x := range []struct {
		name, text string
		at         *time.Time
	}{{"start_time", from, &a}, {"end_time", to, &b}} {
		if x.text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, x.text)
		if err != nil {
			return a, b, x.name + " is no RFC 3339 time"
		}
		*x.at = t
	}
	return a, b, ""
}
