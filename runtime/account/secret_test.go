package account

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const sample = "tok-0123456789-very-private"

func TestS1SecretNeverPrints(t *testing.T) {
	t.Parallel()
	s := NewSecret(sample)
	type holder struct {
		Public  Secret `json:"public" yaml:"public"`
		private Secret
	}
	h := holder{s, s}

	var printed []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T", "%10.3s", "%b", "%o", "%U", "%e"} {
		for _, v := range []any{s, &s, h, &h, []Secret{s}, map[string]Secret{"k": s}, map[Secret]int{s: 1}, h.private} {
			printed = append(printed, fmt.Sprintf(verb, v))
		}
	}
	printed = append(printed, s.String(), s.GoString(), fmt.Sprint(s), fmt.Errorf("x %w %v", os.ErrNotExist, s).Error())

	for _, v := range []any{s, h, map[Secret]int{s: 1}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		printed = append(printed, string(b))
		if b, err = yaml.Marshal(v); err != nil {
			t.Fatal(err)
		}
		printed = append(printed, string(b))
	}
	b, err := xml.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	printed = append(printed, string(b))

	var log bytes.Buffer
	for _, l := range []*slog.Logger{slog.New(slog.NewJSONHandler(&log, nil)), slog.New(slog.NewTextHandler(&log, nil))} {
		l.Info("m", "s", s, "p", &s, "h", h, "g", slog.GroupValue(slog.Any("s", s)))
	}
	printed = append(printed, log.String())

	for _, p := range printed {
		if strings.Contains(p, sample) || strings.Contains(p, fmt.Sprintf("%x", sample)) || strings.Contains(p, fmt.Sprintf("%X", sample)) {
			t.Errorf("secret printed: %s", p)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(verb, s); got != mark {
			t.Errorf("Sprintf(%s): want %s, got %s", verb, mark, got)
		}
	}
	if got := s.Reveal(); got != sample {
		t.Errorf("Reveal: want %q, got %q", sample, got)
	}
	if !(Secret{}).IsZero() || NewSecret("").Reveal() != "" || s.IsZero() {
		t.Error("the zero Secret is the one that is empty")
	}
}

func TestS2ParseSecretRef(t *testing.T) {
	t.Parallel()
	env := func(name string) string {
		return map[string]string{"TOKEN": sample, "SPACED": sample + " x", "LINES": sample + "\n"}[name]
	}
	readFile := func(path string) ([]byte, error) {
		b, ok := map[string]string{
			"/plain": sample, "/unix": sample + "\n", "/dos": sample + "\r\n",
			"/two": sample + "\n\n", "/none": "", "/blank": "\n", "/utf8": sample + "ü",
		}[path]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		}
		return []byte(b), nil
	}
	anything := errors.New("any error")
	for _, tc := range []struct {
		ref  string
		want error // nil: the sample
	}{
		{"env:TOKEN", nil},
		{"file:/plain", nil},
		{"file:/unix", nil},
		{"file:/dos", nil},
		{"file:/two", anything},
		{"file:/utf8", anything},
		{"env:SPACED", anything},
		{"env:LINES", anything},
		{"env:NONE", ErrNoSecret},
		{"file:/none", ErrNoSecret},
		{"file:/blank", ErrNoSecret},
		{"file:/missing", fs.ErrNotExist},
		{"", ErrSecretRef},
		{"env:", ErrSecretRef},
		{"file:", ErrSecretRef},
		{sample, ErrSecretRef},
		{"Bearer:" + sample, ErrSecretRef},
		{"env:" + sample, ErrSecretRef},
		{" env:TOKEN", ErrSecretRef},
	} {
		s, err := ParseSecretRef(tc.ref, env, readFile)
		switch {
		case tc.want == nil && err != nil:
			t.Errorf("%q: %v", tc.ref, err)
		case tc.want == nil && s.Reveal() != sample:
			t.Errorf("%q: want the sample, got %q", tc.ref, s.Reveal())
		case tc.want == anything && err == nil, tc.want != nil && tc.want != anything && !errors.Is(err, tc.want):
			t.Errorf("%q: want %v, got %v", tc.ref, tc.want, err)
		case err != nil && strings.Contains(err.Error(), sample):
			t.Errorf("%q: the error holds the secret: %v", tc.ref, err)
		case err != nil && !s.IsZero():
			t.Errorf("%q: a secret came with an error", tc.ref)
		}
	}
}

func TestSecretFileWarning(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	for mode, want := range map[fs.FileMode]bool{0o600: false, 0o640: false, 0o644: true, 0o604: true} {
		if err := os.WriteFile(path, []byte(sample), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if got := SecretFileWarning("file:"+path, os.Stat); (got != "") != want {
			t.Errorf("mode %o: want a warning %v, got %q", mode, want, got)
		}
	}
	for _, ref := range []string{"env:TOKEN", "file:/does/not/exist"} {
		if got := SecretFileWarning(ref, os.Stat); got != "" {
			t.Errorf("%s: want none, got %q", ref, got)
		}
	}
}
