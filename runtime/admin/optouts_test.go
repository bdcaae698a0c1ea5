package admin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/event"
)

func TestImportOptOuts(t *testing.T) {
	t.Parallel()
	d := open(t)
	held, waits := d.receive("1", "refund"), d.receive("2", "hello")
	key := d.opt.Desk.Key
	body := func(check, hash string, at time.Time, tier string) string {
		return fmt.Sprintf(`{"by":"bob","host_key":%q,"optouts":[{"user_hash":%q,"at":%q,"tier":%q,"event":"e-far"}]}`,
			check, hash, at.Format(time.RFC3339), tier)
	}
	ahead := d.opt.Now().Add(1000 * time.Hour)
	for _, tt := range []struct{ body, say string }{
		{body("another", key.User(ann), start, "hard"), "host_key: "},
		{body(key.Check(), key.User(ann), start, "start"), "optouts[0]: tier: hard, phrase, operator or blocked"},
		{body(key.Check(), ann, start, "hard"), "optouts[0]: user_hash: "},
		{strings.Replace(body(key.Check(), key.User(ann), start, "hard"), "bob", "", 1), "by: "},
	} {
		if got := d.do("POST", "/v1/optouts/import", tt.body); got.status != 400 || !strings.Contains(got.body, tt.say) {
			t.Errorf("import of %s: got %d %s, want 400 %s", tt.body, got.status, got.body, tt.say)
		}
	}
	if got := get[admin.OptOuts](d, "GET", "/v1/optouts", ""); len(got.OptOuts) != 0 || got.HostKey != key.Check() {
		t.Errorf("after imports that were refused: got %+v, want none", got)
	}

	got := get[admin.Imported](d, "POST", "/v1/optouts/import", body(key.Check(), key.User(ann), ahead, "phrase"))
	if want := (admin.Imported{Read: 1, Changed: 1, Cancelled: 2}); got != want {
		t.Errorf("import: got %+v, want %+v", got, want)
	}
	for _, id := range []string{held, waits} {
		if a := get[admin.ActionDetail](d, "GET", "/v1/actions/"+id, ""); a.State != event.Cancelled {
			t.Errorf("action %s after the import: %s, want cancelled", id, a.State)
		}
	}
	// A time ahead of our clock would let no START end it.
	want := []admin.OptOut{{UserHash: key.User(ann), At: d.opt.Now(), Tier: "phrase", Event: "e-far"}}
	if diff := cmp.Diff(want, get[admin.OptOuts](d, "GET", "/v1/optouts", "").OptOuts); diff != "" {
		t.Errorf("opt-outs (-want +got):\n%s", diff)
	}
	if !strings.Contains(d.log.String(), `by=bob did="import opt-outs" read=1 changed=1 cancelled=2`) {
		t.Errorf("the log does not tell of the import:\n%s", d.log.String())
	}
}
