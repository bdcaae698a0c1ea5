package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/event"
)

// fakeX is what the watchdog asks of X.
type fakeX struct {
	mu       sync.Mutex
	hooks    []Hook
	subs     []Subscription
	check    bool // what a validation says
	refuse   map[string]error
	log      []string
	at       []time.Time // of replays
	replayed func(job string)
}

func (x *fakeX) Webhooks(context.Context) ([]Hook, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.hooks), x.refuse["webhooks"]
}

func (x *fakeX) CreateWebhook(_ context.Context, url string) (Hook, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.refuse["create"]; err != nil {
		return Hook{}, err
	}
	h := Hook{ID: fmt.Sprint(len(x.hooks) + 1), URL: url, Valid: x.check}
	x.hooks = append(x.hooks, h)
	x.log = append(x.log, "register "+url)
	return h, nil
}

func (x *fakeX) ValidateWebhook(_ context.Context, id string) (bool, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.log = append(x.log, "validate "+id)
	for i := range x.hooks {
		if x.hooks[i].ID == id {
			x.hooks[i].Valid = x.check
		}
	}
	return x.check, nil
}

func (x *fakeX) Subscriptions(context.Context) ([]Subscription, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.subs), x.refuse["list"]
}

func (x *fakeX) Subscribe(_ context.Context, bot string, s Subscription) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.refuse[string(s.Type)]; err != nil {
		return err
	}
	if private(s.Type) != (bot != "") {
		return errors.New("by the wrong token")
	}
	s.ID = fmt.Sprint("s", len(x.subs)+1)
	x.subs = append(x.subs, s)
	x.log = append(x.log, fmt.Sprintf("subscribe %s as %q", s.Type, bot))
	return nil
}

func (x *fakeX) Direct(_ context.Context, id, webhook string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.log = append(x.log, "direct "+id+" to "+webhook)
	return nil
}

func (x *fakeX) Unsubscribe(_ context.Context, id string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.log = append(x.log, "unsubscribe "+id)
	x.subs = slices.DeleteFunc(x.subs, func(s Subscription) bool { return s.ID == id })
	return nil
}

func (x *fakeX) Replay(_ context.Context, webhook string, from, to time.Time) (string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.refuse["replay"]; err != nil {
		return "", err
	}
	now := time.Now()
	if now.Sub(from) < 31*time.Minute || now.Sub(from) > 24*time.Hour || now.Sub(to) < 10*time.Minute || !from.Before(to) {
		return "", fmt.Errorf("X takes no replay from %v to %v ago", now.Sub(from), now.Sub(to))
	}
	job := fmt.Sprint("j", len(x.at)+1)
	x.at = append(x.at, now)
	x.log = append(x.log, fmt.Sprintf("replay to %s from %v to %v ago", webhook, now.Sub(from), now.Sub(to)))
	if x.replayed != nil {
		x.replayed(job)
	}
	return job, nil
}

const hookURL = "https://a.example/x/webhook"

func newDog(x *fakeX, pos *kept) *Watchdog {
	return NewWatchdog(WatchOptions{X: x, URL: hookURL, Bots: []Watched{{"acme", botID}, {"globex", "8"}}, Positions: pos})
}

// TestG1Mends: everything is made once, private types in the bot's own name;
// a dry check changes nothing; nothing of others is touched without Prune.
func TestG1Mends(t *testing.T) {
	t.Parallel()
	x := &fakeX{check: true, subs: []Subscription{
		{ID: "theirs", Type: event.PostCreate, User: "99", Webhook: "77"},
		{ID: "old", Type: event.DMReceived, User: botID, Webhook: "77", Tag: subTag + "acme"},
		{ID: "staging", Type: event.DMReceived, User: "8", Webhook: "77", Tag: "staging"},
		{ID: "narrow", Type: event.PostMention, User: botID, Webhook: "1", Keyword: "sale"},
	}}
	dog := newDog(x, &kept{})
	found, err := dog.Check(t.Context(), Orders{})
	if err != nil || len(x.log) != 0 || found[0].Is != "missing" {
		t.Fatalf("dry: %v, did %v, %+v", err, x.log, found[0])
	}
	if _, err := dog.Check(t.Context(), Orders{Mend: true}); err != nil {
		t.Fatal(err)
	}
	did := strings.Join(x.log, "\n")
	for _, want := range []string{"register " + hookURL, `subscribe post.mention.create as "acme"`, `subscribe post.create as ""`, "direct old to 1", `subscribe dm.received as "globex"`} {
		if strings.Count(did, want) < 1 {
			t.Errorf("did not %s:\n%s", want, did)
		}
	}
	if strings.Contains(did, "unsubscribe") || strings.Contains(did, "direct staging") {
		t.Errorf("touched what is not ours:\n%s", did)
	}
	x.subs[1].Webhook = "1"
	x.log = nil
	found, err = dog.Check(t.Context(), Orders{Mend: true})
	if err != nil || len(x.log) != 0 {
		t.Errorf("a second check did %v, %v", x.log, err)
	}
	surplus := 0
	for _, f := range found {
		if f.Is == "surplus" {
			surplus++
		} else if f.Is != "ok" {
			t.Errorf("%+v", f)
		}
	}
	if surplus != 1 { // the keyword's, which delivers here
		t.Errorf("%d surplus", surplus)
	}
	if _, err := dog.Check(t.Context(), Orders{Mend: true, Prune: true}); err != nil || strings.Join(x.log, "") != "unsubscribe narrow" {
		t.Errorf("prune did %v, %v", x.log, err)
	}
}

