package hostkey

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/dbtest"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/seal"
	"github.com/beckon-bot/beckon/runtime/vault"
)

// disk is a key file that can fail.
type disk struct {
	text  string
	fault dbtest.Fault
	dead  bool
}

func (d *disk) Read() (*seal.Keyset, error) {
	if d.dead {
		return nil, dbtest.ErrKilled
	}
	return seal.Parse(d.text)
}

func (d *disk) Write(k *seal.Keyset) error {
	if d.dead {
		return dbtest.ErrKilled
	}
	text, err := k.Text()
	if err != nil {
		return err
	}
	switch d.fault {
	case dbtest.NotStored:
		return dbtest.ErrFault
	case dbtest.KilledBefore:
		d.dead = true
		return dbtest.ErrKilled
	}
	d.text = text
	switch d.fault {
	case dbtest.ReportedFailed:
		return dbtest.ErrFault
	case dbtest.KilledAfter:
		d.dead = true
		return dbtest.ErrKilled
	}
	return nil
}

// place is a database and a key file, as a host finds them.
type place struct {
	t     *testing.T
	store db.Store
	disk  *disk
	texts int
}

// at returns a place with logins and so many keys of texts, under one key.
func at(t *testing.T, texts int) *place {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "x.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	set, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	text, err := set.Text()
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t, store, &disk{text: text}, texts}
	p.write(func(tx db.Tx) error {
		for _, bot := range []string{"desk", "shop"} {
			if err := tx.PutToken(db.Token{Bot: bot, State: db.TokenLive, Sealed: p.sealed(set, account.SealedAs(bot))}); err != nil {
				return err
			}
		}
		for i := range texts {
			if err := tx.PutTextKey(p.textKey(i, set)); err != nil {
				return err
			}
		}
		return tx.PutToken(db.Token{Bot: "gone", State: db.TokenEnded})
	})
	return p
}

func (p *place) textKey(i int, set *seal.Keyset) db.TextKey {
	id := fmt.Sprintf("%016x", i)
	return db.TextKey{ID: id, Bot: "desk", User: fmt.Sprint(i), Day: time.Unix(0, 0).UTC(), Sealed: p.sealed(set, vault.SealedAs(id))}
}

