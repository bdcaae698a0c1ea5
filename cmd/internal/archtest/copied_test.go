package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// longID matches ids long enough to be someone's: X's snowflakes and uuids.
var longID = regexp.MustCompile(`\b(\d{15,20}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b`)

// TestNothingCopied keeps the ids of X's own samples out of this repository: our
// sample data is made up.
func TestNothingCopied(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("BECKON_X_DATA")
	if dir == "" {
		t.Skip("the comparison with X's samples did not run: BECKON_X_DATA is unset")
	}
	samples, err := filepath.Glob(filepath.Join(dir, "events", "*.json"))
	if err != nil || len(samples) == 0 {
		t.Fatalf("no samples under %s: %v", dir, err)
	}
	theirs := map[string]string{}
	for _, name := range samples {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range longID.FindAll(data, -1) {
			theirs[string(id)] = filepath.Base(name)
		}
	}
	if len(theirs) == 0 {
		t.Fatal("the samples hold no ids: the pattern is wrong")
	}
	r, err := load(os.DirFS("../../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.files {
		for _, id := range longID.FindAll(f.data, -1) {
			if from, ok := theirs[string(id)]; ok {
				t.Errorf("%s: holds %s of X's sample %s", f.path, id, from)
			}
		}
	}
}
