package obs

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
)

func TestLoggerDropsTextAndTokens(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		var b bytes.Buffer
		log, err := NewLogger(&b, format, slog.LevelDebug)
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		log.InfoContext(ctx, "sent", "bot", "desk", "text", "hunter2", "Token", "hunter2", "body", []byte("hunter2"))
		log.With("secret", "hunter2").DebugContext(ctx, "with")
		log.WithGroup("text").InfoContext(ctx, "group", "part", "hunter2")
		log.InfoContext(ctx, "nested", slog.Group("req", "token", "hunter2", "kind", "dm"))
		log.InfoContext(ctx, "valuer", "draft", draft{"hunter2"})
		got := b.String()
		if strings.Contains(got, "hunter2") {
			t.Errorf("%s: a text or a token was logged:\n%s", format, got)
		}
		for _, want := range []string{"desk", "sent", "with", "group", "nested", "dm", "valuer", "answer"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is gone:\n%s", format, want, got)
			}
		}
	}
}

type draft struct{ text string }

func (d draft) LogValue() slog.Value {
	return slog.GroupValue(slog.String("text", d.text), slog.String("purpose", "answer"))
}

func TestLoggerLevelAndFormat(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log, err := NewLogger(&b, "json", slog.LevelWarn)
	if err != nil {
		t.Fatal(err)
	}
	log.InfoContext(context.Background(), "quiet")
	if b.Len() > 0 {
		t.Errorf("logged below the level: %s", &b)
	}
	if _, err := NewLogger(&b, "xml", slog.LevelInfo); err == nil {
		t.Error("accepted format xml")
	}
}
