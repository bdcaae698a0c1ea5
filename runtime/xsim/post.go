package xsim

import (
	"net/http"
	"slices"
	"strings"
)

// visible returns a post that an account, or the app (nil), can see.
func (s *Sim) visible(a *Account, id string) (*Post, answer, bool) {
	p, err := s.living(id)
	if err != nil {
		return nil, answer{status: http.StatusNotFound, body: notFound("tweet", id)}, false
	}
	author := s.users[p.Author]
	switch {
	case author.Gone, author.Suspended:
		return nil, answer{status: http.StatusNotFound, body: notFound("tweet", id)}, false
	case author.Protected && (a == nil || a.ID != author.ID):
		return nil, answer{status: http.StatusForbidden, body: unauthorized("tweet", id)}, false
	}
	return p, answer{}, true
}

// unauthorized says that a resource is there, but not for the one who asks.
func unauthorized(kind, id string) object {
	return object{
		{"value", id}, {"detail", "Sorry, you are not authorized to see the " + kind + " with id: [" + id + "]."},
		{"title", "Authorization Error"}, {"resource_type", kind}, {"parameter", "id"}, {"resource_id", id},
		{"section", "data"}, {"type", "https://api.x.com/2/problems/not-authorized-for-resource"}, {"status", http.StatusForbidden},
	}
}

func (s *Sim) postByID(r *request) answer  { return s.postsOf(r, r.PathValue("id"), false) }
func (s *Sim) postsByID(r *request) answer { return s.postsOf(r, r.URL.Query().Get("ids"), true) }

// postsOf answers 200 with errors, and perhaps no data, where a post is not
// there for the one who asks.
func (s *Sim) postsOf(r *request, ids string, many bool) answer {
	list := strings.Split(ids, ",")
	if ids == "" || len(list) > 100 {
		return badRequest("ids has 1 to 100 entries")
	}
	var found, errs []object
	for _, id := range list {
		if !isID(id) {
			return badRequest("a post id has 1 to 19 digits")
		}
		p, no, ok := s.visible(r.account, id)
		if !ok {
			errs = append(errs, no.body)
			continue
		}
		kind := PostRead
		if r.account != nil && p.Author == r.account.ID {
			kind = OwnRead
		}
		s.charge(r.now, kind, p.ID)
		found = append(found, s.wirePost(r, p))
	}
	return answer{status: http.StatusOK, body: s.include(resulted(found, errs, many), r)}
}

// deletePost deletes a post of the account's own, all versions of it. One that
// is gone already is no error.
func (s *Sim) deletePost(r *request) answer {
	id := r.PathValue("id")
	p := s.posts[id]
	switch {
	case !isID(id):
		return badRequest("a post id has 1 to 19 digits")
	case p == nil:
		return answer{status: http.StatusNotFound, body: notFound("tweet", id)}
	case p.Author != r.account.ID:
		return refuse(http.StatusForbidden, "", "You are not permitted to delete this post.")
	}
	out := done("deleted", true)
	if !p.Deleted {
		d, err := s.delete(Act{Post: id}, r.now)
		if err != nil {
			return badRequest(err.Error())
		}
		s.charge(r.now, Deleted, id)
		out.echoes = d.Bodies
	}
	return out
}

// deleteDM hides one of the account's own messages from the account itself.
func (s *Sim) deleteDM(r *request) answer {
	id := r.PathValue("id")
	for i := range s.dms {
		m := &s.dms[i]
		if m.ID != id || m.From != r.account.ID && m.To != r.account.ID {
			continue
		}
		if m.From != r.account.ID {
			return refuse(http.StatusForbidden, "", "Only your own messages can be deleted.")
		}
		if !m.goneFor(r.account.ID) {
			m.DeletedBy = append(slices.Clone(m.DeletedBy), r.account.ID)
			s.charge(r.now, Deleted, id)
		}
		return done("deleted", true)
	}
	return answer{status: http.StatusNotFound, body: notFound("dm_event", id)}
}
