package xsim

import (
	"cmp"
	"slices"
	"time"
)

// Call is one API request as X saw it.
type Call struct {
	N       int       `json:"n"` // from 1
	At      time.Time `json:"at"`
	Op      string    `json:"op"`
	Account string    `json:"account,omitempty"` // user id behind the token, "" if it is none
	ReplyTo string    `json:"reply_to,omitempty"`
	Target  string    `json:"target,omitempty"` // the post quoted, liked, reposted or kept; the list that somebody is put on
	User    string    `json:"user,omitempty"`   // whom it was to reach: a DM's recipient, the author of the post replied to or acted on
	Text    string    `json:"text,omitempty"`
	Made    string    `json:"made,omitempty"`   // id of the post or DM; of a mark, whom or what it is on; "" if X did nothing
	Status  int       `json:"status,omitempty"` // 0: the client got no answer
	Fault   FaultKind `json:"fault,omitempty"`
}

// Seen returns all API requests in order.
func (s *Sim) Seen() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call{}, s.calls...)
}

// Posts returns all posts made through the API, oldest first, deleted ones too.
func (s *Sim) Posts() []Post {
	return s.postsWhere(func(p *Post) bool { return p.ByAPI })
}

// Post returns any post by its id.
func (s *Sim) Post(id string) (Post, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.posts[id]
	if p == nil {
		return Post{}, false
	}
	return *p, true
}

// DMs returns all DMs sent through the API, oldest first.
func (s *Sim) DMs() []DM {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.dms), func(m DM) bool { return !m.ByAPI })
}

// RepliesTo counts the replies made through the API to a post, whichever
// version of it they answer.
func (s *Sim) RepliesTo(post string) int {
	chain := []string{post}
	if p, ok := s.Post(post); ok && len(p.History) > 0 {
		chain = p.History
	}
	return len(s.postsWhere(func(p *Post) bool { return p.ByAPI && slices.Contains(chain, p.ReplyTo) }))
}

// SendsTo counts the replies and DMs made through the API that reached a user,
// given by handle or id.
func (s *Sim) SendsTo(user string) int {
	u, ok := s.User(user)
	if !ok {
		return 0
	}
	n := len(s.postsWhere(func(p *Post) bool { return p.ByAPI && p.ReplyToUser == u.ID }))
	for _, m := range s.DMs() {
		if m.To == u.ID {
			n++
		}
	}
	return n
}

// Violations returns what Options.Validate found.
func (s *Sim) Violations() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

func (s *Sim) postsWhere(keep func(*Post) bool) []Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Post{}
	for _, p := range s.posts {
		if keep(p) {
			list = append(list, *p)
		}
	}
	slices.SortFunc(list, func(a, b Post) int { return byID(a.ID, b.ID) })
	return list
}

// byID orders decimal ids by their number.
func byID(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
