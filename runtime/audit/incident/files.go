package incident

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/audit/bundle"
)

// Names of the files that a person works with. Everything else is evidence.
const (
	NoticeFile    = "notice-to-x.txt"
	ChecklistFile = "checklist.txt"
	Folder        = "evidence"
)

// Made is the folder, not yet written.
type Made struct {
	Files []bundle.File `json:"files"`
	Sum   string        `json:"sum"` // SHA-256 of the evidence's checksums
	Gaps  []string      `json:"gaps"`
	// PostIDs counts the ids of X in the evidence: posts of the bots.
	PostIDs int64 `json:"post_ids"`
}

// Files makes the folder: the text to X and the checklist, which people change,
// and the evidence with its checksums, which nobody does (V32).
func (e Evidence) Files() (Made, error) {
	var m Made
	files, err := e.evidence()
	if err != nil {
		return m, err
	}
	for _, a := range e.Actions {
		if a.Post != "" {
			m.PostIDs++
		}
	}
	sums := files[len(files)-1]
	m.Sum = fmt.Sprintf("%x", sha256.Sum256(sums.Data))
	text := e.notice()
	m.Gaps = Gaps(text)
	m.Files = []bundle.File{
		{Name: NoticeFile, What: "what X has to be told, at once; fill in what is marked", Confidential: bundle.Inside, Data: []byte(text)},
		{Name: ChecklistFile, What: "what to do, in which order", Confidential: bundle.Inside, Data: []byte(e.checklist(m.Sum))},
	}
	for _, f := range files {
		f.Name = Folder + "/" + f.Name
		m.Files = append(m.Files, f)
	}
	return m, nil
}

func (e Evidence) evidence() (files []bundle.File, err error) {
	add := func(f bundle.File, err2 error) {
		if err == nil {
			err = err2
		}
		files = append(files, f)
	}
	add(bundle.Lines("given.jsonl", "what left the host for somebody: exports and reports", bundle.Inside, e.Given))
	add(bundle.Lines("handlers.jsonl", "posts and DMs that handlers outside of the host were asked about", bundle.Inside, e.Handouts))
	add(bundle.Lines("acts.jsonl", "what operators did and were refused, whose texts they read among it", bundle.Inside, e.Acts))
	add(bundle.Lines("operators.jsonl", "who could act, and since when by which token", bundle.Inside, e.Operators))
	add(bundle.Lines("logins.jsonl", "how the bots' logins stand now", bundle.Inside, e.Logins))
	add(bundle.Lines("switches.jsonl", "kill switches as they stand now", bundle.Inside, e.Switches))
	add(bundle.Lines("actions.jsonl", "what was held, sent, stopped: made or changed in the period, as it stands now", bundle.Figures, e.Actions))
	add(bundle.Lines("decisions.jsonl", "decisions of the days of the period, by rule and reason", bundle.Inside, e.Report.Decisions))
	add(bundle.Lines("optouts.jsonl", "opt-outs of the period that stand", bundle.ForX, e.OptOuts))
	add(bundle.Lines("deletions.jsonl", "removals and their deadlines", bundle.ForX, e.Report.Deletions))
	add(bundle.Lines("rules.jsonl", "rules in force, by period", bundle.Inside, e.Report.Rules))
	add(bundle.Lines("configuration.jsonl", "which settings changed when", bundle.Inside, e.Report.Config))
	add(bundle.Lines("entries.jsonl", "the audit chain of the period", bundle.Inside, e.Entries))
	add(bundle.Lines("chain.jsonl", "what the check of the whole audit chain found", bundle.Inside, []any{e.Report.Chain}))
	if err != nil {
		return nil, err
	}
	if e.Report.Note != "" {
		files = append(files, bundle.File{
			Name: "checkpoint.txt", What: "the last signed checkpoint; `beckon audit verify --checkpoint` takes it", Confidential: bundle.ForX, Data: []byte(e.Report.Note),
		})
	}
	return bundle.Sealed(bundle.Manifest{
		Form: "beckon.incident-evidence/v1", From: stamp(e.From), To: stamp(e.To), Made: stamp(e.Now), By: e.By, For: "the investigation of an incident",
	}, files)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

var gap = regexp.MustCompile(`\[FILL IN: [^\]]*\]`)

// Gaps are what a person still has to write into a text, in its order (V33).
func Gaps(text string) []string {
	out := []string{}
	for _, g := range gap.FindAllString(text, -1) {
		g = strings.TrimSuffix(strings.TrimPrefix(g, "[FILL IN: "), "]")
		out = append(out, strings.Join(strings.Fields(g), " "))
	}
	return out
}
