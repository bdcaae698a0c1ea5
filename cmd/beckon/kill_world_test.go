package main_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

const (
	botID     = "1000000000000000001" // of the bot that init writes
	botHandle = "acme_support"

	cast     = 6  // users at work at the same time
	lifetime = 6  // acts of a user; then another one comes, before rules take it for a loop
	topics   = 10 // a user asks once for each thing, edits included
)

func topic(i int) string  { return fmt.Sprintf("topic%d", i) }
func answer(i int) string { return fmt.Sprintf("About [%s]: it is well.", topic(i)) }

// confirmation is what an answer to a STOP is called here.
const confirmation = "confirmation"

// label tells from a text of the bot what it answers.
func label(text string) string {
	for i := range topics {
		if strings.Contains(text, answer(i)) {
			return topic(i)
		}
	}
	switch {
	case strings.Contains(text, "You will not hear from this account again"):
		return confirmation
	case strings.Contains(text, "Welcome back"):
		return "START"
	}
	return "unknown text"
}

// act is what a user did, and what the bot may know of it.
type act struct {
	user        string
	at          time.Time // as the events tell it
	dm          bool
	says        string   // STOP, START, or a topic
	interaction string   // first version of the post, or the DM
	events      []string // X tells of one act several times
}

// person is a user at work.
type person struct {
	name    string
	rng     *rand.Rand
	asked   int
	post    string // newest version of the post that can be edited
	stopped bool
}

// live is a seat of the cast: users do what they do, one after the other,
// until the trial is over.
func (r *trial) live(seat int) {
	rng := rand.New(rand.NewPCG(r.seed, uint64(seat)))
	for n := 0; ; n++ {
		p := &person{name: fmt.Sprintf("u%d_%d", seat, n), rng: rng}
		for range lifetime {
			if !r.wait(r.over, 50*time.Millisecond+time.Duration(rng.IntN(350))*time.Millisecond) {
				return
			}
			if err := r.do(p); err != nil {
				r.fail(p.name, "the world is broken: %v", err)
				return
			}
		}
	}
}

// do is one act of a user.
func (r *trial) do(p *person) error {
	what := p.rng.IntN(100)
	ask := "what about " + topic(p.asked)
	one := xsim.Act{Kind: xsim.ActMention, From: p.name, To: botHandle, Text: ask}
	says := topic(p.asked)
	switch {
	case what < 12 || p.stopped && what < 40: // STOP, or the way back, by DM or in public
		says = "STOP"
		if p.stopped {
			says = "START"
		}
		p.stopped = !p.stopped
		one.Text = says
		if p.rng.IntN(2) == 0 {
			one.Kind = xsim.ActDM
		}
	case what < 50:
		one.Kind = xsim.ActDM
	case what < 65 && p.post != "":
		one = xsim.Act{Kind: xsim.ActEdit, Post: p.post, Text: "@" + botHandle + " " + ask}
	case what < 80: // a mention, a reply and a quote in one
		one = xsim.Act{Kind: xsim.ActReply, From: p.name, Post: r.opening, Quote: r.opening, Mention: true, Text: ask}
	}
	post, err := r.perform(one, says, p.rng)
	if says != topic(p.asked) {
		return err // a STOP is not edited
	}
	p.asked++
	if one.Kind == xsim.ActMention || one.Kind == xsim.ActEdit {
		p.post = post
	}
	return err
}

// perform makes an act, notes it, and sends off what X tells of it: in any
// order, and one body in six twice. It returns the id of the post or DM.
func (r *trial) perform(one xsim.Act, says string, rng *rand.Rand) (string, error) {
	done, err := r.sim.Do(one)
	if err != nil {
		return "", err
	}
	bodies := done.Bodies
	a := act{dm: one.Kind == xsim.ActDM, says: says}
	for _, b := range bodies {
		es, err := event.Decode(b)
		if err != nil {
			return "", err
		}
		a.user, a.at, a.interaction = es[0].User, es[0].At, es[0].Interaction
		a.events = append(a.events, es[0].ID)
	}
	r.mu.Lock()
	r.acts = append(r.acts, a)
	r.mu.Unlock()
	r.note(a.user, "%s %s, interaction %s, events %s", one.Kind, says, a.interaction, strings.Join(a.events, " "))
	rng.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
	for _, b := range bodies {
		r.post(letter{body: b, user: a.user})
		if rng.IntN(6) == 0 {
			r.post(letter{body: b, user: a.user, due: time.Now().Add(time.Duration(rng.IntN(400)) * time.Millisecond)})
		}
	}
	return done.ID, nil
}

// letter is a body on its way to the webhook.
type letter struct {
	body []byte
	user string
	due  time.Time
}

// receipt is the first 200 for a body.
type receipt struct {
	user string
	at   time.Time
}

func (r *trial) post(l letter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mail = append(r.mail, l)
}

// take hands over the first letter that is due.
func (r *trial) take() (letter, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	i := slices.IndexFunc(r.mail, func(l letter) bool { return !l.due.After(now) })
	if i < 0 {
		return letter{}, false
	}
	l := r.mail[i]
	r.mail = slices.Delete(r.mail, i, i+1)
	r.carried++
	return l, true
}

// carry delivers until the trial ends. A body that did not get its 200 comes
// again, behind what was written since: X promises no order.
func (r *trial) carry() {
	for {
		l, ok := r.take()
		if !ok {
			if !r.wait(r.ended, 2*time.Millisecond) {
				return
			}
			continue
		}
		status, err := r.sim.DeliverAs(r.ctx, l.body, r.sim.Sign(l.body))
		taken := err == nil && status == 200
		r.mu.Lock()
		r.carried--
		if taken {
			if _, again := r.taken[string(l.body)]; !again {
				r.taken[string(l.body)] = receipt{l.user, time.Now()}
			}
		} else {
			l.due = time.Now().Add(20 * time.Millisecond)
			r.mail = append(r.mail, l)
		}
		r.mu.Unlock()
		if taken {
			r.passed(webhookTook)
			if head, err := event.Scan(l.body); err == nil {
				r.note(l.user, "the webhook took event %s, %s", head.ID, head.Type)
			}
		}
	}
}

// echo sends off what X tells of the bot's own posts and DMs, some of it late.
func (r *trial) echo() {
	rng := rand.New(rand.NewPCG(r.seed, 1<<32))
	for r.wait(r.ended, 3*time.Millisecond) {
		for _, b := range r.sim.Take() {
			l := letter{body: b, due: time.Now().Add(time.Duration(rng.IntN(100)) * time.Millisecond)}
			if rng.IntN(4) == 0 {
				l.due = l.due.Add(time.Second)
			}
			if es, err := event.Decode(b); err == nil && len(es) == 1 {
				l.user = es[0].User
			}
			r.post(l)
		}
	}
}

// delivered reports whether no letter is under way.
func (r *trial) delivered() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.mail) == 0 && r.carried == 0
}
