package account

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/runtime/event"
)

func TestRefreshWhenExpired(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.running()
		first := d.token(m)
		if again := d.token(m); again != first || d.x.called(tokenPath) != 1 {
			t.Errorf("a token that lives was refreshed")
		}
		expire()
		if second := d.token(m); second == first || d.x.called(tokenPath) != 2 {
			t.Errorf("after its end: the same token, or %d calls", d.x.called(tokenPath))
		}
		d.wantState(db.TokenLive)
		d.quiet()
	})
}

// Step refreshes ahead, so that no sender waits for it.
func TestRefreshAhead(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.running()
		go func() { _ = m.Run(t.Context()) }()
		sleep(time.Hour + 49*time.Minute)
		if n := d.x.called(tokenPath); n != 1 {
			t.Errorf("11 minutes before its end: %d calls, want the login alone", n)
		}
		sleep(6 * time.Minute)
		if n := d.x.called(tokenPath); n != 2 {
			t.Errorf("5 minutes before its end: %d calls, want a refresh", n)
		}
		sleep(24 * time.Hour)
		if n := d.x.called(tokenPath); n < 13 || n > 16 {
			t.Errorf("a day later: %d calls, want one each hour and 50 minutes", n)
		}
		d.token(m)
	})
}

// TestT1StoredBeforeUsed fails the write of the new pair in every way: what is
// given out is always what the database holds.
func TestT1StoredBeforeUsed(t *testing.T) {
	for name, k := range dbtest.Table() {
		t.Run(name, func(t *testing.T) {
			onFakeTime(t, func(t *testing.T, d *desk) {
				m := d.running()
				expire()
				d.store.At(d.store.Writes()+2, k) // the lease, then the pair
				_, err := m.Credential(t.Context(), "desk")
				if err == nil && k != dbtest.ReportedFailed {
					t.Fatal("a token was given out that is not stored")
				}
				if d.store.Struck() != 1 {
					t.Fatalf("%d faults struck", d.store.Struck())
				}
				switch k {
				case dbtest.NotStored, dbtest.ReportedFailed: // the same process stores it after all
					d.token(m)
					d.wantState(db.TokenLive)
					if n := d.x.called(tokenPath); n != 2 {
						t.Errorf("%d calls, want the login and one refresh", n)
					}
					d.stopped(0, "")
				case dbtest.KilledAfter:
					d.store = dbtest.Faulty(d.below)
					d.token(d.process())
					d.wantState(db.TokenLive)
				case dbtest.KilledBefore: // X has spent the token, and nobody has the new one
					d.store = dbtest.Faulty(d.below)
					m := d.process()
					sleep(leaseTime)
					e := d.noToken(m, event.Auth)
					if !errors.Is(e, ErrNoLogin) {
						t.Errorf("got %v, want ErrNoLogin", e)
					}
					d.wantState(db.TokenEnded)
					d.stopped(1, "the answer to a refresh of its token was lost")
				}
				d.quiet(err)
			})
		})
	}
}

// TestT2LeaseFails: without the lease stored nothing goes to X.
func TestT2LeaseFails(t *testing.T) {
	for name, k := range dbtest.Table() {
		t.Run(name, func(t *testing.T) {
			onFakeTime(t, func(t *testing.T, d *desk) {
				m := d.running()
				expire()
				d.store.Next(k)
				d.noToken(m, event.Transient)
				if n := d.x.called(tokenPath); n != 1 {
					t.Fatalf("%d calls, want the login alone", n)
				}
				d.store = dbtest.Faulty(d.below)
				d.token(d.process()) // waits for the lease where it was stored
				d.wantState(db.TokenLive)
				d.stopped(0, "")
			})
		})
	}
}

// TestT2TwoProcesses refresh at the same moment, with several callers each. The
// fake X fails the test if two requests are under way, and ends the login if a
// token is spent twice.
func TestT2TwoProcesses(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		one := d.running()
		two := d.process()
		expire()
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[string]int{}
		for _, m := range []*Manager{one, two, one, two, one, two} {
			wg.Go(func() {
				tok := d.token(m)
				mu.Lock()
				defer mu.Unlock()
				got[tok]++
			})
		}
		wg.Wait()
		if len(got) != 1 || d.x.called(tokenPath) != 2 {
			t.Errorf("%d different tokens, %d calls; want one token, the login and one refresh", len(got), d.x.called(tokenPath))
		}
	})
}

