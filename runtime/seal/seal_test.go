package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const plain = "a refresh token that nobody may read"

func fresh(t *testing.T) *Keyset {
	t.Helper()
	k, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func seal(t *testing.T, k *Keyset, name string) []byte {
	t.Helper()
	b, err := k.Seal([]byte(plain), name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func reread(t *testing.T, k *Keyset) *Keyset {
	t.Helper()
	text, err := k.Text()
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		t.Errorf("the text of a key is not one word of ASCII: %d bytes", len(text))
	}
	back, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func TestK1OpensOnlyWhatItSealed(t *testing.T) {
	t.Parallel()
	k := fresh(t)
	sealed := seal(t, k, "tokens/desk")
	if bytes.Contains(sealed, []byte(plain)) || bytes.Contains(sealed, []byte(plain[:8])) {
		t.Fatal("the sealed value shows the plain one")
	}
	for name, opens := range map[string]*Keyset{"the keyset": k, "written and read": reread(t, k)} {
		if got, err := opens.Open(sealed, "tokens/desk"); err != nil || string(got) != plain {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if got := seal(t, k, "tokens/desk"); bytes.Equal(got, sealed) {
		t.Error("the same value sealed twice is the same")
	}
	refused := func(what string, k *Keyset, sealed []byte, name string) {
		t.Helper()
		if got, err := k.Open(sealed, name); !errors.Is(err, ErrOpen) || got != nil {
			t.Errorf("%s: got %q, %v; want ErrOpen and nothing", what, got, err)
		}
	}
	refused("another name", k, sealed, "tokens/other")
	refused("no name", k, sealed, "")
	refused("another key", fresh(t), sealed, "tokens/desk")
	refused("nothing", k, nil, "tokens/desk")
	for i := range sealed {
		bent := bytes.Clone(sealed)
		bent[i] ^= 1
		refused(fmt.Sprintf("byte %d changed", i), k, bent, "tokens/desk")
		refused(fmt.Sprintf("cut at %d", i), k, sealed[:i], "tokens/desk")
	}
}

func TestK2Rotate(t *testing.T) {
	t.Parallel()
	old := fresh(t)
	first := seal(t, old, "n")
	now, err := old.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	now = reread(t, now)
	second := seal(t, now, "n")
	for name, sealed := range map[string][]byte{"sealed before": first, "sealed since": second} {
		if got, err := now.Open(sealed, "n"); err != nil || string(got) != plain {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if _, err := old.Open(second, "n"); !errors.Is(err, ErrOpen) {
		t.Errorf("the old keyset opens what the new one sealed: %v", err)
	}
}

func TestK3NeverPrinted(t *testing.T) {
	t.Parallel()
	k := fresh(t)
	text, err := k.Text()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, k); got != mark {
			t.Errorf("%s: got %s", verb, got)
		}
		fmt.Fprintf(&out, verb, struct{ K *Keyset }{k})
	}
	if err := json.NewEncoder(&out).Encode(map[string]any{"k": k}); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "k", k)
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "k", k)

	// Keys that are nearly right: the errors must not quote them.
	for _, bad := range []string{"", "x", text[1:], text + "!", text[:len(text)-4], strings.ToUpper(text), " " + text} {
		_, err := Parse(bad)
		if !errors.Is(err, ErrKey) {
			t.Errorf("a broken key of %d bytes: got %v, want ErrKey", len(bad), err)
			continue
		}
		fmt.Fprint(&out, err)
	}
	for _, secret := range []string{text[:24], text[40:], string(raw[20:40]), fmt.Sprintf("%x", raw[20:40])} {
		if strings.Contains(out.String(), secret) {
			t.Fatal("a key was printed")
		}
	}
}

func TestKeysOfAKeyset(t *testing.T) {
	t.Parallel()
	old := fresh(t)
	oldest := old.Keys()[0].ID
	set, err := old.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	keys := set.Keys()
	if len(keys) != 2 || !keys[0].Seals || keys[1] != (Key{ID: oldest}) {
		t.Fatalf("keys: got %v, want a new one that seals, then %d", keys, oldest)
	}
	for k, want := range map[*Keyset]uint32{old: oldest, set: keys[0].ID, reread(t, set): keys[0].ID} {
		if id, ok := SealedBy(seal(t, k, "n")); !ok || id != want {
			t.Errorf("sealed by %d, %v; want %d", id, ok, want)
		}
	}
	for _, junk := range [][]byte{nil, {1}, {1, 2, 3, 4, 5}, []byte("not sealed at all")} {
		if id, ok := SealedBy(junk); ok {
			t.Errorf("%q was sealed by %d", junk, id)
		}
	}
	before := seal(t, old, "n")
	one, err := set.Without(oldest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Open(before, "n"); !errors.Is(err, ErrOpen) {
		t.Errorf("a dropped key opens: %v", err)
	}
	if _, err := set.Open(before, "n"); err != nil {
		t.Errorf("the keyset that it was dropped from has changed: %v", err)
	}
	for _, id := range []uint32{keys[0].ID, 7} {
		if _, err := set.Without(id); err == nil {
			t.Errorf("key %d was dropped", id)
		}
	}
	live := Use(old)
	live.Replace(one)
	if _, err := live.Open(seal(t, one, "n"), "n"); err != nil || live.Keyset() != one {
		t.Errorf("a live keyset was not replaced: %v", err)
	}
	var none Live
	if _, err := none.Seal([]byte(plain), "n"); err == nil {
		t.Error("no key seals")
	}
	if _, err := none.Open(before, "n"); err == nil {
		t.Error("no key opens")
	}
}
