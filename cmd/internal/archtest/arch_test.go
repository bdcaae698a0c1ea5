package archtest

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// tree is a small repository: path to text.
type tree map[string]string

// checks is every rule about the repository. bad holds trees that break it,
// by a part of the fault it must report; fine is a tree close by that does not.
var checks = []struct {
	name string
	run  func(*repo) []string
	bad  map[string]tree
	fine tree
}{
	{
		name: "ImportTable", run: importTable,
		bad: map[string]tree{
			"runtime/event may not import db": {"runtime/event/a.go": pkg("event", `import _ "github.com/beckon-bot/beckon/db"`)},
			"rules may not import runtime/conversation": {
				"rules/packs/a.go": pkg("packs", `import _ "github.com/beckon-bot/beckon/runtime/conversation"`)},
			"runtime/dispatch may not import db/sqlite":     {"runtime/dispatch/a.go": pkg("dispatch", `import x "github.com/beckon-bot/beckon/db/sqlite"; var _ = x.Y`)},
			"runtime/bottest may not import cmd/beckon":     {"runtime/bottest/a.go": pkg("bottest", `import _ "github.com/beckon-bot/beckon/cmd/beckon"`)},
			"db may not import cmd/internal/config":         {"db/a_test.go": pkg("db", `import _ "github.com/beckon-bot/beckon/cmd/internal/config"`)},
			"db may not import db/sqlite/gen":               {"db/a.go": pkg("db", `import _ "github.com/beckon-bot/beckon/db/sqlite/gen"`)},
			"runtime/brain/a.go: its folder has no row":     {"runtime/brain/a.go": pkg("brain", "")},
			"runtime/xapi may not import runtime/account":   {"runtime/xapi/a.go": pkg("xapi", `import _ "github.com/beckon-bot/beckon/runtime/account"`)},
			"runtime/ingest may not import runtime/account": {"runtime/ingest/a.go": pkg("ingest", `import _ "github.com/beckon-bot/beckon/runtime/account"`)},
		},
		fine: tree{
			"runtime/event/a_test.go": pkg("event", `import _ "github.com/beckon-bot/beckon/db"`),
			"db/sqlite/a.go":          pkg("sqlite", `import _ "github.com/beckon-bot/beckon/db/sqlite/gen"`),
			"db/sqlite/gen/a.go":      pkg("gen", ""),
			"cmd/beckon/a.go":         pkg("main", `import _ "github.com/beckon-bot/beckon/cmd/internal/config"`),
			"runtime/bottest/a.go":    pkg("bottest", `import _ "github.com/beckon-bot/beckon/db/sqlite"`),
		},
	},
	{
		name: "ThirdParties", run: thirdParties,
		bad: map[string]tree{
			"db may not import modernc.org/sqlite":                         {"db/a.go": pkg("db", `import _ "modernc.org/sqlite"`)},
			"rules may not import github.com/google/go-cmp/cmp":            {"rules/a.go": pkg("rules", `import _ "github.com/google/go-cmp/cmp"`)},
			"runtime/action may not import github.com/g8rswimmer":          {"runtime/action/a_test.go": pkg("action", `import _ "github.com/g8rswimmer/go-twitter/v2"`)},
			"runtime/dispatch may not import github.com/nats-io/nats.go":   {"runtime/dispatch/a.go": pkg("dispatch", `import _ "github.com/nats-io/nats.go"`)},
			"runtime/xsim may not import github.com/getkin/kin-openapi":    {"runtime/xsim/a.go": pkg("xsim", `import _ "github.com/getkin/kin-openapi/openapi3"`)},
			"runtime/admin may not import github.com/prometheus":           {"runtime/admin/a.go": pkg("admin", `import _ "github.com/prometheus/client_golang/prometheus"`)},
			"runtime/gate may not import github.com/expr-lang/expr/vm":     {"runtime/gate/a.go": pkg("gate", `import _ "github.com/expr-lang/expr/vm"`)},
			"github.com/stretchr/testify/assert is not in the table":       {"rules/a_test.go": pkg("rules", `import _ "github.com/stretchr/testify/assert"`)},
			"github.com/nats-io/nats-server/v2/server/ats":                 {"runtime/dispatch/a.go": pkg("dispatch", `import _ "github.com/nats-io/nats-server/v2/server/ats"`)},
			"github.com/nats-ioevil/x is not in the table":                 {"runtime/bus/a.go": pkg("bus", `import _ "github.com/nats-ioevil/x"`)},
			"runtime/bottest may not import github.com/nats-io/nats.go/js": {"runtime/bottest/a_test.go": pkg("bottest", `import _ "github.com/nats-io/nats.go/js"`)},
		},
		fine: tree{
			"runtime/bus/a.go":          pkg("bus", `import _ "github.com/nats-io/nats.go/jetstream"`),
			"runtime/bottest/a_test.go": pkg("bottest", `import _ "github.com/nats-io/nats-server/v2/server/ats"`),
			"db/dbtest/a.go":            pkg("dbtest", `import _ "github.com/google/go-cmp/cmp"`),
			"rules/a.go":                pkg("rules", `import _ "github.com/expr-lang/expr"`),
		},
	},
	{
		name: "TestPackages", run: testPackages,
		bad: map[string]tree{
			"production code imports github.com/beckon-bot/beckon/db/dbtest": {"runtime/replay/a.go": pkg("replay", `import _ "github.com/beckon-bot/beckon/db/dbtest"`)},
			"production code imports net/http/httptest":                      {"runtime/xsim/a.go": pkg("xsim", `import _ "net/http/httptest"`)},
			"production code imports testing":                                {"cmd/beckon/a.go": pkg("main", `import _ "testing"`)},
		},
		fine: tree{
			"db/sqlite/a_test.go": pkg("sqlite", `import _ "github.com/beckon-bot/beckon/db/dbtest"`),
			"db/dbtest/a.go":      pkg("dbtest", `import _ "testing"`),
		},
	},
	{
		name: "OneDecider", run: oneDecider,
		bad:  map[string]tree{"only runtime/gate asks the rules": {"runtime/action/a.go": pkg("action", "func f(s *rules.Set) { s.Decide(rules.Query{}) }")}},
		fine: tree{"runtime/gate/a.go": pkg("gate", "var _ = rules.Query{}"), "runtime/action/a.go": pkg("action", "func f(e rules.Effect) {}")},
	},
	{
		name: "AuditedWrites", run: auditedWrites,
		bad: map[string]tree{
			"db.PutX writes, and runtime/audit": {"db/a.go": pkg("db", "type Xs interface { PutX(x int) error; X() (string, error) }")},
			"db.PruneX writes":                  {"db/a.go": pkg("db", "type Xs interface { PruneX() (n int, err error) }"), "runtime/audit/a.go": pkg("audit", "func (s *sealer) PruneX() {}")},
			"db.MarkX writes":                   {"db/a.go": pkg("db", "type Xs interface { MarkX() (fresh bool, err error) }")},
		},
		fine: tree{
			"db/a.go":            pkg("db", "type Xs interface { PutX() error; DropX() error; CountX() (int64, error); Xs() ([]int, error) }"),
			"runtime/audit/a.go": pkg("audit", "var unnoted = []string{\"DropX\"}\nfunc (r *recorder) PutX() error { return nil }"),
		},
	},
	{
		name: "OneGiver", run: oneGiver,
		bad:  map[string]tree{"only audit.Give records": {"runtime/admin/a.go": pkg("admin", "func f(tx db.Tx) { tx.PutRedistribution(r) }")}},
		fine: tree{"runtime/audit/a.go": pkg("audit", "func f(tx db.Tx) { tx.PutRedistribution(r) }"), "runtime/admin/a.go": pkg("admin", "func f() { audit.Give() }")},
	},
	{
		name: "FixedTop", run: fixedTop,
		bad: map[string]tree{
			"pkg: the top level is fixed":        {"pkg/a.go": pkg("a", "")},
			"Makefile: the top level is fixed":   {"Makefile": "all:\n"},
			"runtime is a folder of folders":     {"runtime/a.go": pkg("runtime", "")},
			"notes.txt: runtime is a folder":     {"runtime/notes.txt": "x"},
			"beckon-data: the top level is fixe": {"beckon-data/x": "x"},
		},
		fine: tree{".gitignore": "/beckon-data/\n", "beckon-data/x": "x", ".ci/run": "x", "runtime/event/a.go": pkg("event", "")},
	},
	{
		name: "FileSizes", run: fileSizes,
		bad:  map[string]tree{"rules/a.go: 802 lines, at most 800": {"rules/a.go": "package rules\n" + strings.Repeat("\n", 801)}},
		fine: tree{"rules/a.go": "package rules\n" + strings.Repeat("\n", 799), "db/gen/a.go": "// Code generated by sqlc. DO NOT EDIT.\n\npackage gen\n" + strings.Repeat("\n", 900)},
	},
	{
		name: "PackageNames", run: packageNames,
		bad: map[string]tree{
			"runtime/util: the name says nothing":                {"runtime/util/a.go": pkg("util", "")},
			"db/models: the name says nothing":                   {"db/models/a.go": pkg("models", "")},
			"runtime/metrics: hides a package of Go's runtime":   {"runtime/metrics/a.go": pkg("metrics", "")},
			"runtime/obs/trace: hides a package of Go's runtime": {"runtime/obs/trace/a.go": pkg("trace", "")},
		},
		fine: tree{"runtime/utility/a.go": pkg("utility", "")},
	},
	{
		name: "PackageComments", run: packageComments,
		bad: map[string]tree{
			"rules: no package comment":                            {"rules/a.go": "package rules\n", "rules/a_test.go": "// Package rules is a test.\npackage rules\n"},
			"rules: package comments in rules/a.go and rules/b.go": {"rules/a.go": pkg("rules", ""), "rules/b.go": pkg("rules", "")},
			"cmd/internal/archtest: no package comment":            {"cmd/internal/archtest/doc.go": "// Far away.\n\npackage archtest\n"},
			"db/sqlite: no package comment":                        {"db/sqlite/a.go": "package sqlite\n", "db/sqlite/b.go": "// Code generated by x. DO NOT EDIT.\n\npackage sqlite\n"},
		},
		fine: tree{"rules/a.go": pkg("rules", ""), "rules/b.go": "package rules\n", "db/gen/a.go": "// Code generated by x. DO NOT EDIT.\n\npackage gen\n"},
	},
	{
		name: "NoInit", run: noInit,
		bad:  map[string]tree{"rules/a.go:4: init": {"rules/a.go": pkg("rules", "func init() {}")}, "a_test.go:4: init": {"db/a_test.go": pkg("db", "func init() {}")}},
		fine: tree{"rules/a.go": pkg("rules", "type t int\nfunc (t) init() {}")},
	},
	{
		name: "RealSleeps", run: realSleeps,
		bad: map[string]tree{
			"rules/a_test.go:4: time.Sleep": {"rules/a_test.go": pkg("rules", "func TestX(t *T) { time.Sleep(1) }")},
			"rules/b_test.go:4: time.Sleep": {"rules/b_test.go": pkg("rules", "func TestX(t *T) { synctest.Test(t, func(t *T) {}); time.Sleep(1) }")},
			"db/dbtest/a.go:4: time.Sleep":  {"db/dbtest/a.go": pkg("dbtest", "func X() { go func() { time.Sleep(1) }() }")},
		},
		fine: tree{
			"rules/a_test.go": pkg("rules", "func TestX(t *T) { synctest.Test(t, func(t *T) { time.Sleep(1) }) }\n// wait is called in a bubble.\nfunc wait() { time.Sleep(1) }"),
			"rules/a.go":      pkg("rules", "func x() { time.Sleep(1) }"),
		},
	},
	{
		name: "PackageState", run: packageState,
		bad: map[string]tree{
			"n is package state":                              {"rules/a.go": pkg("rules", "var n int")},
			"cache is package state":                          {"rules/a.go": pkg("rules", "var cache = make(map[string]int)")},
			"mu is package state":                             {"rules/a.go": pkg("rules", "var mu sync.Mutex")},
			"pool is package state":                           {"rules/a.go": pkg("rules", "var pool = sync.Pool{}")},
			"now is package state":                            {"rules/a.go": pkg("rules", "var now = time.Now")},
			"level is package state":                          {"rules/a.go": pkg("rules", `var level = "debug"`)},
			"a.go:5: may change the package variable rules.m": {"rules/a.go": pkg("rules", "var m = map[string]int{}\nfunc f() { m[\"x\"] = 1 }")},
			"a.go:5: may change the package variable rules.l": {"rules/a.go": pkg("rules", "var l = []int{1}\nfunc f() { l = append(l, 2) }")},
			"a.go:5: may change the package variable rules.s": {"rules/a.go": pkg("rules", "var s = t{}\nfunc f() { s.a.b++ }")},
			"a.go:5: may change the package variable rules.p": {"rules/a.go": pkg("rules", "var p = t{}\nfunc f() *t { return &p }")},
			"a.go:5: may change the package variable rules.d": {"rules/a.go": pkg("rules", "var d = map[int]int{}\nfunc f() { delete(d, 1) }")},
			"db/a.go:4: may change the package variable rules.Default": {
				"rules/a.go": pkg("rules", "var Default = t{}"),
				"db/a.go":    pkg("db", "import \"github.com/beckon-bot/beckon/rules\"; func f() { rules.Default = rules.T{} }"),
			},
		},
		fine: tree{
			"rules/a.go": pkg("rules", `var ErrX = errors.New("x")
var re = regexp.MustCompile("x")
var m = map[string]int{"a": 1}
//go:embed a.txt
var files embed.FS
var _ I = (*T)(nil)
func f(m map[string]int) { m["x"] = 1 }
func g() { re := 1; re = 2; _ = re }
func (e *T) h() { e.m = 1 }`),
			"rules/a_test.go": pkg("rules", "var update = flag.Bool()"),
		},
	},
	{
		name: "DottedFolders", run: dottedFolders,
		bad: map[string]tree{
			"README.md:1: write ./runtime/...":  {"README.md": "go test runtime/..."},
			".ci/run:2: write ./runtime/...":    {".ci/run": "\ngo vet runtime/..."},
			"rules/a.go:1: write ./runtime/...": {"rules/a.go": "// Test with runtime/... .\npackage rules\n"},
		},
		fine: tree{"README.md": "go test ./runtime/... ./cmd/runtime/..."},
	},
	{
		name: "FuzzCommands", run: fuzzCommands,
		bad: map[string]tree{
			"README.md:1: the fuzz command": {"README.md": "go test -fuzz FuzzLoad\n"},
			"README.md:2: the fuzz command": {"README.md": "\ngo test -fuzz=FuzzLoad ./...\n"},
		},
		fine: tree{"README.md": "go test -fuzz FuzzLoad ./rules\ngo test ./rules -fuzz=X -fuzztime 5s\nRun `go test -fuzz=X ./rules`.\n"},
	},
	{
		name: "CitationForm", run: citationForm,
		bad: map[string]tree{
			"rules/a.go:1: a platform rule without": {"rules/a.go": "// X rule: one reply.\npackage rules\n"},
			"rules/b.go:1: a platform rule without": {"rules/b.go": "// X rule: one reply.\n// X rule: one DM (read 2026-01-01)\npackage rules\n"},
			"a.yaml:1: no such day: 2026-13-01":     {"rules/packs/a.yaml": "# X rule: one reply (read 2026-13-01)\n"},
		},
		fine: tree{"rules/a.go": "// X rule: one reply for\n// an interaction (facts.md, read 2026-01-01)\npackage rules\n"},
	},
	{
		name: "NoSecrets", run: noSecrets,
		bad: map[string]tree{
			"testdata/k.pem:1: looks like a secret":  {"rules/testdata/k.pem": "-----BEGIN RSA PRIVATE" + " KEY-----\n"},
			"deploy/run.service:2: looks like":       {"deploy/run.service": "\nEnvironment=T=Bearer " + strings.Repeat("aB3", 12)},
			"log.jsonl:1: looks like a secret":       {"cmd/beckon/log.jsonl": `{"t":"AAAAAAAAAAAAAAAAAAAAA` + strings.Repeat("x", 30) + `"}`},
			"testdata/a.txtar:1: looks like":         {"rules/testdata/a.txtar": strings.Repeat("Zx9", 20) + ":1:at:1"},
			"deploy/beckon.yaml:1: looks like a sec": {"deploy/beckon.yaml": "token: ghp_" + strings.Repeat("a1", 18)},
		},
		fine: tree{"rules/testdata/a.json": `{"token":"env:X","authorization":"Bearer test-token"}`},
	},
	{
		name: "FirstCommands", run: firstCommands,
		bad: map[string]tree{
			"README.md: missing":                  {".ci/run": "step go test ./..."},
			".ci/run: missing":                    {"README.md": "x"},
			"README.md: the first two commands":   {"README.md": "```\ngo test ./...\ngo run ./cmd/beckon demo\n```\n", ".ci/run": "x go test ./..."},
			".ci/run: does not run go test ./...": {"README.md": "x", ".ci/run": "step go test ./... -short"},
		},
		fine: tree{"README.md": "# B\n\n```sh\n$ go run ./cmd/beckon demo   # a day\ngo test ./...\n```\n", ".ci/run": "step go test ./...\n"},
	},
	{
		name: "Invariants", run: invariants,
		bad: map[string]tree{
			"runtime/action: the package comment does not state I8": {"runtime/action/a.go": pkg("action", "")},
			"rules: no test carries invariant R1 in its name":       {"rules/a.go": "// Package rules.\n//\n//   - R1 tighten only.\npackage rules\n", "rules/a_test.go": pkg("rules", "func TestR10(t *T) {}\n// TestR1 is not here.\n")},
			"rules: invariant Z1 is stated in db too":               {"rules/a.go": "// Package rules.\n//\n//   - Z1 x.\npackage rules\n", "db/a.go": "// Package db.\n//\n//   - Z1 x.\npackage db\n"},
		},
	},
}

