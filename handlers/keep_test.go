package handlers

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// H5: neither a name nor a value about what X forbids to store is kept.
func TestH5Keep(t *testing.T) {
	t.Parallel()
	kept, dropped := Keep(map[string]string{
		"order_number": "AC-12345", "reason": "it was for my mother, who has cancer", "health_issue": "none", "debt": "",
		"city": "Kiel", "note": "we are laid off", "seat": "left wing", "gone": "",
	})
	if diff := cmp.Diff(map[string]string{"order_number": "AC-12345", "city": "Kiel", "debt": "", "gone": ""}, kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if want := []string{"health_issue", "note", "reason", "seat"}; !slices.Equal(want, dropped) {
		t.Errorf("dropped %v, want %v", dropped, want)
	}
	if kept, dropped := Keep(nil); kept != nil || dropped != nil {
		t.Errorf("nothing: kept %v, dropped %v", kept, dropped)
	}
}

// H5: what cannot be kept is refused where it is declared, in every place in
// which a name or a value can stand.
func TestH5Declared(t *testing.T) {
	t.Parallel()
	for _, slots := range []string{
		"{religion: {type: text}}",
		"{x: {type: choice, choices: {gay: [a]}}}",
		"{x: {type: choice, choices: {a: [bankrupt]}}}",
		"{x: {type: choice, choices: {a: {de: [krank]}}}}",
	} {
		_, err := LoadAnswers("a.yaml", []byte("schema: beckon.answers/v1\ndefault: {dm: x}\nslots: "+slots+"\n"))
		if err == nil || !containsCode(err, "sensitive") {
			t.Errorf("%s: got %v, want it refused as sensitive", slots, err)
		}
	}
}