func (p *place) sealed(set *seal.Keyset, name string) []byte {
	p.t.Helper()
	b, err := set.Seal([]byte("what "+name+" is"), name)
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

func (p *place) write(fn func(db.Tx) error) {
	p.t.Helper()
	if err := p.store.Write(p.t.Context(), fn); err != nil {
		p.t.Fatal(err)
	}
}

// host is one that starts at the place as it is: it reads the file.
func (p *place) host() *Keeper {
	p.t.Helper()
	p.disk.dead, p.disk.fault = false, 0
	set, err := p.disk.Read()
	if err != nil {
		p.t.Fatalf("the key file is no key file any more: %v", err)
	}
	return &Keeper{Live: seal.Use(set), File: p.disk, Where: "token.key"}
}

// opens wants everything to open with what the file holds now (K42), and with the
// keys that it has.
func (p *place) opens(keys int) {
	p.t.Helper()
	set := p.host().Live
	if n := len(set.Keyset().Keys()); keys > 0 && n != keys {
		p.t.Errorf("the file holds %d keys, want %d", n, keys)
	}
	n := 0
	open := func(sealed []byte, name string) {
		n++
		if plain, err := set.Open(sealed, name); err != nil || string(plain) != "what "+name+" is" {
			p.t.Errorf("%s: got %q, %v", name, plain, err)
		}
	}
	p.write(func(tx db.Tx) error {
		logins, err := tx.ListTokens()
		for _, t := range logins {
			if t.State != db.TokenEnded {
				open(t.Sealed, account.SealedAs(t.Bot))
			}
		}
		rows, err2 := tx.WalkTextKeys("", p.texts+9)
		for _, r := range rows {
			open(r.Sealed, vault.SealedAs(r.ID))
		}
		return errors.Join(err, err2)
	})
	if want := p.texts + 2; n != want {
		p.t.Errorf("%d things were sealed, want %d", n, want)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	p := at(t, chunk+1)
	h := p.host()
	old := h.Live.Keyset()
	var told uint32
	got, err := h.Rotate(t.Context(), p.store, func(id uint32) { told = id })
	if err != nil {
		t.Fatal(err)
	}
	newest := h.Live.Keyset().Keys()[0].ID
	if want := (Resealed{Key: newest, Logins: 2, Texts: chunk + 1}); got != want || told != newest || newest == old.Keys()[0].ID {
		t.Errorf("rotated: got %+v, told %d; want %+v", got, told, want)
	}
	p.opens(2)
	if got, err := h.Finish(t.Context(), p.store); err != nil || got != (Resealed{Key: newest}) {
		t.Errorf("nothing was left to do: got %+v, %v", got, err)
	}
	l, err := h.List(t.Context(), p.store)
	want := Listing{Keys: []Key{{ID: newest, Seals: true, Logins: 2, Texts: chunk + 1}, {ID: old.Keys()[0].ID}}}
	if err != nil || !slices.Equal(l.Keys, want.Keys) || l.Lost != 0 {
		t.Errorf("listed: got %+v, %v; want %+v", l, err, want)
	}
	if dropped, err := h.Drop(t.Context(), p.store); err != nil || len(dropped) != 1 || dropped[0] != old.Keys()[0].ID {
		t.Errorf("dropped: got %v, %v", dropped, err)
	}
	p.opens(1)
	// What a thief of the old key and of the new database has is nothing.
	p.write(func(tx db.Tx) error {
		row, err := tx.Token("desk")
		if err == nil {
			if _, oerr := old.Open(row.Sealed, account.SealedAs("desk")); oerr == nil {
				t.Error("the old key opens what is kept now")
			}
		}
		return err
	})
}

// TestK42RotationCutOff fails at every write of a rotation, of the file and of the
// database, in every way; then a host starts, and finishes.
func TestK42RotationCutOff(t *testing.T) {
	t.Parallel()
	for name, fault := range dbtest.Table() {
		for step := range 6 { // 0: the file; 1: its transaction; 2: logins; 3 to 5: texts, in parts
			t.Run(fmt.Sprint(name, " at ", step), func(t *testing.T) {
				t.Parallel()
				p := at(t, 2*chunk+1)
				h, faulty := p.host(), dbtest.Faulty(p.store)
				if step == 0 {
					p.disk.fault = fault
				} else {
					faulty.At(step, fault)
				}
				_, err := h.Rotate(t.Context(), faulty, nil)
				if !errors.Is(err, dbtest.ErrFault) && !errors.Is(err, dbtest.ErrKilled) {
					t.Fatalf("got %v, want the fault", err)
				}
				// K41: what this host seals now, the file opens.
				if sealed, err := h.Live.Seal([]byte("x"), "n"); err != nil {
					t.Error(err)
				} else if _, err := p.host().Live.Open(sealed, "n"); err != nil {
					t.Errorf("the host seals with a key that the file does not hold: %v", err)
				}
				p.opens(0)
				again := p.host()
				if _, err := again.Finish(t.Context(), p.store); err != nil {
					t.Fatal(err)
				}
				p.opens(0)
				if len(again.Live.Keyset().Keys()) > 1 {
					if _, err := again.Drop(t.Context(), p.store); err != nil {
						t.Fatal(err)
					}
				}
				p.opens(1)
			})
		}
	}
}

func TestK42DropCutOff(t *testing.T) {
	t.Parallel()
	for name, fault := range dbtest.Table() {
		for step := range 2 {
			t.Run(fmt.Sprint(name, " at ", step), func(t *testing.T) {
				t.Parallel()
				p := at(t, 3)
				h := p.host()
				if _, err := h.Rotate(t.Context(), p.store, nil); err != nil {
					t.Fatal(err)
				}
				faulty := dbtest.Faulty(p.store)
				if step == 0 {
					p.disk.fault = fault
				} else {
					faulty.At(1, fault)
				}
				if _, err := h.Drop(t.Context(), faulty); err == nil {
					t.Fatal("no error, want the fault")
				}
				p.opens(0)
				if again := p.host(); len(again.Live.Keyset().Keys()) > 1 {
					if _, err := again.Drop(t.Context(), p.store); err != nil {
						t.Fatal(err)
					}
				}
				p.opens(1)
			})
		}
	}
}

func TestK43DropRefuses(t *testing.T) {
	t.Parallel()
	p := at(t, 3)
	h := p.host()
	old := h.Live.Keyset()
	refused := func(what string, err, want error, says string) {
		t.Helper()
		if !errors.Is(err, want) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %v that says %q", what, err, want, says)
		}
		p.opens(0)
	}
	_, err := h.Drop(t.Context(), p.store)
	refused("the only key", err, ErrNeeded, "there is no old key")
	// A login that is being renewed keeps the old key.
	p.write(func(tx db.Tx) error {
		row, err := tx.Token("desk")
		row.State = db.TokenRefreshing
		return errors.Join(err, tx.PutToken(row))
	})
	got, err := h.Rotate(t.Context(), p.store, nil)
	if err != nil || got.Busy != 1 || got.Logins != 1 || got.Texts != 3 {
		t.Fatalf("got %+v, %v", got, err)
	}
	_, err = h.Drop(t.Context(), p.store)
	refused("a busy login", err, ErrNeeded, "for 1 login")
	// So does what was sealed before the rotation and is stored after it.
	p.texts += 2
	p.write(func(tx db.Tx) error {
		return errors.Join(tx.PutTextKey(p.textKey(7, old)), tx.PutTextKey(p.textKey(8, old)))
	})
	_, err = h.Drop(t.Context(), p.store, old.Keys()[0].ID, h.Live.Keyset().Keys()[0].ID)
	refused("two reasons", err, ErrNeeded, "for 1 login and 2 keys of texts")
	refused("two reasons", err, ErrNoKey, "is no old key of this host")
	p.write(func(tx db.Tx) error {
		row, err := tx.Token("desk")
		row.State = db.TokenLive
		return errors.Join(err, tx.PutToken(row))
	})
	if got, err := h.Finish(t.Context(), p.store); err != nil || got.Logins != 1 || got.Texts != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := h.Drop(t.Context(), p.store, old.Keys()[0].ID); err != nil {
		t.Fatal(err)
	}
	p.opens(1)
}

// TestDestroyedStays destroys a key while it is sealed again: it must not come
// back.
func TestDestroyedStays(t *testing.T) {
	t.Parallel()
	p := at(t, 3)
	h := p.host()
	gone := fmt.Sprintf("%016x", 1)
	store := &between{Store: p.store, do: func() {
		p.write(func(tx db.Tx) error { return tx.DropTextKey(gone) })
	}}
	if got, err := h.Rotate(t.Context(), store, nil); err != nil || got.Texts != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	p.texts--
	p.opens(2)
}

// between does something after the first read.
type between struct {
	db.Store
	do func()
}

func (b *between) Read(ctx context.Context, fn func(db.Tx) error) error {
	err := b.Store.Read(ctx, fn)
	b.do()
	return err
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	p := at(t, 1)
	h := p.host()
	h.File, h.Fixed = nil, "it comes from the environment"
	for what, do := range map[string]func() error{
		"rotate": func() error { _, err := h.Rotate(t.Context(), p.store, nil); return err },
		"finish": func() error { _, err := h.Finish(t.Context(), p.store); return err },
		"drop":   func() error { _, err := h.Drop(t.Context(), p.store); return err },
	} {
		if err := do(); !errors.Is(err, ErrFixed) || !strings.Contains(err.Error(), "from the environment") {
			t.Errorf("%s a fixed key: got %v", what, err)
		}
	}
	// Another wrote the file meanwhile: its key must not be lost.
	h, other := p.host(), p.host()
	if _, err := other.Rotate(t.Context(), p.store, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Rotate(t.Context(), p.store, nil); !errors.Is(err, ErrOther) {
		t.Errorf("another wrote the file: got %v", err)
	}
	p.opens(2)
	// What no key opens is counted, and stops nothing.
	stranger, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	p.write(func(tx db.Tx) error { return tx.PutTextKey(p.textKey(5, stranger)) })
	h = p.host()
	if got, err := h.Rotate(t.Context(), p.store, nil); err != nil || got.Lost != 1 {
		t.Errorf("got %+v, %v; want 1 lost", got, err)
	}
	if l, err := h.List(t.Context(), p.store); err != nil || l.Lost != 1 {
		t.Errorf("got %+v, %v; want 1 lost", l, err)
	}
}

// TestK41FileFirst looks what the host seals with while the file is written, and
// where that fails.
func TestK41FileFirst(t *testing.T) {
	t.Parallel()
	p := at(t, 1)
	h := p.host()
	old := h.Live.Keyset().Keys()[0].ID
	with := func() uint32 {
		b, err := h.Live.Seal([]byte("x"), "n")
		if err != nil {
			t.Fatal(err)
		}
		id, _ := seal.SealedBy(b)
		return id
	}
	spy := &spied{File: p.disk, saw: func() {
		if with() != old {
			t.Error("the new key seals before it is in the file")
		}
	}}
	h.File = spy
	p.disk.fault = dbtest.NotStored
	if _, err := h.Rotate(t.Context(), p.store, nil); !errors.Is(err, dbtest.ErrFault) || with() != old {
		t.Errorf("the file could not be written: %v, sealed by %d; want %d", err, with(), old)
	}
	p.disk.fault = 0
	if got, err := h.Rotate(t.Context(), p.store, nil); err != nil || with() != got.Key || got.Key == old || spy.times != 2 {
		t.Errorf("got %+v, %v, sealed by %d", got, err, with())
	}
}

type spied struct {
	File
	saw   func()
	times int
}

func (s *spied) Write(k *seal.Keyset) error {
	s.saw()
	s.times++
	return s.File.Write(k)
}
