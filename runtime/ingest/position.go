package ingest

import (
	"context"
	"fmt"
	"time"
)

// Positions keeps durably how far a way in has come, by the way's name. A
// position is stored only after the bus has every event before it: after a
// crash some are read again, none is missed.
type Positions interface {
	// Position reads "" if there is none.
	Position(ctx context.Context, name string) (string, error)
	SetPosition(ctx context.Context, name, value string) error
}

// timeAt reads a position that is a time; zero if there is none.
func timeAt(ctx context.Context, p Positions, name string) (time.Time, error) {
	v, err := p.Position(ctx, name)
	if err != nil || v == "" {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, v)
	if err != nil {
		return time.Time{}, fmt.Errorf("position %s: %w", name, err)
	}
	return at, nil
}

func setTime(ctx context.Context, p Positions, name string, at time.Time) error {
	return p.SetPosition(ctx, name, at.UTC().Format(time.RFC3339))
}
