package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Handlers in other processes hear questions and give answers on subjects of
// their own, apart from the stream. What they may do is in what the server lets
// their login do, never in what they promise.
const (
	questionPrefix = "beckon.v1.question."
	answerPrefix   = "beckon.v1.answer."
	inboxPrefix    = "_INBOX_"
)

// QuestionSubject is where the questions to a handler are published.
func QuestionSubject(bot, handler string) string { return questionPrefix + bot + "." + handler }

// AnswerSubject is where a handler publishes its answers.
func AnswerSubject(bot, handler string) string { return answerPrefix + bot + "." + handler }

// Login is a handler in another process.
type Login struct {
	Name  string // of the handler, and of the NATS user
	Token string // its password
}

// hostLogin is the user of the host's own connection.
const hostLogin = "beckon-host"

// Addr is where the server listens, "" where it does not.
func (b *JetStream) Addr() string {
	if b.listens {
		return b.srv.Addr().String()
	}
	return ""
}

// Ask publishes a question. Nothing is stored: whoever does not listen now does
// not hear it, and is asked again.
func (b *JetStream) Ask(bot, handler string, question []byte) error {
	if err := b.enter(); err != nil {
		return err
	}
	defer b.mu.RUnlock()
	if err := b.nc.Publish(QuestionSubject(bot, handler), question); err != nil {
		return fmt.Errorf("ask handler %s: %w", handler, err)
	}
	return nil
}

// Heard is told of an answer: the handler is the one whose login published it.
// What it returns is what the handler reads, if it asked to be told.
type Heard func(ctx context.Context, bot, handler string, answer []byte) (told []byte)

// Answers hands answers to heard, one at a time, until ctx ends.
func (b *JetStream) Answers(ctx context.Context, heard Heard) error {
	if err := b.enter(); err != nil {
		return err
	}
	in := make(chan *nats.Msg, batch)
	sub, err := b.nc.ChanSubscribe(answerPrefix+"*.*", in)
	b.mu.RUnlock()
	if err != nil {
		return fmt.Errorf("listen for answers: %w", err)
	}
	defer func() {
		if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
			b.warn(err)
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.done:
			return nil
		case m := <-in:
			bot, handler, _ := strings.Cut(strings.TrimPrefix(m.Subject, answerPrefix), ".")
			told := heard(ctx, bot, handler, m.Data)
			// The handler's own inbox and nobody else's: the host may publish
			// anywhere, and must not do so on a handler's word.
			if !strings.HasPrefix(m.Reply, inboxPrefix+handler+".") {
				continue
			}
			if err := m.Respond(told); err != nil {
				b.warn(err)
			}
		}
	}
}

// listen lets handlers in, each with no more than its questions and answers:
// not the stream, not JetStream's API, not another handler's subjects; and the
// desk's program with its handoffs. It returns the password of the host's own connection, new at each start.
func listen(o *server.Options, in Options) (password string, err error) {
	addr := in.Listen
	name, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("listen on %q: %w", addr, err)
	}
	o.DontListen, o.Host = false, name
	if o.Port, err = strconv.Atoi(port); err != nil {
		return "", fmt.Errorf("listen on %q: %w", addr, err)
	}
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	o.MaxSubs = 64 // a connection
	o.Users = []*server.User{{Username: hostLogin, Password: rand.Text()}}
	for _, l := range in.Logins {
		if !validBot(l.Name) || l.Name == NoBot || l.Name == hostLogin || l.Name == DeskLogin || l.Token == "" {
			return "", fmt.Errorf("handler %q: it needs a name of a-z, 0-9 and -, and a token", l.Name)
		}
		if slices.ContainsFunc(o.Users, func(u *server.User) bool { return u.Username == l.Name }) {
			return "", fmt.Errorf("handler %q is here twice", l.Name)
		}
		o.Users = append(o.Users, &server.User{Username: l.Name, Password: l.Token, Permissions: &server.Permissions{
			Publish:   &server.SubjectPermission{Allow: []string{AnswerSubject("*", l.Name)}},
			Subscribe: &server.SubjectPermission{Allow: []string{QuestionSubject("*", l.Name), inboxPrefix + l.Name + ".>"}},
		}})
	}
	if in.Desk != "" {
		o.Users = append(o.Users, &server.User{Username: DeskLogin, Password: in.Desk, Permissions: mayTake()})
	}
	return o.Users[0].Password, nil
}
