package xapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/xapi"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

const annID = "5000000000000000001"

// TestI3ClientAgainstSimulator runs xapi against every fault, by Direct and
// over TCP. X is asked afterwards what it did: a class that is tried again must
// never stand beside a post that is there.
func TestI3ClientAgainstSimulator(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fault xsim.Fault
		want  event.Class
		tcp   event.Class // where it differs
	}{
		{xsim.Fault{}, event.OK, ""},
		{xsim.Fault{Kind: xsim.FaultRefuse}, event.Transient, event.UnknownOutcome},
		{xsim.Fault{Kind: xsim.FaultDrop}, event.UnknownOutcome, ""},
		{xsim.Fault{Kind: xsim.FaultLost}, event.UnknownOutcome, ""},
		{xsim.Fault{Kind: xsim.FaultStatus}, event.UnknownOutcome, ""},
		{xsim.Fault{Kind: xsim.FaultStatus, Made: true}, event.UnknownOutcome, ""},
		{xsim.Fault{Kind: xsim.FaultStatus, Status: 401}, event.Auth, ""},
		{xsim.Fault{Kind: xsim.FaultStatus, Status: 402}, event.UsageCapped, ""},
		{xsim.Fault{Kind: xsim.FaultHTML}, event.UnknownOutcome, ""},
		{xsim.Fault{Kind: xsim.FaultHTML, Status: 404}, event.Gone, ""},
		{xsim.Fault{Kind: xsim.FaultHTML, Status: 201, Made: true}, event.UnknownOutcome, ""},
		{xsim.Fault{Kind: xsim.FaultLimit}, event.RateLimited, ""},
		{xsim.Fault{Kind: xsim.FaultGarbage}, event.UnknownOutcome, ""},
		{xsim.Fault{Kind: xsim.FaultErrors}, event.Refused, ""},
		{xsim.Fault{Delay: 2 * time.Second}, event.UnknownOutcome, ""}, // the client waits a fifth of it
	} {
		for _, way := range []string{"reply", "flagged reply", "dm"} {
			for _, tcp := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %d %v/%s/tcp %v", tc.fault.Kind, tc.fault.Status, tc.fault.Made, way, tcp), func(t *testing.T) {
					t.Parallel()
					s := simulator(t)
					out := event.Outgoing{Bot: "desk", Kind: event.DM, User: annID, Text: "hello & <welcome>"}
					if way == "dm" {
						act(t, s, xsim.Act{Kind: xsim.ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
					} else {
						post := act(t, s, xsim.Act{Kind: xsim.ActMention, From: "ann", To: "HelpDesk", Text: "hi"})
						out = event.Outgoing{Bot: "desk", Kind: event.Reply, ReplyTo: post, Text: out.Text, MadeWithAI: way == "flagged reply"}
					}
					if err := s.Fault(tc.fault); err != nil {
						t.Fatal(err)
					}
					want := tc.want
					if tcp && tc.tcp != "" {
						want = tc.tcp
					}
					got := client(t, s, tcp, tc.fault.Delay/5).Send(t.Context(), out)
					if got.Class != want {
						t.Errorf("want %q, got %+v", want, got)
					}
					made := s.SendsTo("ann")
					switch got.Class {
					case event.OK:
						if made != 1 || got.RemoteID != s.Seen()[0].Made {
							t.Errorf("sent as %q, X has %d: %+v", got.RemoteID, made, s.Seen())
						}
					case event.UnknownOutcome:
					default:
						if made != 0 {
							t.Errorf("class %s, and X has it", got.Class)
						}
					}
				})
			}
		}
	}
}

func simulator(t *testing.T) *xsim.Sim {
	t.Helper()
	s, err := xsim.New(xsim.Options{
		Accounts: []xsim.Account{{User: xsim.User{ID: "7000000000000000001", Username: "HelpDesk"}, Token: "t-desk"}},
		Users:    []xsim.User{{ID: annID, Username: "ann"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func act(t *testing.T, s *xsim.Sim, a xsim.Act) string {
	t.Helper()
	d, err := s.Do(a)
	if err != nil {
		t.Fatal(err)
	}
	return d.ID
}

func client(t *testing.T, s *xsim.Sim, tcp bool, timeout time.Duration) *xapi.Client {
	t.Helper()
	o := xapi.Options{
		BaseURL: "https://x.test", HTTP: &http.Client{Transport: xsim.Direct(s.Handler())},
		Auth:    func(context.Context, xapi.As) (xapi.Authorizer, error) { return xapi.Bearer("t-desk"), nil },
		Timeout: timeout,
	}
	if tcp {
		srv := httptest.NewServer(s.Handler())
		t.Cleanup(srv.Close)
		o.BaseURL, o.HTTP = srv.URL, srv.Client()
	}
	x, err := xapi.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
