package xsim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// deliveryError is a command that was done, but whose events did not arrive.
type deliveryError struct{ err error }

func (e *deliveryError) Error() string { return e.err.Error() }
func (e *deliveryError) Unwrap() error { return e.err }

// manner is how the events of an act arrive.
type manner struct {
	Lose    bool     `json:"lose"`    // not at all: only a replay job or a backfill brings them
	Copies  int      `json:"copies"`  // so many times more
	Reverse bool     `json:"reverse"` // the last one first
	Delay   duration `json:"delay"`   // so much later, by Run
}

// mostCopies is far beyond what X delivers twice.
const mostCopies = 1000

// duration is a time in Go's notation, such as "1m30s".
type duration time.Duration

// UnmarshalText reads it.
func (d *duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = duration(v)
	return err
}

// command does what a page for people, or a line of a scenario, names, at a
// time of the simulated clock.
func (s *Sim) command(ctx context.Context, name string, body []byte, at time.Time) (object, error) {
	switch name {
	case "fault":
		var f Fault
		var in struct {
			*Fault
			Delay json.RawMessage `json:"delay"` // "2s", or nanoseconds
		}
		in.Fault = &f
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		if err := delay(in.Delay, &f.Delay); err != nil {
			return nil, err
		}
		return object{{"fault", string(f.Kind)}}, s.Fault(f)
	case "stream":
		var in struct {
			Kind StreamFault `json:"kind"`
		}
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		n, err := s.BreakStreams(in.Kind)
		return object{{"streams", n}}, err
	case "secrets":
		var in struct {
			Secrets []string `json:"secrets"`
		}
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		var list [][]byte
		for _, x := range in.Secrets {
			list = append(list, []byte(x))
		}
		return object{{"secrets", len(list)}}, s.SetSecrets(list...)
	case "replays":
		var in struct {
			Fail int `json:"fail"`
		}
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		s.FailReplays(in.Fail)
		return object{{"fail", in.Fail}}, nil
	case "compliance":
		var in struct {
			Fail int `json:"fail"`
		}
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		s.FailCompliance(in.Fail)
		return object{{"fail", in.Fail}}, nil
	case "consent":
		var in struct {
			Account string `json:"account"`
			Refuse  bool   `json:"refuse"`
		}
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		return object{{"refuse", in.Refuse}}, s.Consent(in.Account, in.Refuse)
	case "drift":
		var d Drift
		if err := decode(body, &d); err != nil {
			return nil, err
		}
		return object{{"drift", d}}, s.SetDrift(d)
	case "disorder":
		var in struct {
			Disorder
			Most duration `json:"most"`
		}
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		in.Disorder.Most = time.Duration(in.Most)
		return object{{"disorder", in.Disorder}}, s.SetDisorder(in.Disorder)
	case "skew":
		var in struct {
			By duration `json:"by"`
		}
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		s.SetSkew(time.Duration(in.By))
		return object{{"now", stamp(s.now())}}, nil
	case "credits":
		var in struct {
			Mills int `json:"mills"`
		}
		if err := decode(body, &in); err != nil {
			return nil, err
		}
		s.SetCredits(in.Mills)
		return object{{"mills", in.Mills}}, nil
	case "raw":
		return s.pass(ctx, body, s.Sign(body))
	case "forge":
		return s.pass(ctx, body, s.Sign(append(bytes.Clone(body), ' ')))
	}
	return s.act(ctx, Kind(name), body, at)
}

// pass posts a body to the webhook as it is.
func (s *Sim) pass(ctx context.Context, body []byte, signature string) (object, error) {
	status, err := s.DeliverAs(ctx, body, signature)
	if err != nil {
		return nil, &deliveryError{err}
	}
	return object{{"webhook", status}}, nil
}

// act does an Act and lets its events arrive in some manner.
func (s *Sim) act(ctx context.Context, kind Kind, body []byte, at time.Time) (object, error) {
	var in struct {
		Act
		manner
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	if in.Copies < 0 || in.Copies > mostCopies {
		return nil, fmt.Errorf("copies: 0 to %d, how many times more the events arrive", mostCopies)
	}
	in.Kind = kind
	done, err := s.do(in.Act, at)
	if err != nil {
		return nil, err
	}
	o := object{{"id", done.ID}, {"events", len(done.Bodies)}}
	bodies := done.Bodies
	if in.Reverse {
		slices.Reverse(bodies)
	}
	bodies = slices.Repeat(bodies, in.Copies+1)
	switch {
	case in.Lose:
		s.Miss(bodies...)
	case in.Delay > 0:
		s.later(time.Duration(in.Delay), bodies)
	default:
		if err := s.Deliver(ctx, s.strike(bodies)...); err != nil && !errors.Is(err, ErrNoWebhook) {
			return o, &deliveryError{err}
		}
	}
	return o, nil
}

// decode reads what a person sent; a wrong key is told, not ignored. curl -d
// sends another content type, so any will do.
func decode(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}

// delay reads a time, as text or as nanoseconds.
func delay(raw json.RawMessage, into *time.Duration) error {
	if len(raw) == 0 {
		return nil
	}
	var text duration
	if json.Unmarshal(raw, &text) == nil {
		*into = time.Duration(text)
		return nil
	}
	return json.Unmarshal(raw, (*int64)(into))
}