// pkg is a Go file with a package comment; its body begins on line 4.
func pkg(name, body string) string {
	return "// Package " + name + " is a sample.\npackage " + name + "\n\n" + body + "\n"
}

func loadTree(t *testing.T, files tree) *repo {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	r, err := load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRepository runs every check on this repository.
func TestRepository(t *testing.T) {
	t.Parallel()
	r, err := load(os.DirFS("../../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.gos) < 20 || !slices.Contains(r.top, "go.mod") {
		t.Fatalf("%d Go files under %v: not this repository", len(r.gos), r.top)
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, fault := range c.run(r) {
				t.Error(fault)
			}
		})
	}
	t.Logf("%d Go files, median %d lines", len(r.gos), medianLines(r))
}

// TestChecksCanFail runs every check on trees that break it, and on one that
// does not.
func TestChecksCanFail(t *testing.T) {
	t.Parallel()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if len(c.bad) == 0 {
				t.Error("no tree breaks this check")
			}
			for want, files := range c.bad {
				got := c.run(loadTree(t, files))
				if !slices.ContainsFunc(got, func(fault string) bool { return strings.Contains(fault, want) }) {
					t.Errorf("got %q, want a fault with %q", got, want)
				}
			}
			if c.fine == nil {
				return
			}
			for _, fault := range c.run(loadTree(t, c.fine)) {
				t.Errorf("a fine tree: %s", fault)
			}
		})
	}
}

