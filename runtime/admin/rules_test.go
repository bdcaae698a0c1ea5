package admin_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/rollout"
)

func TestRules(t *testing.T) {
	t.Parallel()
	d := open(t)
	dir := t.TempDir()
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "acme.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(pack)
	r := rollout.New(rollout.Options{
		Store: d.store, Gate: d.opt.Desk.Gate, Now: d.opt.Now, Bots: []rollout.Bot{{Name: "acme", Rules: dir}},
	})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"GET /v1/rules", "GET /v1/files", "POST /v1/rules/reload"} { // no host runs
		method, url, _ := strings.Cut(path, " ")
		if got := d.do(method, url, `{"by":"bob"}`); got.status != 409 || !strings.Contains(got.body, "no host runs") {
			t.Errorf("%s: got %v, want 409", path, got)
		}
	}
	d.opt.Rules = r
	d.Handler = admin.New(d.opt)
	first := get[admin.Rules](d, "GET", "/v1/rules", "").Rules
	if len(first) != 1 || first[0].Bot != "acme" || first[0].Rules.Set == "" || first[0].Rules.Failure != nil || first[0].Candidate != nil {
		t.Fatalf("got %+v", first)
	}

	write("half")
	failed := get[admin.Rules](d, "POST", "/v1/rules/reload", `{"by":"bob"}`).Rules[0].Rules
	if failed.Outcome != rollout.Failed || failed.Set != first[0].Rules.Set || failed.Failure == nil || failed.Failure.Step != rollout.StepLoad ||
		!strings.Contains(failed.Failure.Error(), "acme.yaml:1:1: ") {
		t.Errorf("half a file: got %+v", failed)
	}
	if got := d.do("GET", "/readyz", ""); got.status != 200 {
		t.Errorf("readyz: got %v, want 200", got)
	}
	write(strings.Replace(pack, "version: ", "version: 9.", 1))
	now := get[admin.Rules](d, "POST", "/v1/rules/reload", `{"by":"bob","bot":"acme"}`).Rules[0].Rules
	if now.Outcome != rollout.Changed || now.Why != "operator bob" || now.Set == first[0].Rules.Set {
		t.Errorf("another version: got %+v", now)
	}
	if log := d.log.String(); strings.Count(log, "reload rules") != 2 || !strings.Contains(log, "by=bob") {
		t.Errorf("O2: logged\n%s", log)
	}
	for body, want := range map[string]int{`{}`: 400, `{"by":"bob","bot":"nobody"}`: 404, `{"by":"bob","dir":"/etc"}`: 400} {
		if got := d.do("POST", "/v1/rules/reload", body); got.status != want {
			t.Errorf("%s: got %v, want %d", body, got, want)
		}
	}
}
