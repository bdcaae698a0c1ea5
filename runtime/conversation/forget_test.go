package conversation

import "testing"

func TestAsksErasure(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"forget me": true, "Delete my data!": true, "@acme_help please DELETE MY DATA, thanks": true,
		"Bitte löschen Sie meine Daten.": true, "Supprimez mes données svp": true, "データを削除してください": true,
		"मेरा डेटा हटाएं": true, "удалите мои данные, пожалуйста": true, "删除我的数据": true,
		"": false, "please": false, "forget it": false, "delete": false, "do not delete my data": false,
		"how do I delete my data from the old phone?": false, "delete my data plan": false, "STOP": false, "don't forget me": false,
	} {
		if got := AsksErasure(text); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	}
	for entry := range erasures().asks {
		if tier := Match(entry, false); tier.OptsOut() {
			t.Errorf("%q is an opt-out too: %s", entry, tier)
		}
	}
}
