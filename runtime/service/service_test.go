package service

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
)

// journal notes what happened, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) want(t *testing.T, want string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if got := strings.Join(j.lines, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// service notes its life in j and runs until it is cancelled.
func (j *journal) service(name string) Service {
	return Service{
		Name:  name,
		Start: func(context.Context) error { j.add("start %s", name); return nil },
		Run: func(ctx context.Context) error {
			<-ctx.Done()
			j.add("end %s", name)
			return ctx.Err()
		},
		Stop: func(context.Context) error { j.add("stop %s", name); return nil },
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Hour, cancel)
		begin := time.Now()
		if err := (Group{Services: []Service{j.service("a"), j.service("b"), j.service("c")}}).Run(ctx); err != nil {
			t.Error(err)
		}
		if got := time.Since(begin); got != time.Hour {
			t.Errorf("ran %s, want 1h", got)
		}
		j.want(t, "start a, start b, start c, stop c, end c, stop b, end b, stop a, end a")
	})
}

func TestNilFunctions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := (Group{Services: []Service{{Name: "empty"}}}).Run(ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		boom := errors.New("port taken")
		bad := j.service("b")
		bad.Start = func(context.Context) error { return boom }
		err := (Group{Services: []Service{j.service("a"), bad, j.service("c")}}).Run(t.Context())
		if !errors.Is(err, boom) || err.Error() != "start b: port taken" {
			t.Errorf("error %v", err)
		}
		j.want(t, "start a, stop a, end a")
	})
}

// A stop that comes while a service starts reaches it, and nothing more starts.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		slow := j.service("b")
		slow.Start = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		err := (Group{Services: []Service{j.service("a"), slow, j.service("c")}}).Run(ctx)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		j.want(t, "start a, stop a, end a")
	})
}

func TestNothingStartsAfterStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		ctx, cancel := context.WithCancel(t.Context())
		first := j.service("a")
		first.Start = func(context.Context) error { cancel(); return nil }
		if err := (Group{Services: []Service{first, j.service("b")}}).Run(ctx); err != nil {
			t.Error(err)
		}
		j.want(t, "stop a, end a")
	})
}

func TestFirstFaultEndsTheGroup(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"an error", errors.New("disk full"), "run b: disk full"},
		{"no error", nil, "run b: ended by itself"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var j journal
				bad := j.service("b")
				bad.Run = func(context.Context) error { time.Sleep(time.Minute); return tt.err }
				err := (Group{Services: []Service{j.service("a"), bad, j.service("c")}}).Run(t.Context())
				if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
					t.Errorf("error %v, want %s", err, tt.want)
				}
				j.want(t, "start a, start b, start c, stop c, end c, stop b, stop a, end a")
			})
		})
	}
}

// A service is cancelled only at its turn: what it still gets from those that
// stop before it is worked off.
func TestRunOutlivesTheContextUntilItsTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		queue := make(chan int, 8)
		sink := Service{Name: "sink", Run: func(ctx context.Context) error {
			for {
				select {
				case n := <-queue:
					j.add("got %d", n)
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}}
		source := Service{Name: "source", Stop: func(context.Context) error {
			queue <- 1
			time.Sleep(time.Second)
			queue <- 2
			synctest.Wait()
			return nil
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := (Group{Services: []Service{sink, source}}).Run(ctx); err != nil {
			t.Error(err)
		}
		j.want(t, "got 1, got 2")
	})
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		release := make(chan struct{})
		stuckStop := Service{Name: "stop-stuck", Deadline: 2 * time.Second, Stop: func(context.Context) error { <-release; return nil }}
		stuckRun := Service{Name: "run-stuck", Deadline: 3 * time.Second, Run: func(context.Context) error { <-release; return nil }}
		ctx, cancel := context.WithCancel(t.Context())
		cancelled := time.AfterFunc(time.Second, cancel)
		defer cancelled.Stop()
		begin := time.Now()
		err := (Group{Services: []Service{j.service("a"), stuckStop, stuckRun}}).Run(ctx)
		if got := time.Since(begin); got != 6*time.Second {
			t.Errorf("took %s, want 1s + 3s + 2s", got)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		want := []string{
			"stop run-stuck: still running after 3s: context deadline exceeded",
			"stop stop-stuck: still draining after 2s: context deadline exceeded",
		}
		if got := strings.Split(err.Error(), "\n"); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		j.want(t, "start a, stop a, end a")
		close(release)
	})
}

func TestStopFaultsAreJoined(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		a, b := j.service("a"), j.service("b")
		a.Stop = func(context.Context) error { return errors.New("left open") }
		b.Run = func(ctx context.Context) error { <-ctx.Done(); return errors.New("half written") }
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := (Group{Services: []Service{a, b}}).Run(ctx)
		if got, want := fmt.Sprint(err), "stop b: half written\nstop a: left open"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
