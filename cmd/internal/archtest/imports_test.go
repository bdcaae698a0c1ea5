package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// mayImport is the import table of the architecture page: a folder, and what
// its production code may import of ours. A folder below another belongs to the
// nearest row above it, and code of one row may import itself. "*" is
// everything but cmd.
var mayImport = map[string][]string{
	"runtime/event":        {},
	"runtime/conversation": {"runtime/event"},
	"rules":                {"runtime/event"},
	"runtime/bus":          {"runtime/event"},
	"runtime/xapi":         {"runtime/event"},
	"runtime/obs":          {"runtime/event"},
	"runtime/service":      {"runtime/event"},
	"runtime/xsim":         {"runtime/event"},
	"db":                   {"runtime/event", "runtime/conversation"},
	"db/sqlite":            {"runtime/event", "runtime/conversation", "db"},
	"db/dbtest":            {"runtime/event", "runtime/conversation", "db"},
	"handlers":             {"runtime/event", "runtime/conversation", "rules"},       // the dialect, the reader of files, and what X forbids to store
	"runtime/match":        {"runtime/event", "runtime/conversation", "rules", "db"}, // what X forbids to record of a user
	"runtime/gate":         {"runtime/event", "runtime/conversation", "rules", "db"},
	"runtime/budget":       {"runtime/event", "db"},
	"runtime/seal":         {},
	"runtime/dial":         {},
	"runtime/retry":        {}, // one wait for all whose tries are counted in a record
	"runtime/display":      {"runtime/event"},
	"runtime/desk":         {"runtime/event", "db", "runtime/match", "runtime/display", "runtime/retry"},
	"runtime/schedule":     {"runtime/event", "db", "runtime/dial", "runtime/retry"},
	"runtime/audit":        {"runtime/event", "runtime/conversation", "db"},
	"runtime/doctor":       {"runtime/event"},
	"runtime/account":      {"runtime/event", "db", "runtime/seal", "runtime/retry"},
	"runtime/action":       {"runtime/event", "runtime/conversation", "db", "runtime/gate", "runtime/match", "runtime/budget", "runtime/audit", "runtime/retry"},
	"runtime/ingest":       {"runtime/event", "runtime/bus"},
	"runtime/dispatch":     {"runtime/event", "runtime/bus", "runtime/conversation", "db", "runtime/gate", "handlers", "runtime/action", "runtime/budget", "runtime/compliance"},
	"runtime/pseudonym":    {"runtime/event"},
	"runtime/record":       {"runtime/event", "runtime/bus", "db", "runtime/compliance", "runtime/pseudonym"},
	"runtime/replay":       {"runtime/event", "runtime/bus", "runtime/conversation", "db", "runtime/gate", "handlers", "runtime/action", "runtime/dispatch", "runtime/budget"},
	"runtime/remote":       {"runtime/event", "runtime/bus", "db", "handlers", "runtime/dispatch", "runtime/match"},
	"runtime/llm":          {"runtime/event", "db", "runtime/remote", "runtime/dial"},
	"runtime/timeline":     {"runtime/event", "runtime/bus", "runtime/conversation", "rules", "db", "runtime/gate", "handlers", "runtime/action", "runtime/dispatch", "runtime/replay", "runtime/xsim", "runtime/budget"},
	"runtime/rollout":      {"runtime/event", "db", "rules", "handlers", "runtime/gate", "runtime/action"},
	"runtime/backup":       {"runtime/event", "db", "db/sqlite", "runtime/action", "runtime/audit"},
	"runtime/vault":        {"runtime/event", "runtime/bus", "runtime/seal", "db"},
	"runtime/hostkey":      {"db", "runtime/seal", "runtime/account", "runtime/vault"}, // what was sealed, and under which names
	"runtime/erasure":      {"runtime/event", "runtime/service", "runtime/bus", "runtime/conversation", "db", "runtime/action", "runtime/budget"},
	"runtime/suppression":  {"runtime/event", "runtime/service", "runtime/bus", "runtime/conversation", "db", "runtime/action", "runtime/erasure"},
	"runtime/compliance":   {"runtime/event", "runtime/service", "runtime/bus", "runtime/conversation", "db", "runtime/action", "runtime/budget", "runtime/erasure", "runtime/retry"},
	"runtime/admin":        {"runtime/event", "runtime/conversation", "db", "runtime/action", "runtime/match", "runtime/compliance", "runtime/erasure", "runtime/display", "runtime/obs", "runtime/rollout", "runtime/budget", "runtime/doctor", "runtime/audit", "runtime/hostkey", "runtime/record"},
	"runtime/bottest":      {"*"},
	"cmd":                  {"*", "cmd"},
}

