package vault_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server/ats"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/seal"
	"github.com/beckon-bot/beckon/runtime/vault"
)

func TestMain(m *testing.M) {
	ats.Register()
	os.Exit(m.Run())
}

// marker is what somebody wrote.
const marker = "my secret is MARKER4711"

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// desk is a host's files, and the ring over them.
type desk struct {
	t     *testing.T
	dir   string
	below *sqlite.Store
	host  *seal.Keyset
	ring  *vault.Ring
	store *vault.Store
	now   time.Time
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), now: noon}
	var err error
	if d.below, err = sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(d.dir, "b.db")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.below.Close() }) // a test may have
	if d.host, err = seal.New(); err != nil {
		t.Fatal(err)
	}
	d.restart()
	return d
}

// restart is another process on the same files.
func (d *desk) restart() {
	d.ring = vault.New(d.below, d.host, func() time.Time { return d.now })
	d.store = d.ring.Around(d.below)
}

func (d *desk) write(fn func(db.Tx) error) {
	d.t.Helper()
	if err := d.store.Write(d.t.Context(), fn); err != nil {
		d.t.Fatal(err)
	}
}

// find lists the files in which the text stands.
func (d *desk) find(text string) (files []string) {
	d.t.Helper()
	err := filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return files
}

// texts writes one of each kind, and returns how to read them again.
func (d *desk) texts() map[string]func(db.Tx) ([]byte, error) {
	d.t.Helper()
	a := db.Action{ID: "a-1", Bot: "acme", Interaction: "i", Kind: event.DM, Purpose: event.Answer, User: "7", State: event.Pending,
		CreatedAt: d.now, UpdatedAt: d.now, DueAt: d.now, ExpiresAt: d.now.Add(time.Hour)}
	q := db.Question{ID: "q-1", Bot: "acme", User: "7", Handler: "h", State: db.QuestionOpen, AskedAt: d.now, NextAt: d.now, Deadline: d.now.Add(time.Hour)}
	r := db.Reminder{ID: "r-1", Bot: "acme", User: "7", DueAt: d.now, After: time.Minute, Since: d.now, Flow: "f", Sealed: []byte(marker)}
	l := db.DeadLetter{ID: "l-1", Bot: "acme", At: d.now, Stage: "decode", Reason: "x", Raw: []byte(marker)}
	d.write(func(tx db.Tx) error {
		return errors.Join(tx.InsertAction(a), tx.PutActionText(a.ID, []byte(marker)), tx.PutQuestion(q), tx.PutQuestionText(q.ID, []byte(marker)),
			tx.PutSlot("acme", "7", "order", []byte(marker)), tx.PutReminder(r), tx.AppendDeadLetter(l))
	})
	d.write(func(tx db.Tx) error { return tx.PutActionText(a.ID, []byte(marker)) }) // of a row that was there
	return map[string]func(db.Tx) ([]byte, error){
		"action":   func(tx db.Tx) ([]byte, error) { return tx.ActionText("a-1") },
		"question": func(tx db.Tx) ([]byte, error) { return tx.QuestionText("q-1") },
		"slot":     func(tx db.Tx) ([]byte, error) { s, err := tx.Slots("acme", "7"); return s["order"], err },
		"reminder": func(tx db.Tx) ([]byte, error) { r, err := tx.Reminder("r-1"); return r.Sealed, err },
		"due": func(tx db.Tx) ([]byte, error) {
			rs, err := tx.DueReminders(d.now, 1)
			if len(rs) != 1 {
				return nil, err
			}
			return rs[0].Sealed, err
		},
		"letter": func(tx db.Tx) ([]byte, error) { l, err := tx.DeadLetter("l-1"); return l.Raw, err },
		"letters": func(tx db.Tx) ([]byte, error) {
			ls, err := tx.ListDeadLetters(1)
			if len(ls) != 1 {
				return nil, err
			}
			return ls[0].Raw, err
		},
	}
}

