package bottest_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server/ats"

	"github.com/beckon-bot/beckon/runtime/bottest"
	"github.com/beckon-bot/beckon/runtime/xsim/xsimtest"
)

var update = flag.Bool("update", false, "write what came out into the scenarios")

func TestMain(m *testing.M) {
	ats.Register() // outside of every bubble, else a consumer inside one hangs for ever
	os.Exit(m.Run())
}

// TestScenarios plays them all. Together they show that production code fills
// every field that rules can read.
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	judge := contract(t)
	all := seen{values: map[string]bool{}}
	t.Cleanup(func() { // when the last of them has ended
		if all.played == len(files) {
			all.hold(t)
		}
	})
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			all.add(bottest.Run(t, file, *update, judge))
		})
	}
}

// contract judges requests by X's own openapi.json.
func contract(t *testing.T) bottest.Judge {
	if os.Getenv("BECKON_X_DATA") == "" {
		t.Log("requests are not held to X's contract: BECKON_X_DATA is unset")
		return nil
	}
	return xsimtest.Load(t).Request
}
