package xsim

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// patience is how long X delivers to a webhook whose CRC fails without being
// wrong: 4xx, 5xx, time-outs (facts.md, read 2026-11-25).
const patience = 28 * time.Hour

// webhook is an address that X delivers to.
type webhook struct {
	id      string
	url     string
	created time.Time

	valid   bool
	tried   bool      // a CRC was made
	good    time.Time // last good CRC
	checked time.Time // last CRC
	why     error     // of the last bad one
}

func (s *Sim) hook(id string) *webhook {
	for _, h := range s.hooks {
		if h.id == id {
			return h
		}
	}
	return nil
}

// judge notes the outcome of a CRC (X4): a wrong answer, a redirect and a TLS
// fault end a webhook at once, silence and refusals after 28 hours.
func (h *webhook) judge(now time.Time, err error) {
	first := !h.tried
	h.tried, h.checked, h.why = true, now, err
	var wrong *crcError
	switch {
	case err == nil:
		h.valid, h.good = true, now
	case errors.As(err, &wrong) && wrong.final, now.Sub(h.good) >= patience:
		h.valid = false
	case first: // nobody was there yet; the next delivery tries again
		h.tried = false
	}
}

// check makes a CRC and notes its outcome.
func (s *Sim) check(ctx context.Context, h *webhook) error {
	err := s.crc(ctx, h.url)
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() == nil {
		h.judge(s.now(), err)
	}
	return err
}

// CheckWebhooks makes the CRCs that are due: X makes one an hour. Run calls it.
func (s *Sim) CheckWebhooks(ctx context.Context) {
	s.mu.Lock()
	var due []*webhook
	for _, h := range s.hooks {
		if h.valid && s.now().Sub(h.checked) >= time.Hour {
			due = append(due, h)
		}
	}
	s.mu.Unlock()
	for _, h := range due {
		if err := s.check(ctx, h); err != nil {
			s.opts.Log.WarnContext(ctx, "webhook failed its hourly CRC", "webhook", h.id, "err", err)
		}
	}
}

func (h *webhook) wire() object {
	return object{{"created_at", stamp(h.created)}, {"id", h.id}, {"url", h.url}, {"valid", h.valid}}
}

func (s *Sim) listWebhooks(*request) answer {
	list := []object{}
	for _, h := range s.hooks {
		list = append(list, h.wire())
	}
	return answer{status: http.StatusOK, body: object{{"data", list}, {"meta", object{{"result_count", len(list)}}}}}
}

func (s *Sim) createWebhook(r *request) answer {
	var in struct {
		URL string `json:"url"`
	}
	if err := strict(r, &in); err != nil {
		return badRequest(err.Error())
	}
	if why := badURL(in.URL); why != "" {
		return badRequest("UrlValidationFailed: " + why)
	}
	for _, h := range s.hooks {
		if h.url == in.URL {
			return badRequest("DuplicateUrlFailed: the URL is registered")
		}
	}
	if len(s.hooks) >= s.opts.MaxWebhooks {
		return badRequest("WebhookLimitExceeded: this app has as many webhooks as it may have")
	}
	h := &webhook{id: s.newID(r.now), url: in.URL, created: r.now, good: r.now}
	return answer{after: func(ctx context.Context, a *answer) {
		if err := s.check(ctx, h); err != nil {
			*a = crcFailed(a, err)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hooks = append(s.hooks, h)
		a.status, a.made, a.body = http.StatusOK, h.id, object{{"data", h.wire()}}
	}}
}

// badURL says what X dislikes about a webhook's URL. Loopback addresses may
// have a port and no TLS: there is no other way to try a bot at home.
func badURL(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || len(raw) > 200:
		return "no absolute URL of at most 200 characters"
	case u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost" || u.Hostname() == "::1":
		return ""
	case u.Scheme != "https":
		return "the scheme is not https"
	case u.Port() != "":
		return "it has a port"
	}
	return ""
}

func crcFailed(a *answer, err error) answer {
	bad := badRequest("CrcValidationFailed: " + err.Error())
	bad.limit = a.limit
	return bad
}

// validateWebhook makes the CRC now.
func (s *Sim) validateWebhook(r *request) answer {
	h := s.hook(r.PathValue("id"))
	if h == nil {
		return answer{status: http.StatusNotFound, body: notFound("webhook", r.PathValue("id"))}
	}
	return answer{after: func(ctx context.Context, a *answer) {
		if err := s.check(ctx, h); err != nil {
			*a = crcFailed(a, err)
			return
		}
		a.status, a.body = http.StatusOK, object{{"data", object{{"valid", true}}}}
	}}
}

// deleteWebhook takes its subscriptions' way to it, too.
func (s *Sim) deleteWebhook(r *request) answer {
	id := r.PathValue("id")
	if s.hook(id) == nil {
		return answer{status: http.StatusNotFound, body: notFound("webhook", id)}
	}
	s.hooks = slices.DeleteFunc(s.hooks, func(h *webhook) bool { return h.id == id })
	for _, b := range s.subscriptions {
		if b.webhook == id {
			b.webhook = ""
		}
	}
	return answer{status: http.StatusOK, body: object{{"data", object{{"deleted", true}}}}}
}
