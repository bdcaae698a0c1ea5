package bundle

import "fmt"

// Write makes the folder and puts the bundle into it, and returns the names of
// its files. It is there whole or not at all.
func Write(dir string, r Report) (names []string, err error) {
	files, err := r.files()
	if err == nil {
		names, err = Put(dir, files)
	}
	if err != nil {
		return nil, fmt.Errorf("write the audit bundle: %w", err)
	}
	return names, nil
}

// files are the files of the bundle, the checksums last.
func (r Report) files() ([]File, error) {
	page, err := r.page()
	if err != nil {
		return nil, err
	}
	files := []File{{"report.html", "the whole report, to read and to print", Inside, page}}
	add := func(f File, err2 error) {
		if err == nil {
			err = err2
		}
		files = append(files, f)
	}
	add(Lines("use.jsonl", "how data is used", ForX, r.Use))
	add(Lines("rules.jsonl", "rules in force, by period", Inside, r.Rules))
	add(Lines("decisions.jsonl", "decisions, by day, rule and reason", Inside, r.Decisions))
	add(Lines("optouts.jsonl", "opt-outs, and how soon they were in force", ForX, []OptOuts{r.OptOuts}))
	add(Lines("deletions.jsonl", "removals and their deadlines", ForX, r.Deletions))
	add(Lines("given.jsonl", "what was given to whom, against X's caps", Inside, r.Given))
	add(Lines("handlers.jsonl", "posts and DMs that handlers outside of the host were asked about", Inside, r.Handlers))
	add(Lines("configuration.jsonl", "which settings changed when", Inside, r.Config))
	add(Lines("chain.jsonl", "what the check of the audit chain found", ForX, []any{r.Chain}))
	if err != nil {
		return nil, err
	}
	if r.Note != "" {
		files = append(files, File{"checkpoint.txt", "the last signed checkpoint; keep it, `beckon audit verify --checkpoint` takes it", ForX, []byte(r.Note)})
	}
	return Sealed(Manifest{
		Form: "beckon.audit-bundle/v1", From: r.From.Format("2006-01-02"), To: r.lastDay(), Made: r.Made.Format("2006-01-02T15:04:05Z07:00"),
		By: r.By, For: r.For,
	}, files)
}

// lastDay is the day that To ends.
func (r Report) lastDay() string { return r.To.AddDate(0, 0, -1).Format("2006-01-02") }
