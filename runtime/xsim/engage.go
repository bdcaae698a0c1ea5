package xsim

import (
	"net/http"
	"slices"

	"github.com/beckon-bot/beckon/runtime/event"
)

// mark is one thing that an account did to another: liked, bookmarked, and so
// on.
type mark struct{ verb, account, target string }

// Marks returns the targets to which an account, by handle or id, has done
// something: "like", "repost", "bookmark", "follow", or "list:" and a list's
// id.
func (s *Sim) Marks(account, verb string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.find(account)
	if err != nil {
		return nil
	}
	var out []string
	for m := range s.marks {
		if m.account == u.ID && m.verb == verb {
			out = append(out, m.target)
		}
	}
	slices.SortFunc(out, byID)
	return out
}

// own refuses what an account would do in another's name.
func own(r *request, id string) (answer, bool) {
	if id != r.account.ID {
		return refuse(http.StatusForbidden, "", "The id in the path must be that of the authenticated user."), false
	}
	return answer{}, true
}

// selfServe refuses what is gone from self-serve tiers since April 2026
// (facts.md, read 2026-11-25).
func selfServe(r *request) (answer, bool) {
	if !r.account.Enterprise {
		return refuse(http.StatusForbidden, "client-forbidden", "When authenticating requests, your app's access level does not include this endpoint."), true
	}
	return answer{}, false
}

func done(verb string, is bool, more ...field) answer {
	return answer{status: http.StatusOK, body: object{{"data", append(object{{verb, is}}, more...)}}}
}

// target decodes a body with one id.
func target(r *request, key string) (string, answer, bool) {
	var in struct {
		Post   string `json:"tweet_id"`
		Target string `json:"target_user_id"`
		User   string `json:"user_id"`
		Folder string `json:"folder_id"`
	}
	if err := strict(r, &in); err != nil {
		return "", badRequest(err.Error()), false
	}
	id := map[string]string{"tweet_id": in.Post, "target_user_id": in.Target, "user_id": in.User}[key]
	if !isID(id) {
		return "", badRequest(key + " has 1 to 19 digits"), false
	}
	return id, answer{}, true
}

// onPost checks a post that somebody acts on.
func (s *Sim) onPost(r *request) (*Post, answer, bool) {
	if a, ok := own(r, r.PathValue("id")); !ok {
		return nil, a, false
	}
	id, a, ok := target(r, "tweet_id")
	if !ok {
		return nil, a, false
	}
	p, a, ok := s.visible(r.account, id)
	if ok && s.blocked[[2]string{p.Author, r.account.ID}] {
		return nil, refuse(http.StatusForbidden, "", "You have been blocked from the author of this post."), false
	}
	return p, a, ok
}

func (s *Sim) like(r *request) answer {
	if a, refused := selfServe(r); refused {
		return a
	}
	p, a, ok := s.onPost(r)
	if !ok {
		return a
	}
	out := done("liked", true)
	out.made = p.ID
	m := mark{"like", r.account.ID, p.ID}
	if author := s.accounts[p.Author]; author != nil && author.ID != r.account.ID && !s.marks[m] {
		out.echoes = [][]byte{LikeBody(s.head(event.LikeCreate, p.Author, s.newID(r.now)), r.now, *p, s.users[r.account.ID])}
	}
	s.marks[m] = true
	return out
}

func (s *Sim) bookmark(r *request) answer {
	p, a, ok := s.onPost(r)
	if !ok {
		return a
	}
	s.marks[mark{"bookmark", r.account.ID, p.ID}] = true
	out := done("bookmarked", true)
	out.made = p.ID
	return out
}

func (s *Sim) repost(r *request) answer {
	p, a, ok := s.onPost(r)
	if !ok {
		return a
	}
	m := mark{"repost", r.account.ID, p.ID}
	if s.marks[m] {
		return refuse(http.StatusForbidden, "", "You have already reposted this post.")
	}
	s.marks[m] = true
	again := &Post{Author: r.account.ID, At: r.now, Reposts: p.ID, Text: "RT @" + s.users[p.Author].Username + ": " + p.Text, ByAPI: true}
	s.keep(again, r.now)
	out := done("retweeted", true, field{"rest_id", again.ID})
	out.made, out.echoes = again.ID, s.tell(again, Act{})
	return out
}

func (s *Sim) follow(r *request) answer {
	if a, refused := selfServe(r); refused {
		return a
	}
	if a, ok := own(r, r.PathValue("id")); !ok {
		return a
	}
	id, a, ok := target(r, "target_user_id")
	if !ok {
		return a
	}
	u := s.users[id]
	switch {
	case u.ID == "" || u.Gone || u.Suspended:
		return answer{status: http.StatusNotFound, body: notFound("user", id)}
	case s.blocked[[2]string{id, r.account.ID}]:
		return refuse(http.StatusForbidden, "", "You have been blocked from following this account.")
	}
	s.marks[mark{"follow", r.account.ID, id}] = true
	out := done("following", !u.Protected, field{"pending_follow", u.Protected})
	for _, bot := range []string{r.account.ID, id} {
		if s.accounts[bot] != nil {
			out.echoes = append(out.echoes, FollowBody(s.head(event.Follow, bot, s.newID(r.now)), event.Follow, s.users[r.account.ID], u))
		}
	}
	return out
}

func (s *Sim) listAdd(r *request) answer {
	id, a, ok := target(r, "user_id")
	if !ok {
		return a
	}
	if u := s.users[id]; u.ID == "" || u.Gone || u.Suspended {
		return answer{status: http.StatusNotFound, body: notFound("user", id)}
	}
	s.marks[mark{"list:" + r.PathValue("id"), r.account.ID, id}] = true
	out := done("is_member", true)
	out.made = id
	return out
}

// undo takes a mark away; one that is not there is no error, as on X.
func (s *Sim) undo(r *request, verb, key string) answer {
	if a, ok := own(r, r.PathValue("id")); !ok {
		return a
	}
	m := mark{verb, r.account.ID, r.PathValue("target")}
	if verb == "repost" {
		for _, p := range s.posts {
			if p.Author == m.account && p.Reposts == m.target {
				p.Deleted = true
			}
		}
	}
	delete(s.marks, m)
	return done(key, false)
}

func (s *Sim) unlike(r *request) answer     { return s.undo(r, "like", "liked") }
func (s *Sim) unbookmark(r *request) answer { return s.undo(r, "bookmark", "bookmarked") }
func (s *Sim) unrepost(r *request) answer   { return s.undo(r, "repost", "retweeted") }
func (s *Sim) unfollow(r *request) answer   { return s.undo(r, "follow", "following") }

func (s *Sim) listRemove(r *request) answer {
	delete(s.marks, mark{"list:" + r.PathValue("id"), r.account.ID, r.PathValue("target")})
	return done("is_member", false)
}
