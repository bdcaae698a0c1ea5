package account

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// TestT1T2T3SimulatedDays runs logins on the simulated X for three days, with
// two processes, restarts and every kind of trouble at the token endpoint. The
// simulated X ends a login whose refresh token is shown twice: so a login may
// end only where the answer to a refresh that X did was lost, and while it
// stands, X takes what is given out.
func TestT1T2T3SimulatedDays(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			onFakeTime(t, func(t *testing.T, d *desk) { simulatedDays(t, d, seed) })
		})
	}
}

func simulatedDays(t *testing.T, d *desk, seed uint64) {
	sim, err := xsim.New(xsim.Options{
		Accounts: []xsim.Account{{User: xsim.User{ID: "42", Username: "desk_bot"}, Token: "unused"}},
		ClientID: "client", ClientSecret: "client-secret-very-private",
	})
	if err != nil {
		t.Fatal(err)
	}
	way := xsim.Direct(sim.Handler())
	process := func() *Manager {
		m := d.process()
		m.x = newEndpoint("https://x.test", &http.Client{Transport: way}, time.Now)
		return m
	}
	login := func(m *Manager) bool {
		g := NewGrant("client", "http://127.0.0.1:8765/callback", "tweet.read users.read offline.access")
		resp, err := way.RoundTrip(mustGet(t, g.URL("https://x.test/i/oauth2/authorize")))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		back, err := url.Parse(resp.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := g.Answer(back.Query())
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Login(t.Context(), "desk", c)
		return err == nil // else a fault has met it
	}
	rnd := rand.New(rand.NewPCG(seed, 1))
	kinds := []xsim.Fault{{Kind: xsim.FaultRefuse}, {Kind: xsim.FaultDrop}, {Kind: xsim.FaultStatus}, {Kind: xsim.FaultHTML}, {Kind: xsim.FaultLimit}, {Kind: xsim.FaultLost}}
	procs := []*Manager{process(), process()}
	if !login(procs[0]) {
		t.Fatal("the first login fails")
	}
	lostOnes, logins := 0, 1
	for range 3 * 24 * 4 { // each quarter of an hour
		sleep(15 * time.Minute)
		if rnd.IntN(8) == 0 {
			f := kinds[rnd.IntN(len(kinds))]
			f.When = func(c xsim.Call) bool { return c.Op == xsim.OpToken }
			if f.Kind == xsim.FaultLost {
				lostOnes++
			}
			if err := sim.Fault(f); err != nil {
				t.Fatal(err)
			}
		}
		if rnd.IntN(20) == 0 { // one is killed and started again
			procs[rnd.IntN(2)] = process()
		}
		for _, m := range procs {
			if next := m.Step(t.Context(), time.Now()); next.Before(time.Now()) {
				t.Fatalf("the next step was due %s ago", time.Since(next))
			}
		}
		m := procs[rnd.IntN(2)]
		c, err := m.Credential(t.Context(), "desk")
		if err != nil {
			if d.row().State == db.TokenEnded {
				if login(m) {
					logins++
				}
			}
			continue
		}
		if _, _, err := m.x.whoami(t.Context(), c.Bearer); err != nil && d.row().State == db.TokenLive {
			t.Fatalf("seed %d: the login is live, and X does not take its token: %v", seed, err)
		}
	}
	if logins > 1+lostOnes {
		t.Errorf("seed %d: %d logins with %d lost answers", seed, logins, lostOnes)
	}
	asked := 0
	for _, c := range sim.Seen() {
		if c.Op == xsim.OpToken {
			asked++
		}
	}
	t.Logf("%d calls of the token endpoint, %d lost answers, %d logins", asked, lostOnes, logins)
	if asked < 3*24/2 {
		t.Errorf("%d calls of the token endpoint in three days", asked)
	}
	d.quiet()
}

func mustGet(t *testing.T, address string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}
