package bottest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/xsim"
)

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
	case "scrub_geo":
		a.Post = post(s.args[0])
	case "revoke", "suspend", "protect", "deactivate", "restore":
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
	if r.s.Stream {
		r.accepted = append(r.accepted, bodies...)
		return r.pour(ctx, bodies...)
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
	case "stream":
		f.Op = xsim.OpStream
	case "any":
		f.Op = ""
	default:
		return fmt.Errorf("calls are post, dm, stream or any, not %q", f.Op)
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
	f.Type = s.keys["type"]
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