func TestWatchdogSaysWhatFails(t *testing.T) {
	t.Parallel()
	full := make([]Subscription, mostSubs)
	for i := range full {
		full[i] = Subscription{ID: fmt.Sprint(i), User: "99"}
	}
	for name, tt := range map[string]struct {
		x    *fakeX
		want string
	}{
		"challenge":     {&fakeX{hooks: []Hook{{"1", hookURL, false}}}, "challenge"},
		"no webhook":    {&fakeX{refuse: map[string]error{"create": errors.New("limit")}}, "limit"},
		"one is denied": {&fakeX{check: true, refuse: map[string]error{"dm.received": errors.New("scope")}}, "scope"},
		"full":          {&fakeX{check: true, subs: full}, "1500"},
	} {
		found, err := newDog(tt.x, &kept{}).Check(t.Context(), Orders{Mend: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.Err != nil && f.Done == "" && strings.Contains(f.Err.Error(), tt.want) }) {
			t.Errorf("%s: want %q among %+v", name, tt.want, found)
		}
	}
	for _, what := range []string{"webhooks", "list"} {
		x := &fakeX{refuse: map[string]error{what: errors.New("down")}}
		if _, err := newDog(x, &kept{}).Check(t.Context(), Orders{Mend: true}); err == nil {
			t.Errorf("%s cannot be seen, and no error", what)
		}
	}
}

// TestStreamNeedsNoWebhook: any subscription of the account will do.
func TestStreamNeedsNoWebhook(t *testing.T) {
	t.Parallel()
	x := &fakeX{subs: []Subscription{{ID: "1", Type: event.DMReceived, User: botID, Webhook: "77"}}}
	dog := NewWatchdog(WatchOptions{X: x, Bots: []Watched{{"acme", botID}}, Positions: &kept{}})
	if _, err := dog.Check(t.Context(), Orders{Mend: true}); err != nil {
		t.Fatal(err)
	}
	if did := strings.Join(x.log, "\n"); strings.Contains(did, "dm.received") || strings.Contains(did, "register") || len(x.log) != len(wanted())-1 {
		t.Errorf("did:\n%s", did)
	}
}

