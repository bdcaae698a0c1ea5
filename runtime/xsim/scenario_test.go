package xsim

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseScenario(t *testing.T) {
	t.Parallel()
	const good = `0s mention {"from":"ann","to":"HelpDesk","as":"q1"}` + "\n"
	for text, want := range map[string]string{
		"":                                  "no line says what happens",
		"# only words\n":                    "no line says what happens",
		"soon mention {}":                   `:1: "soon" is no offset`,
		"-1s mention {}":                    `:1: "-1s" is no offset`,
		"1s wave {}":                        `:1: no command "wave"; there are: mention,`,
		"1s mention from=ann":               ":1: after mention stands no JSON object",
		good + `1s reply {"post":"$q2"}`:    ":2: $q2 is named by no line above",
		good + `1s dm {"as":"Q 1"}`:         ":2: as: ",
		"5s end\n" + good:                   ":2: offset 0s is before",
		"1s wave {}\n\n2s mention {\n# a\n": ":3: after mention",
		good + "1s reply {\"post\":\"$q1\"}\n2s forge {\"data\":$nothing}\n3s end": "",
	} {
		_, err := ParseScenario("f", strings.NewReader(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want %q, got %v", text, want, err)
		}
	}
}

// TestX1ScenarioSameBytes plays the sample twice on fake time.
func TestX1ScenarioSameBytes(t *testing.T) {
	t.Parallel()
	run := func() string {
		var all []string
		synctest.Test(t, func(t *testing.T) {
			f, err := os.Open("testdata/day.scenario")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			sc, err := ParseScenario("day.scenario", f)
			if err != nil {
				t.Fatal(err)
			}
			h := &hook{}
			w := hooked(t, h, func(o *Options) {
				o.Now, o.Accounts[0].Username = time.Now, "acme_support"
			})
			go func() { _ = w.Run(t.Context()) }()
			if err := w.Play(t.Context(), sc, time.Now(), func(l string) { all = append(all, l) }); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			h.mu.Lock()
			defer h.mu.Unlock()
			if len(h.bodies) != 7 || !strings.Contains(h.bodies[6], "hello?") {
				t.Errorf("the webhook got %d bodies: %s", len(h.bodies), strings.Join(h.bodies, "\n"))
			}
			all = append(all, h.bodies...)
		})
		return strings.Join(all, "\n")
	}
	first := run()
	if diff := cmp.Diff(first, run()); diff != "" {
		t.Errorf("two plays differ:\n%s", diff)
	}
	if !strings.HasPrefix(first, `+0s mention {"id":"`) {
		t.Errorf("told: %s", first)
	}
}

func TestScenarioExpects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	play := func(text string) error {
		t.Helper()
		sc, err := ParseScenario("f", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return w.Play(t.Context(), sc, w.now, func(string) {})
	}
	if err := play(`0s dm {"from":"ann","to":"HelpDesk","text":"hi"}`); err != nil {
		t.Error(err)
	}
	w.dm(annID, "Hello.")
	for body, want := range map[string]string{
		`{"sends_to":"ann","count":1}`:    "",
		`{"sends_to":"ann","count":2}`:    "f:1: not as the scenario expects: 2, not 1",
		`{"replies_to":"1","count":0}`:    "",
		`{"replies_to":"1"}`:              "f:1: expect has",
		`{"sends_to":"ann","counts":"2"}`: "unknown field",
	} {
		err := play("0s expect " + body)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", body, want, err)
		}
		if strings.Contains(want, "not as") && !errors.Is(err, ErrExpected) {
			t.Errorf("%s: %v is no ErrExpected", body, err)
		}
	}
	if err := play(`0s reply {"from":"ann","post":"1"}` + "\n0s end\n"); err == nil {
		t.Error("an act that cannot be is no error")
	}
}

// TestCommandsAreServed: every command is a page, and takes no keys it does
// not know.
func TestCommandsAreServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, c := range Commands() {
		if c == "raw" || c == "forge" {
			continue
		}
		if status, _, body := w.call("POST", "/_sim/"+c, "", `{"nonsense":1}`); status != 400 || !strings.Contains(body, "nonsense") {
			t.Errorf("%s: %d %s", c, status, body)
		}
	}
	for body, want := range map[string]int{
		`{"from":"ann","to":"HelpDesk","lose":true}`:              0,
		`{"from":"ann","to":"HelpDesk","copies":2,"delay":"10m"}`: 3,
	} {
		if status, _, out := w.call("POST", "/_sim/mention", "", body); status != 200 {
			t.Errorf("%s: %d %s", body, status, out)
		}
		w.wait(10 * time.Minute)
		w.arrive()
		if got := len(w.Take()); got != want {
			t.Errorf("%s: want %d bodies, got %d", body, want, got)
		}
	}
	for name, body := range map[string]string{
		"fault": `{"kind":"drip","delay":"2ms","op":"users_me"}`, "skew": `{"by":"1m"}`, "drift": `{"unknown":true}`, "credits": `{"mills":5}`,
		"secrets": `{"secrets":["a","b"]}`, "consent": `{"account":"HelpTwin"}`, "replays": `{"fail":1}`, "compliance": `{"fail":1}`,
	} {
		if status, _, out := w.call("POST", "/_sim/"+name, "", body); status != 200 {
			t.Errorf("%s: %d %s", name, status, out)
		}
	}
	if status, _, out := w.call("GET", "/_sim/usage", "", ""); status != 200 {
		t.Error(fmt.Sprint(status, out))
	}
}

// Tabs, line ends of Windows and a byte order mark are what editors write.
func TestParseScenarioOfEditors(t *testing.T) {
	t.Parallel()
	sc, err := ParseScenario("f", strings.NewReader("\ufeff0s\tmention\t{\"from\":\"ann\",\"to\":\"HelpDesk\",\"text\":\"hi\",\"as\":\"q1\"}\r\n1m  expect \t {\"replies_to\":\"$q1\",\"count\":0}\r\n2m end"))
	if err != nil || len(sc.steps) != 3 || sc.steps[0].as != "q1" || sc.steps[1].command != "expect" || !sc.Ends() {
		t.Errorf("got %+v, %v", sc, err)
	}
}