// Text stands in no file as it was written, and is read as it was.
func TestK4TextIsSealed(t *testing.T) {
	t.Parallel()
	d := open(t)
	read := d.texts()
	for range 2 {
		for what, get := range read {
			if err := d.store.Read(t.Context(), func(tx db.Tx) error {
				got, err := get(tx)
				if string(got) != marker {
					t.Errorf("%s: got %q", what, got)
				}
				return err
			}); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		d.restart()
	}
	if files := d.find("MARKER4711"); files != nil {
		t.Errorf("the text stands in %v", files)
	}
	// The keys are no use without the host's.
	other, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	d.host = other
	d.restart()
	if err := d.store.Read(t.Context(), func(tx db.Tx) error { _, err := tx.ActionText("a-1"); return err }); !errors.Is(err, vault.ErrHostKey) {
		t.Errorf("with another key of the host's: %v", err)
	}
}

// A destroyed key takes its texts with it, out of memory too.
func TestK5K7DestroyedKeys(t *testing.T) {
	t.Parallel()
	d := open(t)
	read := d.texts()
	d.write(func(tx db.Tx) error { return tx.RetireTextKeys("", "7") })
	d.write(func(tx db.Tx) error {
		n, err := tx.DropTextKeys("", "7")
		if n != 1 {
			t.Errorf("%d keys went, want 1", n)
		}
		return err
	})
	for what, get := range read {
		err := d.store.Read(t.Context(), func(tx db.Tx) error {
			got, err := get(tx)
			if whole := what == "letter" || what == "letters"; whole != (string(got) == marker) {
				t.Errorf("%s: got %q", what, got)
			}
			return err
		})
		if gone := what == "action" || what == "question"; gone != errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// What is written from then on has another key.
	d.write(func(tx db.Tx) error { return tx.PutSlot("acme", "7", "order", []byte("new")) })
	if err := d.store.Read(t.Context(), func(tx db.Tx) error {
		s, err := tx.Slots("acme", "7")
		if string(s["order"]) != "new" {
			t.Errorf("slots %q", s)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// A transaction that is not stored leaves no key behind.
func TestK4RolledBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	boom := errors.New("boom")
	err := d.store.Write(t.Context(), func(tx db.Tx) error { return errors.Join(tx.PutSlot("acme", "7", "order", []byte("x")), boom) })
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	d.write(func(tx db.Tx) error { return tx.PutSlot("acme", "7", "order", []byte(marker)) })
	d.restart()
	if err := d.store.Read(t.Context(), func(tx db.Tx) error {
		s, err := tx.Slots("acme", "7")
		if string(s["order"]) != marker {
			t.Errorf("slots %q", s)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func (d *desk) bus() *bus.JetStream {
	d.t.Helper()
	b, err := bus.Open(d.t.Context(), bus.Options{Dir: filepath.Join(d.dir, "bus"), Sealer: d.ring})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = b.Close() }) // ErrClosed where the test did
	return b
}

func message(id, kind, user string) bus.Message {
	return bus.Message{ID: id, Type: kind, Source: "/x/webhook", Bot: "acme", User: user, Time: noon, Data: []byte(`{"text":"` + marker + `"}`)}
}

// A DM has a key of its own; a post shares that of its user and day.
func TestK6MessagesOnTheBus(t *testing.T) {
	t.Parallel()
	d := open(t)
	b := d.bus()
	sent := []bus.Message{message("1", "dm.received", "7"), message("2", "dm.received", "7"), message("3", "post.mention.create", "7"), message("4", "post.mention.create", "7"), message("5", "post.mention.create", "8")}
	if err := b.Publish(t.Context(), sent...); err != nil {
		t.Fatal(err)
	}
	ds := next(t, b, 5)
	keys := map[string]bool{}
	for i, m := range ds {
		if !bytes.Equal(m.Data, sent[i].Data) || m.Key == "" || m.Erased {
			t.Errorf("message %s: %q under key %q, erased %t", m.ID, m.Data, m.Key, m.Erased)
		}
		keys[m.Key] = true
	}
	if len(keys) != 4 || ds[2].Key != ds[3].Key {
		t.Errorf("%d keys of five messages, want 4", len(keys))
	}
	if files := d.find("MARKER4711"); files != nil {
		t.Errorf("the text stands in %v", files)
	}

	// The first DM was taken in, and the host died before it acknowledged.
	d.write(func(tx db.Tx) error { return tx.DropTextKey(ds[0].Key) })
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	d.restart()
	for i, m := range next(t, d.bus(), 5) {
		if m.Erased != (i == 0) || m.Erased != (m.Data == nil) || m.Dead != "" {
			t.Errorf("message %s, again: erased %t, %q, dead %q", m.ID, m.Erased, m.Data, m.Dead)
		}
	}
}

// On a host that keeps no texts a post has a key of its own too.
func TestK6Brief(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.ring.Brief = true
	b := d.bus()
	if err := b.Publish(t.Context(), message("3", "post.mention.create", "7"), message("4", "post.mention.create", "7")); err != nil {
		t.Fatal(err)
	}
	ds := next(t, b, 2)
	if ds[0].Key == ds[1].Key || ds[0].Key == "" {
		t.Errorf("two posts of a user have the keys %q and %q", ds[0].Key, ds[1].Key)
	}
	d.write(func(tx db.Tx) error { return tx.DropTextKey(ds[0].Key) })
	var left []string
	if err := b.See(t.Context(), "acme", "7", func(s bus.Stored) error {
		if !s.Erased {
			left = append(left, s.ID)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || left[0] != "4" {
		t.Errorf("after the key of the first is destroyed there are %v", left)
	}
}

// The key of a DM whose answer is open opens until that has ended, and is in no
// memory then.
func TestK6HeldWhileAnswersAreOpen(t *testing.T) {
	t.Parallel()
	d := open(t)
	b := d.bus()
	if err := b.Publish(t.Context(), message("1", "dm.received", "7")); err != nil {
		t.Fatal(err)
	}
	m := next(t, b, 1)[0]
	a := db.Action{ID: "a-1", Bot: "acme", Interaction: "1", Kind: event.DM, Purpose: event.Answer, User: "7", State: event.Hold, CreatedAt: noon, DueAt: noon, ExpiresAt: noon.Add(time.Hour)}
	d.write(func(tx db.Tx) error { return errors.Join(tx.InsertAction(a), tx.HoldTextKey(m.Key)) })
	sees := func() (texts []string) {
		t.Helper()
		if err := b.See(t.Context(), "acme", "7", func(s bus.Stored) error { texts = append(texts, string(s.Data)); return nil }); err != nil {
			t.Fatal(err)
		}
		return texts
	}
	d.write(func(tx db.Tx) error { _, err := tx.DropHeldTextKeys("acme", "7"); return err })
	if got := sees(); len(got) != 1 || !strings.Contains(got[0], marker) {
		t.Errorf("while the answer is held the bus shows %q", got)
	}
	d.write(func(tx db.Tx) error {
		a.State = event.Denied
		if err := tx.UpdateAction(a, event.Hold); err != nil {
			return err
		}
		ids, err := tx.DropHeldTextKeys("acme", "7")
		if len(ids) != 1 || ids[0] != m.Key {
			t.Errorf("dropped %v, want the key of the DM", ids)
		}
		return err
	})
	if got := sees(); len(got) > 0 && strings.Contains(strings.Join(got, ""), marker) {
		t.Errorf("after its end the bus shows %q", got)
	}
}

func next(t *testing.T, b bus.Bus, n int) (ds []bus.Delivery) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for len(ds) < n {
		more, err := b.Next(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		ds = append(ds, more...)
	}
	return ds
}

// While the database stores nothing, nothing is taken in; and what was sealed
// before opens.
func TestK4DatabaseDown(t *testing.T) {
	t.Parallel()
	d := open(t)
	faults := dbtest.Faulty(d.below)
	ring := vault.New(faults, d.host, func() time.Time { return d.now })
	for name, fault := range dbtest.Table() {
		if fault == dbtest.KilledAfter || fault == dbtest.KilledBefore {
			continue
		}
		faults.Next(fault)
		m := message("1", "dm.received", "9"+name)
		if _, err := ring.Seal(t.Context(), []bus.Message{m}); err == nil {
			t.Errorf("%s: sealed without a key that is known to be kept", name)
		}
		out, err := ring.Seal(t.Context(), []bus.Message{m})
		if err != nil {
			t.Fatal(err)
		}
		if plain, _, err := vault.New(d.below, d.host, time.Now).Open(t.Context(), out[0]); err != nil || !bytes.Equal(plain, m.Data) {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
}

// Many at a time get one key each owner.
func TestK4SideBySide(t *testing.T) {
	t.Parallel()
	d := open(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, user := range []string{"1", "2", "3"} {
				out, err := d.ring.Seal(t.Context(), []bus.Message{message("x", "post.mention.create", user)})
				if err != nil {
					t.Error(err)
					return
				}
				if plain, _, err := d.ring.Open(t.Context(), out[0]); err != nil || !bytes.Contains(plain, []byte(marker)) {
					t.Errorf("%q, %v", plain, err)
				}
			}
		})
	}
	wg.Wait()
	d.write(func(tx db.Tx) error {
		n, err := tx.PruneTextKeys(noon.AddDate(0, 0, 1), 100)
		if n != 3 {
			t.Errorf("%d keys, want 3", n)
		}
		return err
	})
}
