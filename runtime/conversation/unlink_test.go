package conversation

import "testing"

func TestAsksUnlink(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"UNLINK": true, "Unlink me, please!": true, "@acme_help forget my customer number, thanks": true, "Don't match me": true,
		"Bitte löschen Sie meine Kundennummer.": true, "Oubliez mon numéro de client svp": true, "連携を解除してください": true,
		"удалите мой номер клиента, пожалуйста": true, "解除关联": true, "お客様番号を削除して": true,
		"": false, "please": false, "unlink my account": false, "how do I unlink my X account?": false, "link me": false, "STOP": false,
		"my customer number is 4711": false, "do not forget my customer number": false,
	} {
		if got := AsksUnlink(text); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	}
	for entry := range unlinks().asks {
		if tier := Match(entry, false); tier.OptsOut() || AsksErasure(entry) || WantsPerson(entry) {
			t.Errorf("%q is something else too: %s", entry, tier)
		}
	}
}
