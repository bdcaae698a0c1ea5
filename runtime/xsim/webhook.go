package xsim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// ErrCRC is returned where the webhook did not answer the CRC as X demands.
// Nothing is delivered to such a webhook.
var ErrCRC = errors.New("webhook failed the CRC")

// ErrNoWebhook is returned where Options has no WebhookURL.
var ErrNoWebhook = errors.New("no webhook is configured")

// Sign returns the x-twitter-webhooks-signature of a body.
func (s *Sim) Sign(body []byte) string {
	m := hmac.New(sha256.New, s.opts.ConsumerSecret)
	m.Write(body)
	return "sha256=" + base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// Deliver signs each body and posts it to the webhook, in order, after the CRC
// of the first time. A 5xx or no answer is tried again as Options.Retries
// says, anything else but a 2xx is an error at once. It goes on after a body
// that failed and returns all errors.
func (s *Sim) Deliver(ctx context.Context, bodies ...[]byte) error {
	var errs []error
	for _, b := range bodies {
		if err := s.deliver(ctx, b); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (s *Sim) deliver(ctx context.Context, body []byte) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	var status int
	var err error
	for try := 0; try <= max(s.opts.Retries, 0); try++ {
		status, err = s.DeliverAs(ctx, body, s.Sign(body))
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

// DeliverAs makes one request to the webhook with whatever signature, forged ones
// too ("" sends none), and returns the status of its answer.
func (s *Sim) DeliverAs(ctx context.Context, body []byte, signature string) (status int, err error) {
	if s.opts.WebhookURL == "" {
		return 0, ErrNoWebhook
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.opts.WebhookURL, bytes.NewReader(body))
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

// ready makes the CRC once.
func (s *Sim) ready(ctx context.Context) error {
	s.mu.Lock()
	done := s.validated
	s.mu.Unlock()
	if done {
		return nil
	}
	if err := s.CRC(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	s.validated = true
	s.mu.Unlock()
	return nil
}

// CRC asks the webhook to prove that it knows the consumer secret, as X does
// when it is registered and then hourly.
func (s *Sim) CRC(ctx context.Context) error {
	if s.opts.WebhookURL == "" {
		return ErrNoWebhook
	}
	u, err := url.Parse(s.opts.WebhookURL)
	if err != nil {
		return err
	}
	at := strconv.FormatInt(s.opts.Now().UnixMilli(), 10)
	secret := sha256.Sum256([]byte(at))
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	u.RawQuery = url.Values{"crc_token": {token}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("CRC: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is lost
	var answer struct {
		Token string `json:"response_token"`
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(&answer)
	switch {
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%w: status %d", ErrCRC, resp.StatusCode)
	case err != nil:
		return fmt.Errorf("%w: no JSON", ErrCRC)
	case !hmac.Equal([]byte(answer.Token), []byte(s.Sign([]byte(token)))):
		return fmt.Errorf("%w: wrong response_token", ErrCRC)
	}
	return nil
}

// enqueue keeps bodies for Flush, Run or Take.
func (s *Sim) enqueue(bodies [][]byte) {
	if len(bodies) == 0 {
		return
	}
	s.mu.Lock()
	s.queue = append(s.queue, bodies...)
	s.mu.Unlock()
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

// Flush delivers what is queued. What fails is lost, as on X, and said.
func (s *Sim) Flush(ctx context.Context) error { return s.Deliver(ctx, s.Take()...) }

// Run delivers what is queued as it comes, until ctx is done. Without it, use
// Flush or Take.
func (s *Sim) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
			if err := s.Flush(ctx); err != nil {
				s.opts.Log.WarnContext(ctx, "webhook not delivered", "err", err)
			}
		}
	}
}
