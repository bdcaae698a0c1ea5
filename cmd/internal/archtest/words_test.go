package archtest

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// oldCitation is how long a platform rule may be trusted unread.
const oldCitation = 180 * 24 * time.Hour

var (
	citation   = regexp.MustCompile(`X rule: `)
	readOn     = regexp.MustCompile(`\((?:[^()]*, )?read (\d{4}-\d{2}-\d{2})\)`) // with or without the page
	bareFolder = regexp.MustCompile(`(^|[^./\w-])runtime/\.\.\.`)
	fuzzFlag   = regexp.MustCompile(`\bgo test\b.* -fuzz[ =]`)
	fuzzTarget = regexp.MustCompile(` \./[a-z][a-z0-9/]*( |$|` + "`" + `)`)
	secrets    = []*regexp.Regexp{
		regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY`),
		regexp.MustCompile(`(?i)\bBearer [A-Za-z0-9%_.~+/-]{30,}`),
		regexp.MustCompile(`\bAAAAAAAAAAAAAAAAAAAA[A-Za-z0-9%]{20,}`), // an X app token
		regexp.MustCompile(`\b[A-Za-z0-9_-]{40,}:1:(at|rt):1\b`),      // an X user token, decoded
		regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.`),
		regexp.MustCompile(`\b(gh[pousr]_[A-Za-z0-9]{30,}|xox[abp]-[A-Za-z0-9-]{20,}|AKIA[A-Z0-9]{16})\b`),
	}
)

// prose reports the files whose words a reader may copy: pages, comments,
// scripts and manifests. This package's own files hold the patterns.
func (r *repo) prose(yield func(file) bool) {
	for _, f := range r.files {
		reads := strings.HasPrefix(f.path, ".ci/") || slices.Contains([]string{".md", ".go", ".yaml", ".yml", ".txtar", ".sh"}, path.Ext(f.path))
		if reads && !within(f.path, "cmd/internal/archtest") && !yield(f) {
			return
		}
	}
}

// dottedFolders refuses "runtime/..." without "./": that is Go's own library.
func dottedFolders(r *repo) (bad []string) {
	for f := range r.prose {
		for n, line := range f.lines {
			if bareFolder.MatchString(line) {
				bad = append(bad, fmt.Sprintf("%s:%d: write ./runtime/...", f.path, n))
			}
		}
	}
	return bad
}

// fuzzCommands wants a package in every fuzz command: without one, or with
// ./..., Go passes and fuzzes nothing.
func fuzzCommands(r *repo) (bad []string) {
	for f := range r.prose {
		for n, line := range f.lines {
			if fuzzFlag.MatchString(line) && !fuzzTarget.MatchString(line) {
				bad = append(bad, fmt.Sprintf("%s:%d: the fuzz command names no package", f.path, n))
			}
		}
	}
	return bad
}

// cited is one platform rule, where it is obeyed and when it was read.
type cited struct {
	at   string
	read time.Time
}

// citations reads every "X rule: … (read YYYY-MM-DD)", and the faults of those
// that do not end so. The text may go over several lines.
func citations(r *repo) (out []cited, bad []string) {
	for f := range r.prose {
		s := string(f.data)
		for _, at := range citation.FindAllStringIndex(s, -1) {
			where := fmt.Sprintf("%s:%d", f.path, 1+strings.Count(s[:at[0]], "\n"))
			rest := s[at[1]:min(len(s), at[1]+600)]
			if next := citation.FindStringIndex(rest); next != nil {
				rest = rest[:next[0]]
			}
			m := readOn.FindStringSubmatch(rest)
			if m == nil {
				bad = append(bad, where+": a platform rule without (read YYYY-MM-DD)")
				continue
			}
			day, err := time.Parse(time.DateOnly, m[1])
			if err != nil {
				bad = append(bad, where+": no such day: "+m[1])
				continue
			}
			out = append(out, cited{where, day})
		}
	}
	return out, bad
}

func citationForm(r *repo) []string {
	_, bad := citations(r)
	return bad
}

// stale lists the rules to read again, oldest first.
func stale(rules []cited, now time.Time) (out []string) {
	rules = slices.Clone(rules)
	slices.SortStableFunc(rules, func(a, b cited) int { return a.read.Compare(b.read) })
	for _, c := range rules {
		if now.Sub(c.read) > oldCitation {
			out = append(out, fmt.Sprintf("%s: read %s", c.at, c.read.Format(time.DateOnly)))
		}
	}
	return out
}

// noSecrets looks through sample data of every kind, and through all of deploy.
func noSecrets(r *repo) (bad []string) {
	for _, f := range r.files {
		inside := slices.Contains(strings.Split(f.path, "/"), "testdata") || within(f.path, "deploy") ||
			slices.Contains([]string{".jsonl", ".json", ".txtar", ".yaml", ".env"}, path.Ext(f.path))
		if !inside || !f.text() {
			continue
		}
		for n, line := range f.lines {
			if slices.ContainsFunc(secrets, func(re *regexp.Regexp) bool { return re.MatchString(line) }) {
				bad = append(bad, fmt.Sprintf("%s:%d: looks like a secret", f.path, n))
			}
		}
	}
	return bad
}

// firstCommands wants README's first two commands, and the second of them in
// .ci/run: a newcomer and the gate run the same tests.
func firstCommands(r *repo) (bad []string) {
	want := []string{"go run ./cmd/beckon demo", "go test ./..."}
	var readme, ci []string
	found := map[string]bool{}
	for _, f := range r.files {
		switch f.path {
		case "README.md":
			found[f.path] = true
			readme = commands(f)
		case ".ci/run":
			found[f.path] = true
			for _, line := range f.lines {
				ci = append(ci, strings.TrimSpace(line))
			}
		}
	}
	for _, name := range []string{"README.md", ".ci/run"} {
		if !found[name] {
			bad = append(bad, name+": missing")
		}
	}
	if found["README.md"] && !slices.Equal(readme[:min(2, len(readme))], want) {
		bad = append(bad, fmt.Sprintf("README.md: the first two commands are %q, want %q", readme[:min(2, len(readme))], want))
	}
	if found[".ci/run"] && !slices.ContainsFunc(ci, func(line string) bool { return strings.HasSuffix(line, " "+want[1]) }) {
		bad = append(bad, ".ci/run: does not run "+want[1])
	}
	return bad
}

// commands returns the lines of a page's fenced blocks, without prompts,
// comments and blanks.
func commands(f file) (out []string) {
	fenced := false
	for _, line := range f.lines {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case fenced && line != "" && !strings.HasPrefix(line, "#"):
			line, _, _ = strings.Cut(strings.TrimPrefix(line, "$ "), " #")
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}
