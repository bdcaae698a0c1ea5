package xsim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Kind names what a person does on X.
type Kind string

// Acts. Done by an account's user, ActPost, ActReply and ActDM are a person
// speaking through the account.
const (
	ActMention  Kind = "mention"  // From posts to To; "@to " is put before Text if it does not mention To
	ActReply    Kind = "reply"    // From answers Post; with Mention, and Quote, besides
	ActQuote    Kind = "quote"    // From quotes Post
	ActPost     Kind = "post"     // From posts Text, to nobody
	ActKeyword  Kind = "keyword"  // as ActPost; To has a subscription to Keyword
	ActEdit     Kind = "edit"     // the author of Post makes it Text
	ActDelete   Kind = "delete"   // the author of Post deletes it
	ActDM       Kind = "dm"       // From writes to To
	ActFollow   Kind = "follow"   // From follows To
	ActUnfollow Kind = "unfollow" // From follows To no longer
	ActLike     Kind = "like"     // From likes Post
	ActRepost   Kind = "repost"   // From reposts Post
	ActBlock    Kind = "block"    // From blocks To: X tells nobody
	ActUnblock  Kind = "unblock"  // From blocks To no longer
	ActRevoke   Kind = "revoke"   // From, an account, withdraws its authorisation

	ActSuspend    Kind = "suspend"    // X suspends From
	ActProtect    Kind = "protect"    // From's posts are for followers now
	ActDeactivate Kind = "deactivate" // From leaves X
	ActScrubGeo   Kind = "scrub_geo"  // the author of Post takes back where it was written; only a compliance job tells
	ActRestore    Kind = "restore"    // From is there again, for everybody to see
	ActOpenDMs    Kind = "open_dms"   // From takes DMs of everybody
	ActCloseDMs   Kind = "close_dms"  // From takes no DMs, till it writes one
	ActLabel      Kind = "label"      // From carries the label, or with Automated false no longer
	ActBio        Kind = "bio"        // From's bio is Text
	ActName       Kind = "name"       // From's display name is Text
)

// Act is one thing that somebody does on X. People are named by handle or id,
// and made when first named.
type Act struct {
	Kind      Kind   `json:"kind"`
	From      string `json:"from,omitempty"`
	To        string `json:"to,omitempty"`
	Post      string `json:"post,omitempty"`
	Text      string `json:"text,omitempty"`
	Quote     string `json:"quote,omitempty"`   // id of a post that a reply or mention quotes besides
	Mention   bool   `json:"mention,omitempty"` // a reply mentions the author of Post in its text
	Keyword   string `json:"keyword,omitempty"`
	Automated bool   `json:"automated,omitempty"` // From carries the label, if made now
}

// Done is what an Act led to.
type Done struct {
	ID     string   // of the post, DM, like or follow
	Bodies [][]byte // what X tells the accounts, in X's order: mention, reply, quote, then the rest
}

// Do changes the world by one act. It delivers nothing: the bodies go to
// Deliver, once, twice or out of order.
func (s *Sim) Do(a Act) (Done, error) { return s.do(a, s.now()) }

func (s *Sim) do(a Act, now time.Time) (Done, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now = now.UTC()
	switch a.Kind {
	case ActEdit:
		return s.edit(a, now)
	case ActDelete:
		return s.delete(a, now)
	case ActScrubGeo:
		p, err := s.living(a.Post)
		if err != nil {
			return Done{}, err
		}
		s.scrubbed[p.ID] = true
		s.redacted[p.ID] = now
		return Done{ID: p.ID}, nil
	case ActRevoke:
		return s.revoke(a, now)
	}
	from, err := s.person(a.From, a.Automated)
	if err != nil {
		return Done{}, err
	}
	switch a.Kind {
	case ActMention, ActReply, ActQuote, ActPost, ActKeyword, ActRepost:
		return s.publish(a, from, now)
	case ActSuspend, ActProtect, ActDeactivate, ActRestore, ActOpenDMs, ActCloseDMs, ActLabel, ActBio, ActName:
		return s.become(a, from, now)
	case ActDM, ActFollow, ActUnfollow, ActBlock, ActUnblock:
		to, err := s.person(a.To, false)
		if err != nil {
			return Done{}, err
		}
		return s.reach(a, from, to, now)
	case ActLike:
		p, err := s.living(a.Post)
		if err != nil {
			return Done{}, err
		}
		d := Done{ID: s.newID(now)}
		if s.accounts[p.Author] != nil {
			d.Bodies = [][]byte{LikeBody(s.head(event.LikeCreate, p.Author, d.ID), now, *p, from)}
		}
		return d, nil
	}
	return Done{}, fmt.Errorf("xsim: no act %q", a.Kind)
}

