package xsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/runtime/event"
)

// postRequest is X's CreatePostsRequest, 2026-08; a key that is not in it is
// refused.
type postRequest struct {
	Text  string `json:"text"`
	Reply *struct {
		InReplyTo string          `json:"in_reply_to_tweet_id"`
		Exclude   []string        `json:"exclude_reply_user_ids"`
		Auto      json.RawMessage `json:"auto_populate_reply_metadata"`
	} `json:"reply"`
	Quote           string          `json:"quote_tweet_id"`
	MadeWithAI      bool            `json:"made_with_ai"`
	PaidPartnership bool            `json:"paid_partnership"`
	Media           *mediaRequest   `json:"media"`
	Poll            json.RawMessage `json:"poll"`
	ReplySettings   string          `json:"reply_settings"`
	DeepLink        string          `json:"direct_message_deep_link"`
	Edit            *editRequest    `json:"edit_options"`
	CardURI         string          `json:"card_uri"`
	Community       string          `json:"community_id"`
	SuperFollowers  bool            `json:"for_super_followers_only"`
	Geo             json.RawMessage `json:"geo"`
	Nullcast        bool            `json:"nullcast"`
	Share           bool            `json:"share_with_followers"`
}

type mediaRequest struct {
	IDs         []string        `json:"media_ids"`
	Tagged      []string        `json:"tagged_user_ids"`
	Preview     string          `json:"preview_media_id"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Embeddable  bool            `json:"embeddable"`
	Actions     json.RawMessage `json:"call_to_actions"`
}

type editRequest struct {
	Previous string `json:"previous_post_id"`
}

// dmRequest is X's CreateDirectMessagesByParticipantIdRequest.
type dmRequest struct {
	Text        string `json:"text"`
	Attachments []struct {
		Media string `json:"media_id"`
	} `json:"attachments"`
}

// strict decodes one JSON object and refuses keys it does not know.
func strict(r *request, into any) error {
	ct, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if ct != "application/json" {
		return errors.New("content-type must be application/json")
	}
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}

// describe notes what a call is about, as far as it can be read.
func (s *Sim) describe(r *request) {
	switch r.call.Op {
	case OpPost:
		var in postRequest
		if json.Unmarshal(r.body, &in) != nil {
			return
		}
		r.call.Text = in.Text
		if in.Reply != nil {
			r.call.ReplyTo = in.Reply.InReplyTo
			if p := s.posts[in.Reply.InReplyTo]; p != nil {
				r.call.User = p.Author
			}
		}
		s.describeTarget(r, in.Quote)
	case OpRepost, OpLike, OpBookmark:
		var in struct {
			Post string `json:"tweet_id"`
		}
		if json.Unmarshal(r.body, &in) == nil {
			s.describeTarget(r, in.Post)
		}
	case OpListAdd:
		var in struct {
			User string `json:"user_id"`
		}
		if json.Unmarshal(r.body, &in) == nil {
			r.call.Target, r.call.User = r.PathValue("id"), in.User
		}
	case OpDM:
		var in dmRequest
		if json.Unmarshal(r.body, &in) == nil {
			r.call.Text = in.Text
		}
		r.call.User = r.PathValue("id")
	}
}

func (s *Sim) describeTarget(r *request, post string) {
	r.call.Target = post
	if p := s.posts[post]; p != nil {
		r.call.User = p.Author
	}
}

func refuse(status int, kind, detail string) answer {
	return answer{status: status, body: problem(status, kind, detail)}
}

func badRequest(detail string) answer {
	return answer{status: http.StatusBadRequest, body: invalid(detail)}
}

// createPost makes a post, reply or quote.
func (s *Sim) createPost(r *request) answer {
	var in postRequest
	if err := strict(r, &in); err != nil {
		return badRequest(err.Error())
	}
	p := &Post{
		Author: r.account.ID, At: r.now, Text: in.Text, ByAPI: true,
		Quotes: in.Quote, MadeWithAI: in.MadeWithAI, PaidPartnership: in.PaidPartnership,
	}
	switch {
	case in.Text == "" && in.Media == nil:
		return badRequest("text is missing")
	case in.Reply != nil && !isID(in.Reply.InReplyTo), in.Quote != "" && !isID(in.Quote):
		return badRequest("a post id has 1 to 19 digits")
	case event.WeightedLength(in.Text) > event.MaxPost(r.account.Long):
		return refuse(http.StatusForbidden, "", "Your Tweet text is too long.")
	}
	if in.Reply != nil {
		if a, ok := s.mayReply(r.account, in.Reply.InReplyTo); !ok {
			return a
		}
		target := s.posts[in.Reply.InReplyTo]
		p.ReplyTo, p.ReplyToUser, p.Root = target.ID, target.Author, target.Root
	}
	if in.Quote != "" {
		if _, err := s.living(in.Quote); err != nil {
			return refuse(http.StatusNotFound, "resource-not-found", "The post to quote is not there.")
		}
		if !r.account.Enterprise {
			return refuse(http.StatusForbidden, "", "Quoting is not permitted at your access level.")
		}
	}
	if in.Media != nil {
		if len(in.Media.IDs) < 1 || len(in.Media.IDs) > 4 {
			return badRequest("media_ids has 1 to 4 entries")
		}
		if a, ok := s.attach(r, in.Media.IDs); !ok {
			return a
		}
		p.Media = in.Media.IDs
	}
	if in.Edit != nil {
		return s.editPost(r, in.Edit.Previous, in.Text)
	}
	if !r.account.Enterprise {
		if says := s.restricted(p); says != "" {
			return refuse(http.StatusForbidden, "", says)
		}
	}
	if s.duplicate(p) {
		return refuse(http.StatusForbidden, "", "You are not allowed to create a Tweet with duplicate content.")
	}
	s.keep(p, r.now)
	s.charge(r.now, s.priced(p), p.ID)
	return s.created(p)
}

// restricted says why the self-serve tiers refuse a post that is no reply: it
// names somebody, or several cashtags (facts.md, read 2026-11-25).
func (s *Sim) restricted(p *Post) string {
	if len(cashtag.FindAllString(p.Text, -1)) > 1 {
		return "A post can have at most one cashtag at your access level."
	}
	for _, e := range render(0, "", p.Text, 0).entities {
		if p.ReplyTo == "" && e.name != "" && !strings.EqualFold(e.name, s.users[p.Author].Username) {
			return "Mentioning users is not permitted at your access level."
		}
	}
	return ""
}

// priced is what a post costs.
func (s *Sim) priced(p *Post) Resource {
	link := slices.ContainsFunc(render(0, "", p.Text, 0).entities, func(e entity) bool { return e.url != "" })
	target := s.posts[p.ReplyTo]
	switch summoned := target != nil && s.summoned(target, s.accounts[p.Author]); {
	case summoned && link:
		return SummonedLink
	case summoned:
		return Summoned
	case link:
		return LinkPost
	}
	return PlainPost
}

// editPost makes a new version of a post of the account's own.
func (s *Sim) editPost(r *request, previous, text string) answer {
	old, err := s.living(previous)
	switch {
	case err != nil:
		return answer{status: http.StatusNotFound, body: notFound("tweet", previous)}
	case old.Author != r.account.ID:
		return refuse(http.StatusForbidden, "", "You are not permitted to edit this post.")
	}
	d, err := s.edit(Act{Post: previous, Text: text}, r.now)
	if err != nil {
		return refuse(http.StatusForbidden, "", "This post cannot be edited: "+err.Error())
	}
	p := s.posts[d.ID]
	p.ByAPI = true
	s.charge(r.now, s.priced(p), p.ID)
	return s.created(p)
}

// created is X's answer to a post.
func (s *Sim) created(p *Post) answer {
	history := p.History
	if len(history) == 0 {
		history = []string{p.ID}
	}
	text := escaper.Replace(render(s.opts.Seed, p.ID, p.Text, 0).text)
	return answer{
		status: http.StatusCreated, made: p.ID, echoes: s.tell(p, Act{}),
		body: object{{"data", object{{"id", p.ID}, {"text", text}, {"edit_history_tweet_ids", history}}}},
	}
}

// mayReply judges a reply from the world: since 23 February 2026 the author of
// the post must have summoned the account, outside the Enterprise tier
// (facts.md, read 2026-08).
func (s *Sim) mayReply(a *Account, id string) (answer, bool) {
	target, err := s.living(id)
	switch {
	case err != nil, s.users[target.Author].Suspended, s.users[target.Author].Gone:
		return answer{status: http.StatusNotFound, body: notFound("tweet", id)}, false
	case s.users[target.Author].Protected && target.Author != a.ID:
		return answer{status: http.StatusForbidden, body: unauthorized("tweet", id)}, false
	case s.blocked[[2]string{target.Author, a.ID}]:
		return refuse(http.StatusForbidden, "", "You have been blocked from replying to this user."), false
	case target.Author == a.ID, a.Enterprise, s.summoned(target, a):
		return answer{}, true
	}
	return refuse(http.StatusForbidden, "", "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to."), false
}

// summoned reports whether a post mentions the account in its typed text, or
// quotes one of its posts. The automatic mention of a reply is no summons.
func (s *Sim) summoned(p *Post, a *Account) bool {
	q := s.posts[p.Quotes]
	return names(p.Text, a.Username) || q != nil && q.Author == a.ID
}

// duplicate reports whether the account said the same to the same shortly
// before.
func (s *Sim) duplicate(p *Post) bool {
	for _, q := range s.posts {
		if q.Author == p.Author && !q.Deleted && q.Text == p.Text && q.ReplyToUser == p.ReplyToUser &&
			p.At.Sub(q.At) < s.opts.DuplicateWindow {
			return true
		}
	}
	return false
}

// sendDM sends into a one-to-one conversation.
func (s *Sim) sendDM(r *request) answer {
	var in dmRequest
	if err := strict(r, &in); err != nil {
		return badRequest(err.Error())
	}
	to := r.PathValue("id")
	switch {
	case in.Text == "" && len(in.Attachments) == 0:
		return badRequest("text or attachments must be there")
	case len([]rune(in.Text)) > 10_000:
		return badRequest("text is too long")
	case !isID(to), to == r.account.ID:
		return badRequest("participant_id is not somebody else's id")
	case s.users[to].ID == "" || s.users[to].Gone:
		return answer{status: http.StatusNotFound, body: notFound("user", to)}
	case s.users[to].Suspended:
		return refuse(http.StatusForbidden, "", "You cannot send messages to this user: the account is suspended.")
	case s.blocked[[2]string{to, r.account.ID}]:
		return refuse(http.StatusForbidden, "", "You cannot send messages to this user.")
	case !s.takesDM(s.users[to], r.account):
		return refuse(http.StatusForbidden, "", "You do not have permission to DM one or more participants.")
	}
	m := DM{From: r.account.ID, To: to, At: r.now, Text: in.Text, ByAPI: true}
	for _, x := range in.Attachments {
		m.Media = append(m.Media, x.Media)
	}
	if a, ok := s.attach(r, m.Media); !ok {
		return a
	}
	s.keepDM(&m, r.now)
	s.charge(r.now, SentDM, m.ID)
	return answer{
		status: http.StatusCreated, made: m.ID, echoes: s.tellDM(m),
		body: object{{"data", object{{"dm_conversation_id", conversationID(m)}, {"dm_event_id", m.ID}}}},
	}
}

func conversationID(m DM) string {
	a, b := m.From, m.To
	if byID(a, b) > 0 {
		a, b = b, a
	}
	return a + "-" + b
}

// pick keeps the fields that X always sends and those that were asked for.
func pick(o object, asked string, always ...string) object {
	want := append(strings.Split(asked, ","), always...)
	return slices.DeleteFunc(o, func(f field) bool { return !slices.Contains(want, f.key) })
}