// TestG3Missed: the table of what is asked for, and when.
func TestG3Missed(t *testing.T) {
	t.Parallel()
	ago := func(from, to time.Duration) span { return span{noon.Add(-from), noon.Add(-to)} }
	m := time.Minute
	for name, tt := range map[string]struct {
		missed missed
		ask    span
		lost   bool
		wait   time.Duration
		ok     bool
	}{
		"nothing":             {},
		"an hour":             {missed{Want: ago(60*m, 30*m)}, ago(61*m, 29*m), false, 0, true},
		"just now":            {missed{Want: ago(5*m, 0)}, span{}, false, 12 * m, true},
		"short, not long ago": {missed{Want: ago(20*m, 15*m)}, ago(32*m, 14*m), false, 0, true},
		"over a day":          {missed{Want: ago(30*60*m, 60*m)}, ago(replayDeepest, 59*m), true, 0, true},
		"all over a day":      {missed{Want: ago(50*60*m, 40*60*m)}, span{noon.Add(-replayDeepest), noon.Add(-40*60*m + m)}, true, 0, false},
		"while a job runs":    {missed{Want: ago(60*m, 30*m), Job: "j"}, span{}, false, 0, false},
	} {
		ask, lost, wait, ok := tt.missed.due(noon)
		if ask != tt.ask || lost != tt.lost || wait != tt.wait || ok != tt.ok {
			t.Errorf("%s: ask %v to %v ago, lost %v, wait %v, ok %v", name, noon.Sub(ask.From), noon.Sub(ask.To), lost, wait, ok)
		}
	}
	running := missed{Job: "j", Of: ago(60*m, 30*m), Want: ago(20*m, 10*m), Asked: noon}
	for _, tt := range []struct {
		status ReplayStatus
		want   missed
		ours   bool
	}{
		{ReplayStatus{JobID: "j", State: "Complete"}, missed{Want: ago(20*m, 10*m), Asked: noon}, true},
		{ReplayStatus{JobID: "j", State: "Incomplete"}, missed{Want: ago(60*m, 10*m), Asked: noon}, true},
		{ReplayStatus{JobID: "k", State: "Complete"}, running, false},
	} {
		if got, ours := running.ended(tt.status); got != tt.want || ours != tt.ours {
			t.Errorf("%+v: %+v, %v", tt.status, got, ours)
		}
	}
	if got := running.overdue(noon.Add(replayLost + m)); got.Job != "" || got.Want != ago(60*m, 10*m) {
		t.Errorf("a job whose end was never told: %+v", got)
	}
}

// TestG2Down: a host that was down for an hour asks for that hour as soon as X
// permits, asks again where the job was incomplete, and a restart meanwhile
// forgets nothing.
func TestG2Down(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		<-time.After(time.Until(noon))
		pos := &kept{at: map[string]string{alivePosition: noon.Add(-time.Hour).Format(time.RFC3339)}}
		x := &fakeX{check: true}
		states := []string{"Incomplete", "Complete"}
		live := func(d time.Duration) {
			dog := newDog(x, pos)
			x.replayed = func(job string) {
				go func() {
					<-time.After(2 * time.Hour)
					if state := states[0]; len(states) > 0 {
						states = states[1:]
						if err := newDog(x, pos).Replayed(t.Context(), ReplayStatus{JobID: job, State: state}); err != nil {
							t.Error(err)
						}
					}
				}()
			}
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			if err := dog.Run(ctx); err != nil {
				t.Error(err)
			}
		}
		live(5 * time.Minute) // too early for the end of the gap
		live(10 * time.Hour)
		var replays []string
		for _, l := range x.log {
			if strings.HasPrefix(l, "replay") {
				replays = append(replays, l)
			}
		}
		if len(replays) != 2 || len(states) != 0 {
			t.Fatalf("replays %v, still to come %v", replays, states)
		}
		if first := x.at[0].Sub(noon); first < 10*time.Minute || first > 35*time.Minute {
			t.Errorf("asked for %v after the start", first)
		}
		m, err := readMissed(t.Context(), pos)
		if err != nil || m.Job != "" || !m.Want.empty() {
			t.Errorf("still missed: %+v, %v", m, err)
		}
		if at, _ := timeAt(t.Context(), pos, alivePosition); time.Since(at) > time.Minute {
			t.Errorf("alive as of %v ago", time.Since(at))
		}
	})
}

// TestG2Invalid: while the webhook is invalid the time stands still, and what
// X did not deliver is asked for once it is valid again.
func TestG2Invalid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		<-time.After(time.Until(noon))
		pos := &kept{}
		x := &fakeX{check: true}
		go func() {
			<-time.After(time.Hour + time.Minute)
			set := func(good bool) {
				x.mu.Lock()
				defer x.mu.Unlock()
				x.hooks[0].Valid, x.check = x.hooks[0].Valid && good, good
			}
			set(false)
			<-time.After(2 * time.Hour)
			if at, _ := timeAt(t.Context(), pos, alivePosition); at.After(noon.Add(80 * time.Minute)) {
				t.Errorf("alive at %v, with an invalid webhook", at)
			}
			set(true)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Hour)
		defer cancel()
		if err := newDog(x, pos).Run(ctx); err != nil {
			t.Error(err)
		}
		last := x.log[len(x.log)-1]
		if len(x.at) != 1 || !strings.HasPrefix(last, "replay to 1 from 2h") {
			t.Errorf("did %s", cmp.Diff("", strings.Join(x.log, "\n")))
		}
	})
}
