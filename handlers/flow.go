package handlers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/event"
)

// flow is a talk of several steps, in DMs. It only goes forward, so that it
// ends.
type flow struct {
	id        string
	steps     []*step
	cancelled texts // said when the user cancels
	expires   time.Duration
	remind    silence     // said once while the user leaves a question unanswered
	closes    silence     // ends the flow then, with or without a word
	draft     event.Draft // flags only
}

// silence is what follows from a user's silence; the zero value is nothing.
type silence struct {
	after time.Duration
	text  texts
}

// step asks for a slot, or says something, and then goes on.
type step struct {
	id    string
	when  []rules.Condition // not all hold: the step is passed over
	ask   *slot
	text  texts // the question, or what is said
	retry texts // where the answer is none
	tries int   // questions before a person takes over
	then  int   // index of the next step; len(steps): the end
	hand  bool  // a person takes over
}

const (
	defaultExpiry = 24 * time.Hour
	defaultTries  = 3
)

// place is where in a flow a user is, as it is kept with the conversation:
// flow/step/language/tries/since.
type place struct {
	flow, step, lang string
	tries            int
	since            time.Time
}

func (p place) String() string {
	return fmt.Sprintf("%s/%s/%s/%d/%d", p.flow, p.step, p.lang, p.tries, p.since.Unix())
}

func readPlace(s string) (p place, ok bool) {
	parts := strings.Split(s, "/")
	if len(parts) != 5 {
		return p, false
	}
	tries, err := strconv.Atoi(parts[3])
	since, fault := strconv.ParseInt(parts[4], 10, 64)
	return place{parts[0], parts[1], parts[2], tries, time.Unix(since, 0).UTC()}, err == nil && fault == nil
}

// resume goes on with the open flow. done is false where the message is to be
// taken as if there were none: the flow is of another version, or too old.
func (s *turn) resume() (_ Out, done bool) {
	p, ok := readPlace(s.in.Conversation.Flow)
	f := s.flows[p.flow]
	at := -1
	if f != nil {
		at = slices.IndexFunc(f.steps, func(st *step) bool { return st.id == p.step && st.ask != nil })
	}
	s.kept = map[string]string{}
	maps.Copy(s.kept, s.in.Slots)
	if !ok || at < 0 || s.in.Now.Sub(p.since) > f.expires {
		s.end()
		return Out{}, false
	}
	s.lang = cmp.Or(s.lang, p.lang)
	if s.cancels() {
		s.end()
		text, lang := f.cancelled.in(s.lang, p.lang)
		s.trace.said(f.id+"/cancelled", event.DM, lang)
		s.say(text, f.draft, f.id+"/cancelled")
		return s.out, true
	}
	st := f.steps[at]
	if value, ok := st.ask.read(s.in.Event.Text, s.in.Now); ok {
		s.keep(st.ask.name, value)
		return s.walk(f, st.then, p.lang), true
	}
	// Something else was asked: it is answered, and the flow waits.
	if found := s.find(); found.answer >= 0 {
		a := s.all[found.answer]
		if a.flow != "" || a.handoff {
			s.end()
		}
		if out := s.give(a, cmp.Or(found.lang, p.lang)); len(out.Drafts) > 0 || out.Handoff {
			return out, true
		}
	}
	return s.again(f, st, p), true
}

// again asks once more, until a person has to.
func (s *turn) again(f *flow, st *step, p place) Out {
	if p.tries++; p.tries >= st.tries {
		s.trace.hit(f.id + "/" + st.id + ": gives up")
		return s.giveUp(f, st)
	}
	text, lang := st.retry.in(s.lang, p.lang)
	s.trace.said(f.id+"/"+st.id+": retry", event.DM, lang)
	p.since = s.in.Now
	s.wait(f, p)
	s.say(text, f.draft, f.id+"/"+st.id)
	return s.out
}