// A process that died while it refreshed leaves its lease; the other waits for
// its end.
func TestT2DeadHolder(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.running()
		expire()
		row := d.row()
		row.State, row.LeaseUntil = db.TokenRefreshing, time.Now().Add(leaseTime)
		if err := d.below.Write(t.Context(), func(tx db.Tx) error { return tx.PutToken(row) }); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		d.token(m) // it had not sent anything: the old token still works
		if waited := time.Since(begun); waited < leaseTime || waited > leaseTime+time.Second {
			t.Errorf("waited for %s, want the lease", waited)
		}
		d.wantState(db.TokenLive)
	})
}

// TestT3LostAnswer: X did the refresh or did not, and its answer was lost.
func TestT3LostAnswer(t *testing.T) {
	for f, had := range map[fault]bool{lostBefore: false, slow: false, lostAfter: true, html: true, cut: true, status500: true, status503: false} {
		t.Run(string(f), func(t *testing.T) {
			onFakeTime(t, func(t *testing.T, d *desk) {
				m := d.running()
				expire()
				d.x.fail(tokenPath, f)
				e := d.noToken(m, event.Transient)
				d.wantState(db.TokenUnknown)
				d.stopped(0, "")
				if e.RetryAt.IsZero() {
					t.Error("no time to try again")
				}
				if n := d.x.called(tokenPath); n != 2 {
					t.Fatalf("%d calls, want one refresh before the wait", n)
				}
				d.noToken(m, event.Transient) // not before its time
				if n := d.x.called(tokenPath); n != 2 {
					t.Fatalf("%d calls: asked again before its time", n)
				}
				sleep(retryBase)
				if !had { // the old one is still good
					d.token(m)
					d.wantState(db.TokenLive)
					d.stopped(0, "")
					return
				}
				e = d.noToken(m, event.Auth)
				if !errors.Is(e, ErrNoLogin) || !strings.Contains(e.Error(), "beckon login desk") {
					t.Errorf("got %v", e)
				}
				d.wantState(db.TokenEnded)
				d.stopped(1, "`beckon login desk`, then `beckon resume desk`")
				sleep(time.Hour)
				d.noToken(m, event.Auth)
				d.stopped(1, "")
				if n := d.x.called(tokenPath); n != 3 {
					t.Errorf("%d calls: the old token went out more than twice", n)
				}
				if n := strings.Count(d.log.String(), `"level":"ERROR"`); n != 1 {
					t.Errorf("%d alarms, want one", n)
				}
				d.quiet(e)
			})
		})
	}
}

// While the old access token lives, a lost answer costs nobody anything.
func TestT3UnknownAheadOfTime(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.running()
		first := d.token(m)
		sleep(2*time.Hour - 5*time.Minute)
		d.x.fail(tokenPath, lostBefore)
		next := m.Step(t.Context(), time.Now())
		d.wantState(db.TokenUnknown)
		if got := d.token(m); got != first {
			t.Errorf("got %s, want the old one", got)
		}
		if wait := time.Until(next); wait < retryBase-time.Second || wait > retryBase {
			t.Errorf("next step in %s, want %s", wait, retryBase)
		}
		sleep(time.Until(next))
		m.Step(t.Context(), time.Now())
		d.wantState(db.TokenLive)
		if d.token(m) == first {
			t.Error("not refreshed")
		}
	})
}

func TestT4Revoked(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.running()
		d.x.withdraw("42")
		expire()
		d.stop = errors.New("database is away")
		d.noToken(m, event.Transient) // not ended before the bot is stopped
		if row := d.row(); row.State == db.TokenEnded {
			t.Fatal("ended, and the bot is not stopped")
		}
		d.stop = nil
		sleep(leaseTime)
		e := d.noToken(m, event.Auth)
		d.wantState(db.TokenEnded)
		d.stopped(1, "`beckon login desk`, then `beckon resume desk`")
		if row := d.row(); len(row.Sealed) != 0 {
			t.Error("tokens are kept that are of no use")
		}
		list, err := m.List(t.Context())
		if err != nil || list[0].State != "ended" || list[0].Reason == "" {
			t.Errorf("list: %+v, %v", list, err)
		}
		d.quiet(e, list)

		// A new login begins anew.
		if err := d.login(m, "42"); err != nil {
			t.Fatal(err)
		}
		d.token(m)
		d.wantState(db.TokenLive)
	})
}

