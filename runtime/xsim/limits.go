package xsim

import (
	"net/http"
	"strconv"
	"time"
)

type limitHeaders struct {
	limit, remaining int
	reset            time.Time
	daily            []dailyLimit
}

// dailyLimit is a window of 24 hours, which X reports under names of its own.
type dailyLimit struct {
	app              bool
	limit, remaining int
	reset            time.Time
}

type window struct {
	start time.Time
	used  int
}

// most is how many calls the first window of the request's endpoint has.
func (s *Sim) most(r *request) int {
	if most, ok := s.opts.Limits[r.call.Op]; ok {
		return most
	}
	if len(r.route.quotas) == 0 {
		return 1
	}
	return r.route.quotas[0].most
}

// count takes one call of every window that the route has, if all of them have
// one left. The headers are those of the first, or of the one that is used up.
func (s *Sim) count(r *request) (*limitHeaders, bool) {
	type counted struct {
		quota
		key [2]string
		win window
	}
	var all []counted
	free := true
	for i, q := range r.route.quotas {
		if i == 0 {
			q.most = s.most(r)
		}
		who := ""
		if r.account != nil && !q.app {
			who = r.account.ID
		}
		key := [2]string{who, r.call.Op + "/" + q.per.String()}
		win := s.windows[key]
		if win.start.IsZero() || !r.now.Before(win.start.Add(q.per)) {
			win = window{start: r.now}
		}
		free = free && win.used < q.most
		all = append(all, counted{q, key, win})
	}
	var h *limitHeaders
	for i, c := range all {
		if free {
			c.win.used++
		}
		s.windows[c.key] = c.win
		// Headers have whole seconds; X rounds such that the window is over then.
		reset := c.win.start.Add(c.per + time.Second - 1).Truncate(time.Second)
		left := c.most - c.win.used
		if i == 0 {
			h = &limitHeaders{limit: c.most, remaining: left, reset: reset}
			continue
		}
		h.daily = append(h.daily, dailyLimit{c.app, c.most, left, reset})
		if left <= 0 && !free {
			h.limit, h.remaining, h.reset = c.most, left, reset
		}
	}
	return h, free
}

func (l *limitHeaders) write(h http.Header) {
	if l == nil {
		return
	}
	set := func(prefix string, limit, remaining int, reset time.Time) {
		h.Set(prefix+"limit", strconv.Itoa(limit))
		h.Set(prefix+"remaining", strconv.Itoa(remaining))
		h.Set(prefix+"reset", strconv.FormatInt(reset.Unix(), 10))
	}
	set("x-rate-limit-", l.limit, l.remaining, l.reset)
	for _, d := range l.daily {
		who := "user"
		if d.app {
			who = "app"
		}
		set("x-"+who+"-limit-24hour-", d.limit, d.remaining, d.reset)
	}
}
