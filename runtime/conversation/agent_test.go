package conversation

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

func TestWantsPerson(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"agent", "Human!", "@acme_help human please", "Hi, can I talk to a person?", "AGENT 🙏", "Bitte mit einem Mitarbeiter sprechen",
		"quiero hablar con una persona, por favor", "un humain svp", "operatore", "medewerker", "человек", "оператор, пожалуйста",
		"人工客服", "转人工", "担当者と話したい", "상담원", "เจ้าหน้าที่", "موظف", "נציג", "temsilci lütfen", "nhân viên", "ihminen",
	} {
		if !WantsPerson(text) {
			t.Errorf("%q: not taken for a wish for a person", text)
		}
	}
	for _, text := range []string{
		"", "please", "are you human?", "the agent was rude", "I am a person", "my travel agent cancelled", "human error?", "stop", "no human answered my mail",
		"a person called me yesterday", strings.Repeat("agent ", 30),
	} {
		if WantsPerson(text) {
			t.Errorf("%q: taken for a wish for a person", text)
		}
	}
	languages := 0
	for line := range strings.Lines(agentList) {
		if name, _, ok := strings.Cut(line, ":"); ok && len(name) == 2 {
			languages++
		}
	}
	if languages != 28 {
		t.Errorf("%d languages, want those of the opt-out words, 28", languages)
	}
}

// Ordinary messages ask for nobody.
func TestWantsPersonOnOrdinaryMessages(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/ordinary.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := 0
	for s := bufio.NewScanner(f); s.Scan(); lines++ {
		_, text, _ := strings.Cut(s.Text(), "\t")
		if WantsPerson(text) {
			t.Errorf("%q: taken for a wish for a person", text)
		}
	}
	if lines < 100 {
		t.Errorf("%d lines", lines)
	}
}
