package audit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
)

func TestV5Caps(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	give := func(at time.Time, r db.Redistribution) error {
		if r.What == "" {
			r.What = "posts"
		}
		_, err := Give(context.Background(), d.Store, at, r)
		return err
	}
	to := func(who string, ids, hydrated int64) db.Redistribution {
		return db.Redistribution{Recipient: who, IDs: ids, Hydrated: hydrated, By: "ann"}
	}
	machine := to("lab", 10, 1)
	machine.Automated = true
	ids := to("lab", 10, 0)
	ids.Automated = true
	for i, c := range []struct {
		at   time.Time
		r    db.Redistribution
		want error
	}{
		{day, to("lab", MostIDs-10, 0), nil},
		{day, to("lab", 11, 0), ErrCap},
		{day, to(" LAB ", 11, 0), ErrCap}, // the same by another spelling
		{day, to("lab", 10, 0), nil},
		{day, to("lab", 1, 0), ErrCap},
		{day, to("other", MostIDs, 0), nil},
		{day.Add(idsWindow + time.Second), to("lab", MostIDs, 0), nil},
		{day, to("person", 0, MostHydrated), nil},
		{day, to("person", 0, 1), ErrCap},
		{day, to("person", 5, 0), nil},
		{day.Truncate(24 * time.Hour).Add(24 * time.Hour), to("person", 0, MostHydrated), nil},
		{day, machine, ErrAutomated},
		{day.Add(-idsWindow), ids, nil},
		{day, to("", 1, 0), ErrUnnamed},
		{day, db.Redistribution{Recipient: "lab", IDs: 1}, ErrUnnamed},
	} {
		if err := give(c.at, c.r); !errors.Is(err, c.want) {
			t.Errorf("%d: %d ids and %d objects to %q: got %v, want %v", i, c.r.IDs, c.r.Hydrated, c.r.Recipient, err, c.want)
		}
	}
	if err := give(day, to("lab", -1, 0)); err == nil {
		t.Error("less than nothing: want an error")
	}
	got := d.verify()
	if len(got.Faults) > 0 || got.Records[KindExport] != 8 {
		t.Errorf("got %d exports in the chain, want the 8 that were allowed; faults %v", got.Records[KindExport], got.Faults)
	}
}
