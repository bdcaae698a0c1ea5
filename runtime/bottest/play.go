package bottest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/dispatch"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// Judge says what is wrong with a request to X by X's own contract.
type Judge func(*http.Request) error

const (
	webhookURL     = "https://bot.example/x/webhook"
	consumerSecret = "scenario consumer secret"
)

// midnight is the scenario's day, a Monday.
func midnight() time.Time { return time.Date(2026, 12, 7, 0, 0, 0, 0, time.UTC) }

func botID(i int) string { return strconv.Itoa(1_000_000_000_000_000_001 + i) }

// act is something that was done, under its name.
type act struct {
	id     string // of the post or DM
	bodies [][]byte
	n      int // bodies delivered so far
}

// run is one scenario being played.
type run struct {
	t    *testing.T
	s    *scenario
	sim  *xsim.Sim
	live chan *host        // holds the one that lives; empty while there is none
	gone []<-chan struct{} // killed hosts

	acts  map[string]*act
	names map[string]string // ids to names
	last  time.Time         // when the last line happened

	mu       sync.Mutex
	accepted [][]byte // bodies that the webhook took, in order
	stops    []stop   // how opt-outs changed, in order
	faults   []string // laws broken on the way
	past     map[string]db.Action
}

// stop is a change of a user's opt-out, once committed.
type stop struct {
	at       time.Time
	user     string
	optedOut bool
}

// play runs the script and returns what came of it, by name of the expecting
// file. It is called in a bubble.
func play(t *testing.T, s *scenario, x Judge) map[string]string {
	time.Sleep(time.Until(midnight()))
	r := &run{t: t, s: s, acts: map[string]*act{}, names: map[string]string{}, past: map[string]db.Action{}, live: make(chan *host, 1)}
	if err := r.open(x); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var echoes sync.WaitGroup
	echoes.Go(func() { _ = r.sim.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		echoes.Wait()
		if err := r.host().close(); err != nil {
			t.Errorf("close the host: %v", err)
		}
		for _, gone := range r.gone {
			<-gone
		}
	})
	for _, st := range s.steps {
		if err := r.step(st); err != nil {
			t.Fatalf("script, line %d: %s: %v", st.line, st.verb, err)
		}
	}
	time.Sleep(10 * time.Second) // acknowledgements are on disk by then
	synctest.Wait()
	got := r.show()
	r.check()
	r.again()
	return got
}

// open makes the simulated X and the first host.
func (r *run) open(x Judge) (err error) {
	o := xsim.Options{
		ConsumerSecret: []byte(consumerSecret), WebhookURL: webhookURL, Validate: x, Retries: -1,
		Client: &http.Client{Transport: xsim.Direct(http.HandlerFunc(r.webhook))},
		Log:    slog.New(slog.DiscardHandler),
	}
	switch r.s.Echo {
	case "", "after":
		o.Echo = xsim.EchoAfter
	case "before":
		o.Echo = xsim.EchoBefore
	case "off":
		o.Echo = xsim.EchoOff
	default:
		return fmt.Errorf("echo: %q is none of before, after, off", r.s.Echo)
	}
	for i, name := range r.s.Bots {
		o.Accounts = append(o.Accounts, xsim.Account{
			User: xsim.User{ID: botID(i), Username: name, Automated: true}, Token: "token-" + name, Enterprise: r.s.Tier == "enterprise",
		})
		r.names[botID(i)] = name
	}
	if r.sim, err = xsim.New(o); err != nil {
		return err
	}
	h, err := r.start(r.t.TempDir())
	if err == nil {
		r.live <- h
	}
	return err
}

func (r *run) start(dir string) (*host, error) {
	return start(dir, r.s, r.sim, r.calling, r.committed)
}

// host waits for one that lives.
func (r *run) host() *host {
	h := <-r.live
	r.live <- h
	return h
}

// replace puts another host in the place of the one that lives. Meanwhile X
// waits at the door.
func (r *run) replace(fn func(*host) (*host, error)) error {
	old := <-r.live
	h, err := fn(old)
	if err != nil {
		h = old
	}
	r.live <- h
	return err
}