// publish makes a post of somebody.
func (s *Sim) publish(a Act, from User, now time.Time) (Done, error) {
	p := Post{Author: from.ID, Text: a.Text, At: now, Quotes: a.Quote}
	switch a.Kind {
	case ActMention, ActKeyword:
		to, err := s.find(a.To)
		if err != nil {
			return Done{}, err
		}
		if a.Kind == ActMention && !names(p.Text, to.Username) {
			p.Text = strings.TrimSpace("@" + to.Username + " " + p.Text)
		}
	case ActReply:
		target, err := s.living(a.Post)
		if err != nil {
			return Done{}, err
		}
		p.ReplyTo, p.ReplyToUser, p.Root = target.ID, target.Author, target.Root
		if author := s.users[target.Author]; a.Mention && !names(p.Text, author.Username) {
			p.Text = strings.TrimSpace(p.Text + " @" + author.Username)
		}
	case ActQuote:
		p.Quotes = a.Post
	case ActRepost:
		target, err := s.living(a.Post)
		if err != nil {
			return Done{}, err
		}
		p.Reposts, p.Text = target.ID, "RT @"+s.users[target.Author].Username+": "+target.Text
	}
	if p.Quotes != "" {
		if _, err := s.living(p.Quotes); err != nil {
			return Done{}, err
		}
	}
	return Done{ID: s.keep(&p, now), Bodies: s.tell(&p, a)}, nil
}

// keep gives a post its id and its place in the world.
func (s *Sim) keep(p *Post, now time.Time) string {
	p.ID = s.newID(now)
	if p.Root == "" {
		p.Root = p.ID
	}
	if len(p.History) > 0 {
		p.History = append(slices.Clone(p.History), p.ID)
	}
	s.posts[p.ID] = p
	return p.ID
}

// tell makes the bodies of everything that a post is to our accounts.
func (s *Sim) tell(p *Post, a Act) [][]byte {
	var bodies [][]byte
	people := s.around(p)
	add := func(t event.Type, bot, keyword string) {
		h := s.head(t, bot, p.ID)
		if keyword != "" {
			h.Keyword, h.Tag, h.EventID = keyword, "keyword", EventID(s.opts.Seed, "keyword", bot, p.ID, keyword)
		}
		bodies = append(bodies, PostBody(h, t, *p, people...))
	}
	if author := s.users[p.Author]; author.Protected && s.accounts[p.Author] == nil {
		return nil // posts of protected accounts never arrive (facts.md, read 2026-11-25)
	}
	if p.Reposts != "" {
		if author := s.posts[p.Reposts].Author; s.accounts[author] != nil && author != p.Author {
			add(event.PostRepost, author, "")
		}
		return bodies
	}
	for _, u := range people {
		if s.accounts[u.ID] != nil && u.ID != p.Author && names(p.Text, u.Username) {
			add(event.PostMention, u.ID, "")
		}
	}
	if s.accounts[p.ReplyToUser] != nil && p.ReplyToUser != p.Author {
		add(event.PostReply, p.ReplyToUser, "")
	}
	if q := s.posts[p.Quotes]; q != nil && s.accounts[q.Author] != nil && q.Author != p.Author {
		add(event.PostQuote, q.Author, "")
	}
	if s.accounts[p.Author] != nil {
		add(event.PostCreate, p.Author, "")
	}
	if a.Kind == ActKeyword {
		if bot, err := s.find(a.To); err == nil {
			add(event.PostCreate, bot.ID, a.Keyword)
		}
	}
	return bodies
}

// around lists whoever a post touches: its author, whom it answers, whom it
// mentions.
func (s *Sim) around(p *Post) []User {
	list := []User{s.users[p.Author]}
	add := func(id string) {
		if u, ok := s.users[id]; ok && !slices.Contains(list, u) {
			list = append(list, u)
		}
	}
	add(p.ReplyToUser)
	for _, e := range render(0, "", p.Text, 0).entities {
		add(s.handles[strings.ToLower(e.name)])
	}
	return list
}