// giveUp hands the user to a person, with what the flow knows so far.
func (s *turn) giveUp(f *flow, st *step) Out {
	s.close()
	s.hand(fmt.Sprintf("the flow %s did not understand %d answers to %s", f.id, st.tries, st.id))
	if u := s.unclear; u != nil {
		if text, _ := u.answer.dm.in(s.lang); text != "" {
			s.say(text, f.draft, f.id+"/gives-up")
		}
	}
	return s.out
}

// begin opens a flow. What the message says already is not asked.
func (s *turn) begin(f *flow, lang string) Out {
	s.end()
	s.kept = map[string]string{}
	for _, st := range f.steps {
		if st.ask == nil || !st.ask.certain() || s.kept[st.ask.name] != "" {
			continue
		}
		if value, ok := st.ask.read(s.in.Event.Text, s.in.Now); ok {
			s.keep(st.ask.name, value)
		}
	}
	return s.walk(f, 0, lang)
}

// walk goes from a step to the next question, and says what stands between.
func (s *turn) walk(f *flow, from int, lang string) Out {
	var said []string
	id := f.id
	lang = cmp.Or(s.lang, lang)
	tell := func(st *step) {
		if text, in := st.text.in(lang); text != "" {
			s.trace.said(f.id+"/"+st.id, event.DM, in)
			said = append(said, text)
			id = f.id + "/" + st.id
		}
	}
	finish := func() Out {
		s.say(strings.Join(said, "\n\n"), f.draft, id)
		return s.out
	}
	for i := from; i < len(f.steps); {
		st := f.steps[i]
		if !s.holds(f.id+"/"+st.id, st.when) {
			i++
			continue
		}
		if st.ask != nil && s.kept[st.ask.name] == "" {
			tell(st)
			s.wait(f, place{f.id, st.id, lang, 0, s.in.Now})
			return finish()
		}
		if st.ask == nil {
			tell(st)
		}
		s.trace.hit(f.id + "/" + st.id)
		if st.hand {
			s.close()
			s.hand("the flow " + f.id + " came to " + st.id + ", where a person goes on")
			return finish()
		}
		i = st.then
	}
	out := finish()
	s.end()
	out.Flow, out.Slots = s.out.Flow, s.out.Slots
	return out
}

// cancels reports whether the message is nothing but a word that cancels.
func (s *turn) cancels() bool {
	var rest []string
	for _, w := range s.words {
		if !courtesy(w) && w != "bitte" && w != "danke" {
			rest = append(rest, w)
		}
	}
	switch strings.Join(rest, " ") {
	case "cancel", "end", "quit", "abort", "never mind", "nevermind", "cancel that", "forget it",
		"abbrechen", "abbruch", "vergiss es", "ende", "cancelar", "annuler", "annulla":
		return true
	}
	return false
}

func (s *turn) keep(name, value string) {
	s.kept[name] = value
	s.slot(name, value)
}

func (s *turn) slot(name, value string) {
	if s.out.Slots == nil {
		s.out.Slots = map[string]string{}
	}
	s.out.Slots[name] = value
}

// wait leaves the flow at a question, and arms what follows from silence.
func (s *turn) wait(f *flow, p place) {
	s.out.Flow, s.out.Remind = new(p.String()), nil
	for _, q := range []silence{f.remind, f.closes} {
		if q.after == 0 {
			continue
		}
		text, _ := q.text.in(s.lang, p.lang)
		s.out.Remind = append(s.out.Remind, Reminder{
			After: q.after, Text: fill(text, s.in.Bot, s.kept), Close: q.after == f.closes.after,
		})
	}
}

// close leaves the flow; what it knows stays for the person who takes over.
func (s *turn) close() { s.out.Flow = new("") }

// end leaves the flow and forgets what it knew.
func (s *turn) end() {
	s.close()
	for name := range s.in.Slots {
		s.slot(name, "")
	}
	for name := range s.out.Slots {
		s.slot(name, "")
	}
}
