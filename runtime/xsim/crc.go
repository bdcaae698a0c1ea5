package xsim

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// ErrCRC is returned where the webhook did not answer the CRC as X demands.
// Nothing is delivered to such a webhook.
var ErrCRC = errors.New("webhook failed the CRC")

// crcError is a CRC that failed.
type crcError struct {
	says  string
	final bool // the webhook is invalid at once
}

func (e *crcError) Error() string { return ErrCRC.Error() + ": " + e.says }
func (e *crcError) Unwrap() error { return ErrCRC }

// CRC asks the webhook of Options to prove that it knows the consumer secret,
// as X does when it is registered and then hourly. It changes nothing.
func (s *Sim) CRC(ctx context.Context) error {
	if s.opts.WebhookURL == "" {
		return ErrNoWebhook
	}
	return s.crc(ctx, s.opts.WebhookURL)
}

func (s *Sim) crc(ctx context.Context, to string) error {
	u, err := url.Parse(to)
	if err != nil {
		return err
	}
	s.mu.Lock()
	at := strconv.FormatInt(s.now().UnixMilli(), 10)
	secrets := s.secrets
	s.mu.Unlock()
	chance := sha256.Sum256([]byte(at))
	token := base64.RawURLEncoding.EncodeToString(chance[:])
	u.RawQuery = url.Values{"crc_token": {token}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		var bad *tls.CertificateVerificationError
		var alert tls.AlertError
		var header tls.RecordHeaderError
		final := errors.As(err, &bad) || errors.As(err, &alert) || errors.As(err, &header)
		return &crcError{says: err.Error(), final: final}
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is lost
	var answer struct {
		Token string `json:"response_token"`
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(&answer)
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode <= 399:
		return &crcError{fmt.Sprintf("status %d", resp.StatusCode), true}
	case resp.StatusCode != http.StatusOK:
		return &crcError{fmt.Sprintf("status %d", resp.StatusCode), resp.StatusCode < 300}
	case err != nil:
		return &crcError{"no JSON", true}
	}
	// While the secret is rotated the app has two, and either may answer.
	for _, secret := range secrets {
		if hmac.Equal([]byte(answer.Token), []byte(sign(secret, []byte(token)))) {
			return nil
		}
	}
	return &crcError{"wrong response_token", true}
}

func sign(secret, body []byte) string {
	m := hmac.New(sha256.New, secret)
	m.Write(body)
	return "sha256=" + base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// Sign returns the x-twitter-webhooks-signature of a body, by the secret in
// force.
func (s *Sim) Sign(body []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sign(s.secrets[0], body)
}

// SetSecrets changes the app's consumer secret. With two, as while it is
// rotated, deliveries are signed by them in turn.
func (s *Sim) SetSecrets(secrets ...[]byte) error {
	if len(secrets) < 1 || len(secrets) > 2 || len(secrets[0]) == 0 || len(secrets[len(secrets)-1]) == 0 {
		return errors.New("xsim: one consumer secret, or two")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets = secrets
	return nil
}

// turn signs by the secrets in turn.
func (s *Sim) turn(body []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signed++
	return sign(s.secrets[(s.signed-1)%len(s.secrets)], body)
}