// edit makes a new version of a post. X's rules: five edits, within the hour,
// no replies to others.
func (s *Sim) edit(a Act, now time.Time) (Done, error) {
	old, err := s.living(a.Post)
	if err != nil {
		return Done{}, err
	}
	p := *old
	if len(p.History) == 0 {
		p.History = []string{old.ID}
	}
	first := s.posts[p.History[0]]
	switch {
	case p.History[len(p.History)-1] != old.ID:
		return Done{}, errors.New("xsim: only the newest version can be edited")
	case p.ReplyTo != "" && p.ReplyToUser != p.Author:
		return Done{}, errors.New("xsim: a reply to somebody else cannot be edited")
	case len(p.History) > 5, now.Sub(first.At) > time.Hour:
		return Done{}, errors.New("xsim: a post can be edited five times, within an hour")
	}
	p.Text, p.At = a.Text, now
	id := s.keep(&p, now)
	for _, version := range p.History {
		s.posts[version].History = p.History
	}
	return Done{ID: id, Bodies: s.tell(&p, a)}, nil
}

// delete takes a post and its whole edit chain away. X tells only its own
// account.
func (s *Sim) delete(a Act, now time.Time) (Done, error) {
	p, err := s.living(a.Post)
	if err != nil {
		return Done{}, err
	}
	p.Deleted, s.redacted[p.ID] = true, now
	for _, version := range p.History {
		s.posts[version].Deleted, s.redacted[version] = true, now
	}
	d := Done{ID: p.ID}
	if s.accounts[p.Author] != nil {
		d.Bodies = [][]byte{DeleteBody(s.head(event.PostDelete, p.Author, p.ID), p.ID, s.users[p.Author])}
	}
	return d, nil
}

func (s *Sim) revoke(a Act, now time.Time) (Done, error) {
	u, err := s.find(a.From)
	if err != nil {
		return Done{}, err
	}
	if s.accounts[u.ID] == nil {
		return Done{}, fmt.Errorf("xsim: %s is no account of a bot", u.Username)
	}
	s.revoked[u.ID] = true
	s.endFamilies(u.ID)
	d := Done{ID: s.newID(now)}
	d.Bodies = [][]byte{RevokeBody(s.head(event.OAuthRevoke, u.ID, d.ID), now, "1000001")}
	return d, nil
}

// reach is what one user does to another: DM, follow, block.
func (s *Sim) reach(a Act, from, to User, now time.Time) (Done, error) {
	if from.ID == to.ID {
		return Done{}, errors.New("xsim: from and to are the same")
	}
	switch a.Kind {
	case ActDM:
		m := DM{From: from.ID, To: to.ID, At: now, Text: a.Text}
		return Done{ID: s.keepDM(&m, now), Bodies: s.tellDM(m)}, nil
	case ActBlock:
		s.blocked[[2]string{from.ID, to.ID}] = true
		return Done{}, nil
	case ActUnblock:
		delete(s.blocked, [2]string{from.ID, to.ID})
		return Done{}, nil
	}
	d, t := Done{ID: s.newID(now)}, event.Follow
	if a.Kind == ActUnfollow {
		t = event.Unfollow
	}
	for _, u := range []User{from, to} {
		if s.accounts[u.ID] != nil {
			d.Bodies = append(d.Bodies, FollowBody(s.head(t, u.ID, d.ID), t, from, to))
		}
	}
	return d, nil
}

func (s *Sim) keepDM(m *DM, now time.Time) string {
	m.ID = s.newID(now)
	s.dms = append(s.dms, *m)
	s.wrote[[2]string{m.From, m.To}] = true
	return m.ID
}

func (s *Sim) tellDM(m DM) [][]byte {
	var bodies [][]byte
	from, to := s.users[m.From], s.users[m.To]
	if s.accounts[to.ID] != nil {
		bodies = append(bodies, DMBody(s.head(event.DMReceived, to.ID, m.ID), event.DMReceived, m, from, to))
	}
	if s.accounts[from.ID] != nil {
		bodies = append(bodies, DMBody(s.head(event.DMSent, from.ID, m.ID), event.DMSent, m, from, to))
	}
	return bodies
}

// head is the envelope of an event for a bot; the tag is the event type, as a
// subscription might name it.
func (s *Sim) head(t event.Type, bot, id string) Head {
	return Head{EventID: EventID(s.opts.Seed, string(t), bot, id), Bot: bot, Tag: string(t), Seed: s.opts.Seed}
}

// living returns a post that is there.
func (s *Sim) living(id string) (*Post, error) {
	if p := s.posts[id]; p != nil && !p.Deleted {
		return p, nil
	}
	return nil, fmt.Errorf("xsim: no post %q", id)
}