// outside says which folders may import a module of others. tests lets every
// _test file and every test package import it too; nowhere else is it allowed.
var outside = []struct {
	module string
	dirs   []string
	tests  bool
}{
	{"github.com/nats-io/nats-server/v2/server/ats", []string{"runtime/bus"}, true},     // what a synctest bubble needs
	{"github.com/nats-io/nats.go", []string{"runtime/bus", "handlers/examples"}, false}, // an example is a program of its own
	{"github.com/nats-io", []string{"runtime/bus"}, false},
	{"github.com/synadia-io/orbit.go", []string{"runtime/bus"}, false},
	{"github.com/g8rswimmer/go-twitter/v2", []string{"runtime/xapi"}, false},
	{"github.com/expr-lang/expr", []string{"rules"}, false},
	{"modernc.org/sqlite", []string{"db/sqlite"}, false},
	{"github.com/jackc/pgx/v5", []string{"db/postgres"}, false},
	{"github.com/prometheus", []string{"runtime/obs"}, false},
	{"go.yaml.in/yaml/v3", []string{"cmd", "rules", "handlers", "runtime/schedule"}, true},
	{"github.com/robfig/cron/v3", []string{"runtime/schedule"}, false},
	{"github.com/mmcdole/gofeed", []string{"runtime/schedule"}, false},
	{"golang.org/x/text", []string{"runtime", "rules", "handlers"}, true},
	{"github.com/rivo/uniseg", []string{"runtime/event"}, false},
	{"golang.org/x/term", []string{"cmd"}, false},
	{"golang.org/x/sys", []string{"cmd"}, false},
	{"github.com/fsnotify/fsnotify", []string{"runtime/rollout"}, false},
	{"github.com/gofrs/flock", []string{"cmd", "runtime/account"}, false},
	{"golang.org/x/mod/sumdb/note", []string{"runtime/audit"}, false},
	{"github.com/tink-crypto/tink-go/v2", []string{"runtime/seal"}, false},
	{"github.com/google/go-cmp", nil, true},
	{"github.com/evanw/esbuild", nil, true},
	{"github.com/rogpeppe/go-internal", nil, true},
	{"github.com/getkin/kin-openapi", nil, true},
	{"github.com/santhosh-tekuri/jsonschema/v6", nil, true},
}

// row returns the folder of the import table that dir belongs to.
func row(dir string) (string, bool) {
	best := ""
	for root := range mayImport {
		if within(dir, root) && len(root) > len(best) {
			best = root
		}
	}
	return best, best != ""
}

// importTable holds production code to mayImport. Tests may import anything but
// cmd: they run what they test through its neighbours.
func importTable(r *repo) (bad []string) {
	for _, f := range r.gos {
		from, ok := row(f.dir)
		if !ok {
			bad = append(bad, f.path+": its folder has no row in the import table")
			continue
		}
		for p, spec := range f.imports {
			dir, own := ours(p)
			if !own {
				continue
			}
			to, _ := row(dir)
			switch allowed := mayImport[from]; {
			case to == from, slices.Contains(allowed, to):
			case to != "cmd" && (f.test || slices.Contains(allowed, "*")):
			default:
				bad = append(bad, fmt.Sprintf("%s: %s may not import %s", r.at(f, spec), from, dir))
			}
		}
	}
	return bad
}

// thirdParties holds every import of others to the table.
func thirdParties(r *repo) (bad []string) {
	for _, f := range r.gos {
		for p, spec := range f.imports {
			if _, own := ours(p); own || !strings.Contains(strings.Split(p, "/")[0], ".") {
				continue // ours, or the standard library
			}
			known, allowed := false, false
			for _, o := range outside {
				if within(p, o.module) {
					known = true
					allowed = within(f.dir, o.dirs...) || o.tests && (f.test || isTestPackage(f.dir))
					break // the first row that matches
				}
			}
			switch {
			case !known:
				bad = append(bad, fmt.Sprintf("%s: %s is not in the table of third parties", r.at(f, spec), p))
			case !allowed:
				bad = append(bad, fmt.Sprintf("%s: %s may not import %s", r.at(f, spec), f.dir, p))
			}
		}
	}
	return bad
}

// testPackages keeps help for tests out of binaries.
func testPackages(r *repo) (bad []string) {
	for _, f := range r.gos {
		if f.test || isTestPackage(f.dir) {
			continue
		}
		for p, spec := range f.imports {
			if isTestPackage(p) || p == "testing" || strings.HasPrefix(p, "testing/") {
				bad = append(bad, fmt.Sprintf("%s: production code imports %s", r.at(f, spec), p))
			}
		}
	}
	return bad
}

// oneDecider keeps every decision in gate: without a rules.Query nobody can ask
// for one. The commands for rule authors may.
func oneDecider(r *repo) (bad []string) {
	for f := range r.production {
		if within(f.dir, "rules", "runtime/gate", "cmd") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok && isSelector(e, "rules", "Query") {
				bad = append(bad, r.at(f, n)+": only runtime/gate asks the rules")
			}
			return true
		})
	}
	return bad
}
