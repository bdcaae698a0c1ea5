package main

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
)

// TestRulesCoverage: the bot that init writes tests every condition, and a test
// less shows.
func TestRulesCoverage(t *testing.T) {
	t.Parallel()
	code, out, stderr := beckon(t, "rules", "test", "--coverage", rulesDir(t, nil))
	if code != exitOK || !strings.HasPrefix(out, "coverage: 7 of 7 conditions ") || !strings.HasSuffix(out, "ok: 28 passed, 0 failed, 0 todo, in 1 file\n") {
		t.Errorf("exit %d: %s%s", code, out, stderr)
	}
	dir := rulesDir(t, map[string]func(string) string{"support_test.yaml": replace("{event.age: 12h}", "{interaction.replies_sent: 2, event.age: 12h}")})
	code, out, _ = beckon(t, "rules", "test", "--coverage", dir)
	if want := "never deciding\n      support.reply, when fresh: event.age < hours(12)\n"; code == exitUsage || strings.Contains(out, want) {
		t.Errorf("exit %d, the other cases decide by fresh:\n%s", code, out)
	}
	dir = rulesDir(t, map[string]func(string) string{"support_test.yaml": func(s string) string {
		return strings.ReplaceAll(s, "user.dms_sent_24h: 10", "user.dms_sent_24h: 9")
	}})
	_, out, _ = beckon(t, "rules", "test", "--coverage", dir)
	if want := "never true\n      support.not-too-many-dms, when many: user.dms_sent_24h >= 10\n"; !strings.Contains(out, want) {
		t.Errorf("no %q in:\n%s", want, out)
	}
	_, out, _ = beckon(t, "rules", "test", "--coverage", "--format", "json", dir)
	var got struct {
		Coverage []struct {
			Condition             string
			True, False, Deciding int
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Coverage) != 7 {
		t.Errorf("%v: %+v", err, got)
	}
}

// TestRulesJUnit: a build server reads how the tests came out, and why rules
// do not load.
func TestRulesJUnit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                             string
		change                           map[string]func(string) string
		code                             int
		tests, failures, errors, skipped int
		part                             string
	}{
		{"all pass", nil, exitOK, 28, 0, 0, 0, ""},
		{"one fails", map[string]func(string) string{"support.yaml": replace("hours(12)", "hours(14)")}, exitExpect, 28, 1, 0, 0, `message="differs in decision"`},
		{"one is a todo", map[string]func(string) string{"support.yaml": replace("hours(12)", "hours(14)"),
			"support_test.yaml": replace("set: {event.age: 12h}", "set: {event.age: 12h}\n      todo: \"<later>\"")}, exitOK, 28, 0, 0, 1, `message="&lt;later&gt;"`},
		{"rules do not load", map[string]func(string) string{"support.yaml": replace("hours(12)", "12")}, exitRules, 1, 0, 1, 0, `message="type: event.age is a duration"`},
	} {
		code, out, stderr := beckon(t, "rules", "test", "--format", "junit", rulesDir(t, tt.change))
		var got junitSuites
		if err := xml.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		if code != tt.code || got.Tests != tt.tests || got.Failures != tt.failures || got.Errors != tt.errors || got.Skipped != tt.skipped || len(got.Suites) != 1 || len(got.Suites[0].Cases) != tt.tests {
			t.Errorf("%s: exit %d: %+v\n%s", tt.name, code, got, stderr)
		}
		if !strings.Contains(out, tt.part) {
			t.Errorf("%s: no %s in:\n%s", tt.name, tt.part, out)
		}
	}
}

// TestRulesCheckFormats: SARIF and annotations name the place, the fault and
// the hint.
func TestRulesCheckFormats(t *testing.T) {
	t.Parallel()
	good := rulesDir(t, nil)
	bad := rulesDir(t, map[string]func(string) string{"support.yaml": func(s string) string {
		return strings.NewReplacer("hours(12)", "12", "feature.asks_refund", "feature.asks_refnd").Replace(s)
	}})
	code, out, _ := beckon(t, "rules", "check", "--format", "github", bad)
	want := "::error file=" + bad + "/support.yaml,line=22,col=26,title=type::event.age is a duration%0Ahint: write event.age < hours(24)\n"
	if code != exitRules || strings.Count(out, "::error ") != 2 || !strings.Contains(out, want) {
		t.Errorf("exit %d, want\n%s\ngot\n%s", code, want, out)
	}
	if code, out, _ := beckon(t, "rules", "check", "--format", "github", good); code != exitOK || strings.Contains(out, "::error") {
		t.Errorf("exit %d: %s", code, out)
	}
	for dir, n := range map[string]int{good: 0, bad: 2} {
		_, out, _ := beckon(t, "rules", "check", "--format", "sarif", dir)
		var got struct {
			Version string
			Runs    []struct {
				Tool struct {
					Driver struct{ Rules []struct{ ID string } }
				}
				Results []struct {
					RuleID    string
					Message   struct{ Text string }
					Locations []struct {
						PhysicalLocation struct {
							ArtifactLocation struct{ URI string }
							Region           struct{ StartLine, StartColumn int }
						}
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil || got.Version != "2.1.0" || len(got.Runs) != 1 || len(got.Runs[0].Results) != n {
			t.Fatalf("%v: %s", err, out)
		}
		if n == 0 {
			continue
		}
		r := got.Runs[0].Results[0]
		at := r.Locations[0].PhysicalLocation
		if r.RuleID != "type" || at.Region.StartLine != 22 || at.Region.StartColumn != 26 || at.ArtifactLocation.URI != "file://"+bad+"/support.yaml" || len(got.Runs[0].Tool.Driver.Rules) != 2 {
			t.Errorf("got %+v", r)
		}
	}
	if uri := fileURI("my rules/a#b.yaml"); uri != "my%20rules/a%23b.yaml" {
		t.Errorf("a relative path is %s", uri)
	}
}
