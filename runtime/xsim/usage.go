package xsim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Resource is something that X charges for.
type Resource string

// What X charges for.
const (
	Summoned     Resource = "summoned_reply"
	SummonedLink Resource = "summoned_reply_link"
	PlainPost    Resource = "post"
	LinkPost     Resource = "post_link"
	SentDM       Resource = "dm"
	Deleted      Resource = "delete"
	UserRead     Resource = "user_read"
	DMRead       Resource = "dm_event_read"
	PostRead     Resource = "post_read"
	OwnRead      Resource = "own_read"
	DMEvent      Resource = "dm_event"
	PostEvent    Resource = "post_event"
	FollowEvent  Resource = "follow_event"
	ProfileEvent Resource = "profile_event"
)

// price is in thousandths of a dollar (facts.md, read 2026-11-25). X does not
// say what a summoned reply with a link costs: the higher of two.
func (r Resource) price() int {
	return map[Resource]int{
		Summoned: 10, SummonedLink: 200, PlainPost: 15, LinkPost: 200, SentDM: 15, Deleted: 10,
		UserRead: 10, DMRead: 10, PostRead: 5, OwnRead: 1, DMEvent: 10, PostEvent: 5, FollowEvent: 10, ProfileEvent: 5,
	}[r]
}

// Bill is what one kind of resource came to on one UTC day.
type Bill struct {
	Day      string   `json:"day"`
	Resource Resource `json:"resource"`
	Count    int      `json:"count"`
	Mills    int      `json:"mills"` // thousandths of a dollar
}

type charged struct {
	day      string
	resource Resource
	id       string
}

// charge books a resource, once a UTC day (X5).
func (s *Sim) charge(now time.Time, r Resource, id string) {
	key := charged{now.Format(time.DateOnly), r, id}
	if s.charged[key] {
		return
	}
	s.charged[key] = true
	s.spent += r.price()
}

// chargeEvent books an event that was delivered. dm.sent, dm.read and
// chat.sent are free.
func (s *Sim) chargeEvent(h happened) {
	family, _, _ := strings.Cut(string(h.kind), ".")
	switch {
	case h.kind == event.DMReceived || h.kind == "chat.received":
		s.charge(s.now(), DMEvent, h.uuid)
	case family == "follow":
		s.charge(s.now(), FollowEvent, h.uuid)
	case family == "profile":
		s.charge(s.now(), ProfileEvent, h.uuid)
	case family == "post" && h.kind != event.PostDelete:
		s.charge(s.now(), PostEvent, h.uuid)
	}
}

// Usage returns what was charged, by day and resource.
func (s *Sim) Usage() []Bill {
	s.mu.Lock()
	defer s.mu.Unlock()
	sums := map[charged]*Bill{}
	for c := range s.charged {
		c.id = ""
		b := sums[c]
		if b == nil {
			b = &Bill{Day: c.day, Resource: c.resource}
			sums[c] = b
		}
		b.Count++
		b.Mills += c.resource.price()
	}
	list := []Bill{}
	for _, b := range sums {
		list = append(list, *b)
	}
	slices.SortFunc(list, func(a, b Bill) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Resource, b.Resource))
	})
	return list
}

// broke reports whether the credits are used up, or the cap: nothing that
// costs goes through then.
func (s *Sim) broke(r *request) (answer, bool) {
	switch {
	case s.opts.Credits > 0 && s.spent >= s.opts.Credits:
		return refuse(http.StatusPaymentRequired, "", "Your account has no credits left for this request."), true
	case s.opts.UsageCap > 0 && r.Method == http.MethodGet && s.reads() >= s.opts.UsageCap:
		a := refuse(http.StatusTooManyRequests, "usage-capped", "Usage cap exceeded: Monthly product cap")
		a.body = append(a.body, field{"period", "Monthly"}, field{"scope", "Product"}, field{"account_id", "1000001"})
		return a, true
	}
	return answer{}, false
}

// reads counts the posts read in all.
func (s *Sim) reads() int {
	n := 0
	for c := range maps.Keys(s.charged) {
		if c.resource == PostRead || c.resource == OwnRead {
			n++
		}
	}
	return n
}

// SetCredits changes what is left to spend, in thousandths of a dollar; 0 is
// without end, negative is nothing.
func (s *Sim) SetCredits(mills int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case mills < 0:
		s.opts.Credits = max(s.spent, 1)
		s.spent = s.opts.Credits
	case mills == 0:
		s.opts.Credits = 0
	default:
		s.opts.Credits = s.spent + mills
	}
}
