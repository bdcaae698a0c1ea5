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
