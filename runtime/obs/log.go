// Package obs makes what a running host does visible: structured logs and
// metrics.
//
// What it owns: the form of both. Components declare a struct of counters with
// tags and know nothing of Prometheus; Metrics reads the structs by reflection,
// so that no field is forgotten. What it refuses: to log a customer's text or a
// token, a metric without help, and a label that could hold a user or a post.
package obs

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// NewLogger returns a logger that writes to w. format is "text" or "json".
// Attributes and groups named like text, body or token are dropped, whatever
// their level: the last line of defence, not the first.
func NewLogger(w io.Writer, format string, level slog.Leveler) (*slog.Logger, error) {
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: guard}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, opts)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return nil, fmt.Errorf("log format %q: want text or json", format)
}

func guard(groups []string, a slog.Attr) slog.Attr {
	if guarded(a.Key) || slices.ContainsFunc(groups, guarded) {
		return slog.Attr{}
	}
	return a
}

func guarded(key string) bool {
	switch strings.ToLower(key) {
	case "text", "body", "token", "secret", "authorization":
		return true
	}
	return false
}