// TestT4KilledBetween: the host dies after the kill switch and before the end is
// stored. The next one finds it again.
func TestT4KilledBetween(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.running()
		d.x.withdraw("42")
		expire()
		d.store.At(d.store.Writes()+2, dbtest.KilledBefore)
		d.noToken(m, event.Transient)
		d.stopped(1, "")
		d.store = dbtest.Faulty(d.below)
		sleep(leaseTime)
		d.noToken(d.process(), event.Auth)
		d.stopped(2, "")
		d.wantState(db.TokenEnded)
	})
}

// TestT7NothingIsLost: trouble that has nothing to do with the token.
func TestT7NothingIsLost(t *testing.T) {
	for f, want := range map[fault]struct {
		class event.Class
		wait  time.Duration
	}{
		noDial:    {event.Transient, retryBase},
		rate:      {event.RateLimited, 7 * time.Minute},
		badClient: {event.Auth, retryMax},
		forbidden: {event.Auth, retryMax},
	} {
		t.Run(string(f), func(t *testing.T) {
			onFakeTime(t, func(t *testing.T, d *desk) {
				m := d.running()
				expire()
				d.x.fail(tokenPath, f, f)
				before := time.Now()
				e := d.noToken(m, want.class)
				if got := e.RetryAt.Sub(before); got > want.wait || got < want.wait-2*time.Second {
					t.Errorf("again in %s, want %s", got, want.wait)
				}
				d.wantState(db.TokenLive)
				sleep(time.Until(e.RetryAt))
				second := d.noToken(m, want.class)
				if f == noDial && time.Until(second.RetryAt) <= retryBase {
					t.Errorf("again in %s, want later than the first time", time.Until(second.RetryAt))
				}
				sleep(time.Until(second.RetryAt))
				d.token(m)
				d.stopped(0, "")
				d.quiet(e, second)
			})
		})
	}
}

// A clock that goes back, or jumps ahead, never makes a dead token look alive.
func TestClockSkew(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		var skew time.Duration
		m := d.running()
		now := func() time.Time { return time.Now().Add(skew) }
		m.Now, m.x.now = now, now
		skew = -time.Minute / 2
		first := d.token(m)
		skew = -3 * time.Hour // the stored expiry is five hours away now
		second := d.token(m)
		if second == first {
			t.Error("three hours back: a token whose end nobody knows was given out")
		}
		skew = 3 * time.Hour
		if third := d.token(m); third == second {
			t.Error("three hours ahead: a token that has run out was given out")
		}
	})
}

// TestLifetimes: what X says counts; what cannot be is replaced.
func TestLifetimes(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]time.Duration{
		`7200`: 2 * time.Hour, `60`: time.Minute, `"300"`: 5 * time.Minute, `1.5`: 1500 * time.Millisecond,
		``: defaultLifetime, `null`: defaultLifetime, `0`: defaultLifetime, `-5`: defaultLifetime,
		`1e300`: defaultLifetime, `"soon"`: defaultLifetime, `{}`: defaultLifetime, `NaN`: defaultLifetime,
	} {
		if got := lifetime([]byte(raw)); got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
}

// A token of a few seconds is refreshed again and again, and never in a tight
// loop.
func TestShortLife(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		d.x.life = 40
		m := d.running()
		go func() { _ = m.Run(t.Context()) }()
		sleep(10 * time.Minute)
		if n := d.x.called(tokenPath); n < 15 || n > 40 {
			t.Errorf("%d calls in ten minutes", n)
		}
	})
}

// slowRead holds one read back until it is let go: it saw the row before a
// refresh and comes back after it.
type slowRead struct {
	db.Store
	hold, held chan struct{}
}

func (s slowRead) Read(ctx context.Context, fn func(db.Tx) error) error {
	err := s.Store.Read(ctx, fn)
	select {
	case <-s.hold:
		s.held <- struct{}{}
		<-s.held
	default:
	}
	return err
}

// A read from before a refresh does not bring the old token back.
func TestT1LateRead(t *testing.T) {
	onFakeTime(t, func(t *testing.T, d *desk) {
		m := d.running()
		slow := slowRead{m.Store, make(chan struct{}, 1), make(chan struct{})}
		m.Store = slow
		sleep(2*time.Hour - 5*time.Minute)
		first := d.token(m)
		slow.hold <- struct{}{}
		go func() { _, _ = m.look(t.Context(), m.bots["desk"]) }()
		<-slow.held
		m.Step(t.Context(), time.Now())
		second := d.token(m)
		slow.held <- struct{}{}
		synctest.Wait()
		if got := d.token(m); second == first || got != second {
			t.Errorf("got %s after %s and %s", got, first, second)
		}
	})
}
