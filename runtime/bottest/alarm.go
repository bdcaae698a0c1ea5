package bottest

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// alarms is the host's log, of which it keeps what an operator is woken for:
// that X takes nothing of the app, and that it does again; that time for a
// deletion runs out; what X says of its stream.
type alarms struct {
	mu   sync.Mutex
	told []string
}

func (*alarms) Enabled(context.Context, slog.Level) bool { return true }
func (a *alarms) WithAttrs([]slog.Attr) slog.Handler     { return a }
func (a *alarms) WithGroup(string) slog.Handler          { return a }
func (a *alarms) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "X takes ") || strings.HasPrefix(r.Message, "activity stream: X ") || strings.Contains(r.Message, "a deletion is late") || strings.Contains(r.Message, "for a deletion is over") {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.told = append(a.told, fmt.Sprintf("told at %s: %s", clock(r.Time), r.Message))
	}
	return nil
}

func (a *alarms) show() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	for _, line := range a.told {
		b.WriteString(line + "\n")
	}
	return b.String()
}
