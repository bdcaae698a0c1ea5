package record

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/pseudonym"
)

// Log is a finished recording.
type Log struct {
	Text   []byte // JSON lines
	Events int    // lines that tell what came in
	Left   Left
	Full   bool
	Since  time.Time
	Plain  bool

	Users, Items, Bots []string // whose ids it has, of which posts and DMs, toward which bots; under pseudonyms too
}

// Finish ends a recording and makes its log (T32). Key is that of the pseudonyms;
// many: other logs have it too.
func (r *Recorder) Finish(ctx context.Context, id string, key []byte, many bool) (Log, error) {
	r.mu.Lock()
	rec := r.on[id]
	if rec != nil {
		r.drop(id)
	}
	r.mu.Unlock()
	if rec == nil {
		return Log{}, ErrNone
	}
	slices.SortFunc(rec.kept, func(a, b entry) int { return cmp.Compare(a.seq, b.seq) })
	out := Log{Full: rec.Full, Since: rec.State.Since, Plain: rec.Plain}
	var lines [][]byte
	err := r.Store.Read(ctx, func(tx db.Tx) (err error) {
		out.Left = Left{}
		lines, err = r.lines(tx, rec, &out)
		return err
	})
	if err != nil {
		return Log{}, fmt.Errorf("finish recording %s: %w", id, err)
	}
	names := pseudonym.Options{Key: key, Many: many}
	for name, user := range r.Bots {
		names.Bots, names.Keep = append(names.Bots, name), append(names.Keep, user)
	}
	p := pseudonym.New(names)
	for _, l := range lines {
		p.Accounts(l)
	}
	for _, l := range lines {
		if err := p.Learn(l); err != nil {
			return Log{}, fmt.Errorf("finish recording %s: %w", id, err)
		}
	}
	out.Users, out.Items = p.Holds()
	out.Text = append([]byte(notice(rec.Plain)), '\n')
	for _, l := range lines {
		if !rec.Plain {
			if l, err = p.Line(l); err != nil {
				return Log{}, fmt.Errorf("finish recording %s: %w", id, err)
			}
		}
		out.Text = append(append(out.Text, l...), '\n')
	}
	return out, nil
}

// lines are those of the messages that may be in the log, and of how their sends
// ended.
func (r *Recorder) lines(tx db.Tx, rec *recording, out *Log) (lines [][]byte, err error) {
	closed, told, bots := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, e := range rec.kept {
		why, err := r.again(tx, e, rec.Plain)
		if err != nil {
			return nil, err
		}
		if !out.Left.count(closed, why, e.User) {
			continue
		}
		es, err := events(e.Message)
		if err != nil {
			return nil, err
		}
		line, err := cloudEvent(tx, e.Message, es)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
		out.Events++
		bots[e.Bot] = true
		for _, ev := range es {
			ended, err := outcomes(tx, ev, told)
			if err != nil {
				return nil, err
			}
			lines = append(lines, ended...)
		}
	}
	for bot := range bots {
		out.Bots = append(out.Bots, bot)
	}
	slices.Sort(out.Bots)
	return lines, nil
}

// again asks of a message what may have changed since it was taken in.
func (r *Recorder) again(tx db.Tx, e entry, plain bool) (reason, error) {
	if e.why != stays {
		return e.why, nil
	}
	if e.private {
		if ok, err := agreed(tx, e.Bot, e.User); err != nil || !ok {
			return noConsent, err
		}
	}
	es, err := events(e.Message)
	if err != nil {
		return unreadable, nil
	}
	gone, err := compliance.Removed(tx, r.Key, e.Data, es, plain)
	if gone {
		return deleted, err
	}
	return stays, err
}

// count notes why something is left out; true: it is not. What follows an event
// that was left out would be decided in another way without it. What was deleted is
// as if it had never been, for the host too.
func (l *Left) count(closed map[string]bool, why reason, user string) bool {
	switch {
	case closed[user]:
		l.After++
		return false
	case why == stays:
		return true
	case why == deleted:
		l.Deleted++
		return false
	case why == noConsent:
		l.DMs++
	default:
		l.Bodies++
	}
	if user != "" && user != bus.NoUser {
		closed[user] = true
	}
	return false
}

// cloudEvent is a message as a line, with the mark by which a replay knows the
// host's own posts and DMs.
func cloudEvent(tx db.Tx, m bus.Message, es []event.Event) ([]byte, error) {
	var v struct {
		SpecVersion string          `json:"specversion"`
		ID          string          `json:"id"`
		Source      string          `json:"source"`
		Type        string          `json:"type"`
		Subject     string          `json:"subject,omitempty"`
		Time        time.Time       `json:"time,omitzero"`
		Action      string          `json:"beckonaction,omitempty"`
		Data        json.RawMessage `json:"data,omitempty"`
		Base64      []byte          `json:"data_base64,omitempty"`
	}
	v.SpecVersion, v.ID, v.Source, v.Type, v.Time = "1.0", m.ID, m.Source, m.Type, m.Time
	if m.User != bus.NoUser {
		v.Subject = m.User
	}
	for _, e := range es {
		if e.Kind != event.KindOwnPost && e.Kind != event.KindOwnDM {
			continue
		}
		a, err := tx.ActionByRemoteID(m.Bot, e.Message)
		if err := missing(err); err != nil {
			return nil, err
		}
		v.Action = a.ID
	}
	data := m.Data
	if m.Source == event.JudgementSource {
		// Which text was judged is told by a hash that this host's key makes, and a
		// replay has another; in a log the order tells it.
		j, err := event.ReadJudgement(data)
		if err != nil {
			return nil, err
		}
		j.Of = ""
		if data, err = j.Body(); err != nil {
			return nil, err
		}
	}
	var flat bytes.Buffer
	if err := json.Compact(&flat, data); err == nil && utf8.Valid(data) {
		v.Data = flat.Bytes()
	} else {
		v.Base64 = data
	}
	return json.Marshal(v)
}

// outcomes are the ends of the sends that an event led to, once each. What X said
// of a failure stays here.
func outcomes(tx db.Tx, e event.Event, told map[string]bool) (lines [][]byte, err error) {
	if e.Interaction == "" {
		return nil, nil
	}
	acts, err := tx.ActionsOf(e.Bot, e.Interaction)
	if err != nil {
		return nil, err
	}
	for _, a := range acts {
		class, ended := a.Class, true
		switch a.State {
		case event.Sent:
			class = event.OK
		case event.Failed:
		case event.Unsettled:
			class = event.UnknownOutcome
		default:
			ended = false
		}
		if !ended || told[a.ID] {
			continue
		}
		told[a.ID] = true
		line, err := json.Marshal(map[string]any{
			"specversion": "1.0", "id": a.ID, "source": "/beckon/sender", "type": outcomeType, "time": a.UpdatedAt.UTC(),
			"data": map[string]any{"action": a.ID, "class": class, "remote_id": a.RemoteID},
		})
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// notice is the first line of a log, which a replay passes over. X forbids the
// training of models with its content (facts.md, read 2026-11-25).
func notice(plain bool) string {
	what := "Pseudonymised events of X, for tests of a bot."
	if plain {
		what = "Events of X under real names, for their recorded recipient alone."
	}
	return `{"specversion":"1.0","id":"notice","source":"/beckon/record","type":"beckon.notice","data":{"text":"` + what +
		` Not for training or fine-tuning of models, and not to be joined with other data to find out who wrote them."}}`
}

// outcomeType is that of package replay, which reads it.
const outcomeType = "beckon.outcome"