// TestInvariantNames says which names count as carrying a number.
func TestInvariantNames(t *testing.T) {
	t.Parallel()
	r := loadTree(t, tree{
		"db/a_test.go":   pkg("db", "func TestI3UnknownNeverResent(t *T) {}\nfunc TestD1D2Write(t *T) { t.Run(\"B1 publish\", nil); t.Run(\"B2Order\", nil) }\nfunc TestItemR9(t *T) { x(\"C9 nothing\"); t.Run(\"B10x\", nil) }\n"),
		"db/dbtest/a.go": pkg("dbtest", "var t = []c{{\"D3 unique\", f}, {name: \"D4 terminal\"}}\nvar m = map[string]f{\"x\": f, \"B3Again\": f}\nfunc exerciseD5Text() {}\n"),
		"db/a.go":        pkg("db", "func TestE1(t *T) {}\n"),
	})
	got := testedNumbers(r)
	for _, n := range []string{"I3", "D1", "D2", "D3", "D4", "D5", "B1", "B2", "B3"} {
		if !got[n] {
			t.Errorf("%s is not found", n)
		}
	}
	for _, n := range []string{"R9", "C9", "E1", "B10"} {
		if got[n] {
			t.Errorf("%s is found where no test carries it", n)
		}
	}
}

// TestCitationAge lists the platform rules to read again. It fails for a date
// that is to come, and not for age: a clone must not break by waiting.
func TestCitationAge(t *testing.T) {
	t.Parallel()
	r, err := load(os.DirFS("../../.."))
	if err != nil {
		t.Fatal(err)
	}
	rules, _ := citations(r)
	now := time.Now()
	for _, c := range rules {
		if c.read.After(now.AddDate(0, 0, 1)) {
			t.Errorf("%s: read %s, which is to come", c.at, c.read.Format(time.DateOnly))
		}
	}
	old := stale(rules, now)
	t.Logf("%d platform rules cited, %d read more than 180 days ago", len(rules), len(old))
	for _, c := range old {
		t.Log(c)
	}
}

func TestStale(t *testing.T) {
	t.Parallel()
	day := func(m time.Month, d int) time.Time { return time.Date(2026, m, d, 0, 0, 0, 0, time.UTC) }
	rules := []cited{{"b.go:1", day(2, 1)}, {"a.go:1", day(1, 1)}, {"c.go:1", day(6, 1)}}
	got := stale(rules, day(8, 1).Add(time.Hour))
	want := []string{"a.go:1: read 2026-01-01", "b.go:1: read 2026-02-01"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