// webhook is the way from X to whatever host lives, and notes what it took.
func (r *run) webhook(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	r.host().web.ServeHTTP(rec, req)
	if req.Method == http.MethodPost && rec.status == http.StatusOK {
		r.mu.Lock()
		r.accepted = append(r.accepted, body)
		r.mu.Unlock()
	}
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// step waits for its time, does one line, and lets the host come to rest. It is
// called in a bubble.
func (r *run) step(s step) error {
	at := midnight().Add(s.at)
	if !s.abs {
		at = r.last.Add(s.after)
	}
	// Time stands still while anybody works, but for the timers of NATS: some
	// milliseconds late is on time.
	if late := time.Since(at); late > time.Second {
		return fmt.Errorf("it is %s past that time already", late)
	}
	r.last = at
	time.Sleep(time.Until(at))
	synctest.Wait()
	if err := r.do(s); err != nil {
		return err
	}
	synctest.Wait()
	r.watch()
	return nil
}

func (r *run) do(s step) error {
	ctx := context.Background()
	switch s.verb {
	case "wait":
		return nil
	case "deliver", "again", "forge":
		return r.deliverAgain(ctx, s)
	case "raw":
		text, ok := r.s.raw[s.args[0]]
		if !ok {
			return fmt.Errorf("no file %q", s.args[0])
		}
		return r.happened(ctx, s, xsim.Done{ID: r.freshID(), Bodies: [][]byte{[]byte(r.expand(text))}})
	case "fault":
		return r.fault(s)
	case "break":
		if !slices.Contains(ways[s.args[0]], s.args[1]) {
			return fmt.Errorf("%s can be broken so: %v", s.args[0], ways[s.args[0]])
		}
		r.host().fault.set(s.args[0], s.args[1])
		return nil
	case "mend":
		r.host().fault.set(s.args[0], "")
		return nil
	case "crash":
		return r.crash()
	case "restart":
		return r.replace(func(h *host) (*host, error) {
			if err := h.close(); err != nil {
				return nil, err
			}
			return r.start(h.dir)
		})
	case "approve", "reject", "retry", "pause", "resume", "optout", "redo":
		return r.operate(ctx, s)
	}
	a, err := r.act(s)
	if err != nil {
		return err
	}
	done, err := r.sim.Do(a)
	if err != nil {
		return err
	}
	return r.happened(ctx, s, done)
}

// act turns a line into what somebody does on X.
func (r *run) act(s step) (xsim.Act, error) {
	a := xsim.Act{Kind: xsim.Kind(s.verb), Automated: s.flag("automated"), Mention: s.flag("mention")}
	var err error
	post := func(name string) (id string) {
		id, e := r.id(name)
		err = errors.Join(err, e)
		return id
	}
	switch s.verb {
	case "mention", "dm":
		a.From, a.To, a.Text = s.args[0], s.args[1], s.args[2]
	case "reply", "quote":
		a.From, a.Post, a.Text = s.args[0], post(s.args[1]), s.args[2]
	case "post":
		a.From, a.Text = s.args[0], s.args[1]
	case "keyword":
		a.From, a.To, a.Keyword, a.Text = s.args[0], s.args[1], s.args[2], s.args[3]
	case "edit":
		a.Post, a.Text = post(s.args[0]), s.args[1]
	case "delete":
		a.Post = post(s.args[0])
	case "follow", "unfollow", "block":
		a.From, a.To = s.args[0], s.args[1]
	case "like", "repost":
		a.From, a.Post = s.args[0], post(s.args[1])
	case "revoke":
		a.From = s.args[0]
	}
	if q := s.keys["quote"]; q != "" {
		a.Quote = post(q)
	}
	for _, who := range []string{a.From, a.To} {
		if u, ok := r.sim.User(who); ok {
			r.names[u.ID] = u.Username
		}
	}
	return a, err
}

// id finds a post: by the name of an act, or as p.reply, our reply to p.
func (r *run) id(name string) (string, error) {
	base, isReply := strings.CutSuffix(name, ".reply")
	a := r.acts[base]
	if a == nil {
		return "", fmt.Errorf("nothing is named %q", base)
	}
	if !isReply {
		return a.id, nil
	}
	post, _ := r.sim.Post(a.id)
	for _, p := range slices.Backward(r.sim.Posts()) {
		if p.ReplyTo == a.id || slices.Contains(post.History, p.ReplyTo) {
			return p.ID, nil
		}
	}
	return "", fmt.Errorf("X has no reply of ours to %s", base)
}

// happened gives what was done its name and tells the host of it, unless it is
// late.
func (r *run) happened(ctx context.Context, s step, done xsim.Done) error {
	name := s.name
	if name == "" {
		name = "#" + strconv.Itoa(s.line)
	}
	a := &act{id: done.ID, bodies: done.Bodies}
	r.acts[name] = a
	if r.names[done.ID] == "" {
		r.names[done.ID] = name
	}
	if u, ok := r.sim.User(first(s.args)); ok {
		r.names[u.ID] = u.Username
	}
	if s.flag("late") {
		return nil
	}
	return r.deliver(ctx, s, a)
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// deliver brings bodies of an act to the webhook: the nth, or all in order.
func (r *run) deliver(ctx context.Context, s step, a *act) error {
	bodies := a.bodies
	if n := s.keys["n"]; n != "" {
		i, err := strconv.Atoi(n)
		if err != nil || i < 1 || i > len(bodies) {
			return fmt.Errorf("there are %d bodies, and n=%s", len(bodies), n)
		}
		bodies = bodies[i-1 : i]
	}
	if err := r.sim.CRC(ctx); err != nil {
		return err
	}
	for _, b := range bodies {
		status, err := r.sim.DeliverAs(ctx, b, r.sim.Sign(b))
		if err != nil {
			return err
		}
		if refused := status != http.StatusOK; refused != s.flag("refused") {
			return fmt.Errorf("the webhook answered %d", status)
		}
	}
	return nil
}

func (r *run) deliverAgain(ctx context.Context, s step) error {
	a := r.acts[s.args[0]]
	if a == nil {
		return fmt.Errorf("nothing is named %q", s.args[0])
	}
	if s.verb != "forge" {
		return r.deliver(ctx, s, a)
	}
	for _, b := range a.bodies {
		status, err := r.sim.DeliverAs(ctx, b, r.sim.Sign(append(bytes.Clone(b), ' ')))
		if err != nil {
			return err
		}
		if status != http.StatusUnauthorized {
			return fmt.Errorf("the webhook answered %d to a forged signature", status)
		}
	}
	return nil
}

func (r *run) fault(s step) error {
	f := xsim.Fault{Op: s.args[0], Kind: xsim.FaultKind(s.args[1]), Made: s.flag("made")}
	switch f.Op {
	case "post":
		f.Op = xsim.OpPost
	case "dm":
		f.Op = xsim.OpDM
	case "any":
		f.Op = ""
	default:
		return fmt.Errorf("calls are post, dm or any, not %q", f.Op)
	}
	if f.Kind == "slow" {
		f.Kind = xsim.FaultNone
	}
	var err error
	number := func(key string) (n int) {
		if v := s.keys[key]; v != "" {
			var e error
			n, e = strconv.Atoi(v)
			err = errors.Join(err, e)
		}
		return n
	}
	f.Times, f.Nth, f.Status = number("times"), number("nth"), number("status")
	if v := s.keys["delay"]; v != "" {
		var e error
		f.Delay, e = time.ParseDuration(v)
		err = errors.Join(err, e)
	}
	switch s.keys["echo"] {
	case "before":
		f.Echo = xsim.EchoBefore
	case "after":
		f.Echo = xsim.EchoAfter
	case "off":
		f.Echo = xsim.EchoOff
	}
	if err != nil {
		return err
	}
	return r.sim.Fault(f)
}

// crash kills the host between two of its steps, and starts another one on
// what its files held.
func (r *run) crash() error {
	dir := r.t.TempDir()
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return r.replace(func(h *host) (*host, error) {
		gone, err := h.kill(dir)
		if err != nil {
			return nil, err
		}
		r.gone = append(r.gone, gone)
		return r.start(dir)
	})
}

// operate is what an operator does.
func (r *run) operate(ctx context.Context, s step) error {
	now, who := time.Now(), s.args[0]
	defer r.host().stir()
	switch s.verb {
	case "pause", "resume":
		if who == "all" {
			who = db.AllBots
		}
		return r.host().desk.Pause(ctx, now, who, "olga", "asked for", s.verb == "pause")
	case "optout":
		u, ok := r.sim.User(who)
		if !ok {
			return fmt.Errorf("nobody is called %s", who)
		}
		_, err := r.host().desk.OptOut(ctx, now, u.ID, "olga")
		return errors.Join(err, r.noteStop(r.host(), u.ID))
	}
	if s.verb == "redo" {
		return r.redo(ctx, who)
	}
	id, err := r.answerTo(ctx, who)
	if err != nil {
		return err
	}
	switch s.verb {
	case "approve":
		_, err = r.host().desk.Approve(ctx, now, id, "olga")
	case "reject":
		_, err = r.host().desk.Reject(ctx, now, id, "olga", "not today")
	case "retry":
		_, err = r.host().desk.Retry(ctx, now, id)
	}
	if s.flag("fails") {
		if err == nil {
			return errors.New("it went through")
		}
		return nil
	}
	return err
}

// redo puts the dead letters of an act back on the bus, as an operator's
// command does.
func (r *run) redo(ctx context.Context, name string) error {
	a := r.acts[name]
	if a == nil {
		return fmt.Errorf("nothing is named %q", name)
	}
	n := 0
	h := r.host()
	err := h.store.Write(ctx, func(tx db.Tx) error {
		letters, err := tx.ListDeadLetters(1000)
		if err != nil {
			return err
		}
		for _, l := range letters {
			body, err := event.Open(l.Raw)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(a.bodies, func(b []byte) bool { return bytes.Equal(b, body) }) {
				continue
			}
			n++
			head, err := event.Scan(body)
			if err != nil {
				return err
			}
			msg := bus.Message{ID: l.Event, Type: string(head.Type), Source: dispatch.RetrySource(l), Time: l.At, Bot: l.Bot, User: head.User, Data: body}
			if err := h.bus.Publish(ctx, msg); err != nil {
				return err
			}
			if err := tx.DropDeadLetter(l.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && n == 0 {
		err = fmt.Errorf("%s has no dead letter", name)
	}
	return err
}

// answerTo finds the newest action that answers a named act.
func (r *run) answerTo(ctx context.Context, name string) (id string, err error) {
	a := r.acts[name]
	if a == nil {
		return "", fmt.Errorf("nothing is named %q", name)
	}
	key := a.id
	if p, ok := r.sim.Post(a.id); ok && len(p.History) > 0 {
		key = p.History[0]
	}
	var rows []db.Action
	err = r.host().store.Read(ctx, func(tx db.Tx) error {
		all, err := tx.ListActions(db.ActionFilter{Max: 1000})
		for _, row := range all {
			if row.Interaction == key {
				rows = append(rows, row)
			}
		}
		return err
	})
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("no action answers %s", name)
	}
	if err != nil {
		return "", err
	}
	slices.SortStableFunc(rows, func(a, b db.Action) int { return b.Version - a.Version })
	return rows[0].ID, nil
}

// freshID is an id as X would give it now.
func (r *run) freshID() string {
	const epoch = 1288834974657
	return strconv.FormatInt((time.Now().UnixMilli()-epoch)<<22|int64(len(r.acts)), 10)
}

// expand fills in ${now}, ${id}, ${uuid} and the ids of people.
func (r *run) expand(text string) string {
	return os.Expand(text, func(name string) string {
		switch name {
		case "now":
			return strconv.FormatInt(time.Now().UnixMilli(), 10)
		case "id":
			return r.freshID()
		case "uuid":
			return xsim.EventID(0, "raw", r.freshID())
		}
		u, ok := r.sim.User(name)
		if !ok {
			return "${" + name + "}"
		}
		return u.ID
	})
}

// committed notes how a batch changed opt-outs.
func (r *run) committed(h *host, done []dispatch.Handled) {
	seen := map[string]bool{}
	for _, d := range done {
		if d.Event.User == "" || seen[d.Event.User] {
			continue
		}
		seen[d.Event.User] = true
		if err := r.noteStop(h, d.Event.User); err != nil {
			r.broken("read the opt-out after a commit: %v", err)
		}
	}
}

func (r *run) noteStop(h *host, user string) error {
	return h.store.Read(context.Background(), func(tx db.Tx) error {
		s, err := tx.Suppression(hostKey().User(user))
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if optedOut(r.stops, user, time.Now()) != s.OptedOut {
			r.stops = append(r.stops, stop{at: time.Now(), user: user, optedOut: s.OptedOut})
		}
		return nil
	})
}

// optedOut reports how a user's opt-out stood at a time.
func optedOut(stops []stop, user string, at time.Time) bool {
	out := false
	for _, s := range stops {
		if s.user == user && !s.at.After(at) {
			out = s.optedOut
		}
	}
	return out
}

// calling holds I1: whatever goes out stands in the log as attempting.
func (r *run) calling(h *host, req *http.Request) {
	err := h.store.Read(context.Background(), func(tx db.Tx) error {
		rows, err := tx.InState(event.Attempting, 1)
		if err == nil && len(rows) == 0 {
			return errors.New("no action is attempting")
		}
		return err
	})
	if err != nil {
		r.broken("I1: %s %s goes out, and %v", req.Method, req.URL.Path, err)
	}
}

func (r *run) broken(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}
