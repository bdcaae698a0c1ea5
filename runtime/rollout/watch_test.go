package rollout

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// watch runs the watcher until the test ends.
func (d *desk) watch() {
	d.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.r.Watch(ctx) }()
	d.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			d.t.Error(err)
		}
	})
}

func version(v string) string { return strings.Replace(pack, "1.0.0", v, 1) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestWatch changes a directory in the ways in which people and machines do.
func TestWatch(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.start()
	d.watch()

	d.write(d.dir, "acme.yaml", version("2.0.0")) // in place
	d.await(`account="acme 2.0.0"`)

	d.write(d.dir, ".acme.yaml.swp", version("3.0.0")) // as editors do
	must(t, os.Rename(filepath.Join(d.dir, ".acme.yaml.swp"), filepath.Join(d.dir, "acme.yaml")))
	d.await(`account="acme 3.0.0"`)

	must(t, os.Rename(d.dir, d.dir+"-gone")) // taken away
	d.await("rules refused; the last good ones stay in force")
	d.write(d.dir, "acme.yaml", version("4.0.0")) // and another one put there
	d.await(`account="acme 4.0.0"`)
	d.write(d.dir, "acme.yaml", version("4.1.0"))
	d.await(`account="acme 4.1.0"`)

	d.write(d.next, "acme.yaml", version("5.0.0")) // a candidate that was not there
	d.await(`candidate=true`)
	if v := d.ask(); !v.Allowed() || v.Candidate == nil {
		t.Errorf("%s, candidate %v", v.Decision.Effect, v.Candidate)
	}
}

// TestWatchLinks: a mounted ConfigMap, whose files are links through one link
// that is turned, and a directory that is a link itself.
func TestWatchLinks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.remove(d.dir)
	turn := func(target, link string) {
		t.Helper()
		must(t, os.Symlink(target, link+".tmp"))
		must(t, os.Rename(link+".tmp", link))
	}
	d.write(filepath.Join(d.dir, "..1"), "acme.yaml", version("1.0.0"))
	turn("..1", filepath.Join(d.dir, "..data"))
	must(t, os.Symlink(filepath.Join("..data", "acme.yaml"), filepath.Join(d.dir, "acme.yaml")))
	releases := filepath.Join(filepath.Dir(d.dir), "releases")
	d.write(filepath.Join(releases, "1"), "acme.yaml", version("1.5.0"))
	turn(filepath.Join(releases, "1"), d.next)
	d.start()
	d.watch()
	d.await(`account="acme 1.5.0"`)

	d.write(filepath.Join(d.dir, "..2"), "acme.yaml", version("2.0.0"))
	turn("..2", filepath.Join(d.dir, "..data"))
	d.remove(filepath.Join(d.dir, "..1"))
	d.await(`account="acme 2.0.0"`)

	d.write(filepath.Join(releases, "2"), "acme.yaml", version("2.5.0"))
	turn(filepath.Join(releases, "2"), d.next)
	d.await(`account="acme 2.5.0"`)
	d.write(filepath.Join(releases, "2"), "acme.yaml", version("2.6.0")) // behind the link
	d.await(`account="acme 2.6.0"`)
}

// TestWait: hints are taken together while they come, but not for ever.
func TestWait(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		at   []time.Duration // of hints
		want time.Duration
	}{
		{"nothing", nil, lookEvery},
		{"one", []time.Duration{time.Second}, time.Second + quiet},
		{"a copy of many files", []time.Duration{time.Second, time.Second + 100*time.Millisecond, time.Second + 300*time.Millisecond}, time.Second + 300*time.Millisecond + quiet},
		{"no end", every(200*time.Millisecond, 100), 200*time.Millisecond + longest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				hints := make(chan struct{}, 1)
				begin := time.Now()
				go func() {
					for _, at := range tt.at {
						select {
						case <-time.After(time.Until(begin.Add(at))):
						case <-ctx.Done():
							return
						}
						select {
						case hints <- struct{}{}:
						default:
						}
					}
				}()
				if ok := wait(ctx, hints, lookEvery); !ok || time.Since(begin) != tt.want {
					t.Errorf("%t after %s, want true after %s", ok, time.Since(begin), tt.want)
				}
				stop()
				if wait(ctx, make(chan struct{}), lookEvery) {
					t.Error("true after the end")
				}
			})
		})
	}
}

func every(d time.Duration, n int) (at []time.Duration) {
	for i := range n {
		at = append(at, time.Duration(i+1)*d)
	}
	return at
}
