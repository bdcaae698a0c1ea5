package xsim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// ErrNoWebhook is returned where nobody is there to deliver to: no webhook,
// and no open stream.
var ErrNoWebhook = errors.New("no webhook is configured")

// Deliver brings each body, in order, to the webhooks and to the open streams
// that it is for, after the CRC of the first time. A 5xx or no answer is tried
// again as Options.Retries says, anything else but a 2xx is an error at once.
// It goes on after a body that failed and returns all errors.
func (s *Sim) Deliver(ctx context.Context, bodies ...[]byte) error {
	var errs []error
	if s.opts.Older {
		return s.deliverOlder(ctx, bodies)
	}
	for _, b := range bodies {
		if err := s.deliver(ctx, b); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// parcel is a body for a webhook.
type parcel struct {
	to   *webhook
	body []byte
}

func (s *Sim) deliver(ctx context.Context, body []byte) error {
	h := read(body)
	s.mu.Lock()
	s.remember(h)
	s.chargeEvent(h)
	streams := s.pour(h)
	var parcels []parcel
	for _, hook := range s.hooks {
		for _, b := range s.forHook(h, hook) {
			parcels = append(parcels, parcel{hook, b})
		}
	}
	alone := len(s.hooks) == 0 && streams == 0
	s.mu.Unlock()
	if alone {
		return ErrNoWebhook
	}
	var errs []error
	for _, p := range parcels {
		if err := s.send(ctx, p.to, p.body); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// deliverOlder brings the bodies to the webhooks in the older envelope.
func (s *Sim) deliverOlder(ctx context.Context, bodies [][]byte) error {
	var events []happened
	s.mu.Lock()
	for _, b := range bodies {
		h := read(b)
		s.remember(h)
		s.chargeEvent(h)
		s.pour(h)
		events = append(events, h)
	}
	hooks := slices.Clone(s.hooks)
	s.mu.Unlock()
	var errs []error
	for _, b := range s.older(events) {
		for _, hook := range hooks {
			if err := s.send(ctx, hook, b); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// forHook is an event as the webhook gets it: not at all where nothing is
// subscribed to it, once for each subscription.
func (s *Sim) forHook(h happened, hook *webhook) [][]byte {
	if !s.opts.Strict || h.kind == "" || h.kind == event.OAuthRevoke {
		return [][]byte{h.body}
	}
	var bodies [][]byte
	for _, b := range s.subscriptions {
		if b.webhook == hook.id && b.covers(h) {
			bodies = append(bodies, b.tagged(h))
		}
	}
	return bodies
}

// send signs a body and posts it, to a webhook that is valid (X4).
func (s *Sim) send(ctx context.Context, hook *webhook, body []byte) error {
	if err := s.ready(ctx, hook); err != nil {
		return err
	}
	body = s.drift().apply(body)
	var status int
	var err error
	for try := 0; try <= max(s.opts.Retries, 0); try++ {
		status, err = s.post(ctx, hook.url, body, s.turn(body))
		if err == nil && status < 500 || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	if status < 200 || status > 299 {
		return fmt.Errorf("deliver: webhook answered %d", status)
	}
	return nil
}

// DeliverAs makes one request to the first webhook with whatever signature,
// forged ones too ("" sends none), and returns the status of its answer.
func (s *Sim) DeliverAs(ctx context.Context, body []byte, signature string) (status int, err error) {
	s.mu.Lock()
	to := ""
	if len(s.hooks) > 0 {
		to = s.hooks[0].url
	}
	s.mu.Unlock()
	if to == "" {
		return 0, ErrNoWebhook
	}
	return s.post(ctx, to, body, signature)
}

func (s *Sim) post(ctx context.Context, to string, body []byte, signature string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if signature != "" {
		req.Header.Set("x-twitter-webhooks-signature", signature)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is lost
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, err
}

// ready makes the CRC of the first time.
func (s *Sim) ready(ctx context.Context, hook *webhook) error {
	s.mu.Lock()
	valid, tried, why := hook.valid, hook.tried, hook.why
	s.mu.Unlock()
	switch {
	case valid:
		return nil
	case tried:
		return fmt.Errorf("webhook %s is invalid until PUT /2/webhooks/%s: %w", hook.id, hook.id, why)
	}
	return s.check(ctx, hook)
}

// enqueue keeps bodies for Flush, Run or Take.
func (s *Sim) enqueue(bodies [][]byte) {
	bodies = s.strike(bodies)
	if len(bodies) == 0 {
		return
	}
	s.mu.Lock()
	s.queue = append(s.queue, bodies...)
	s.mu.Unlock()
	s.poke()
}

func (s *Sim) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Take hands over the bodies that are queued (echoes of our own posts and
// DMs), and forgets them.
func (s *Sim) Take() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.queue
	s.queue = nil
	return slices.Clip(list)
}

// Flush delivers what is queued and does the replay jobs that are due. What
// fails is said, and lost until a replay.
func (s *Sim) Flush(ctx context.Context) error {
	s.arrive()
	err := s.Deliver(ctx, s.Take()...)
	s.replay(ctx)
	return err
}

// Run delivers what is queued as it comes, does replay jobs and the hourly
// CRCs, until ctx is done. Without it, use Flush or Take, and CheckWebhooks.
func (s *Sim) Run(ctx context.Context) error {
	t := time.NewTicker(s.opts.Pace)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-t.C:
		}
		s.CheckWebhooks(ctx)
		if err := s.Flush(ctx); err != nil && !errors.Is(err, ErrNoWebhook) {
			s.opts.Log.WarnContext(ctx, "not delivered", "err", err)
		}
	}
}
