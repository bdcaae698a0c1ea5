package sqlite

import (
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
)

func (t tx) PutReceipt(r db.Receipt) error {
	err := t.q.PutReceipt(background(), gen.PutReceiptParams{
		ID: r.ID, Cause: r.Cause, TriggeredAt: millis(r.TriggeredAt), DueAt: millis(r.DueAt), At: millis(r.At), Counts: r.Counts,
	})
	for i := 0; err == nil && i < len(r.Records); i++ {
		err = t.q.PutReceiptRecord(background(), r.Records[i].Kind, r.Records[i].Ref, r.ID)
	}
	if err != nil {
		return fmt.Errorf("put receipt %s: %w", r.ID, err)
	}
	return nil
}

func (t tx) ListReceipts(since, before time.Time) ([]db.Receipt, error) {
	rows, err := t.q.ListReceipts(background(), millis(since), millis(before))
	if err != nil {
		return nil, fmt.Errorf("list receipts: %w", err)
	}
	return each(rows, func(r gen.Receipt) db.Receipt {
		return db.Receipt{
			ID: r.ID, Cause: r.Cause, TriggeredAt: timeOf(r.TriggeredAt), DueAt: timeOf(r.DueAt), At: timeOf(r.At), Counts: r.Counts,
		}
	}), nil
}

func (t tx) ReceiptOf(r db.RecordRef) (string, error) {
	id, err := t.q.ReceiptOf(background(), r.Kind, r.Ref)
	if err = found(err); err != nil && !errors.Is(err, db.ErrNotFound) {
		return "", fmt.Errorf("receipt of %s %s: %w", r.Kind, r.Ref, err)
	}
	return id, nil
}

func (t tx) PutActivation(a db.Activation) error {
	err := t.q.PutActivation(background(), gen.PutActivationParams{
		Bot: a.Bot, Candidate: bit(a.Candidate), RuleSet: a.Set, Was: a.Was, At: millis(a.At), Packs: a.Packs, Why: a.Why,
	})
	if err != nil {
		return fmt.Errorf("put activation of rule set %s: %w", a.Set, err)
	}
	return nil
}

func (t tx) ListActivations() ([]db.Activation, error) {
	rows, err := t.q.ListActivations(background())
	if err != nil {
		return nil, fmt.Errorf("list activations: %w", err)
	}
	return each(rows, func(r gen.ListActivationsRow) db.Activation {
		return db.Activation{Bot: r.Bot, Candidate: r.Candidate == 1, Set: r.RuleSet, Was: r.Was, At: timeOf(r.At), Packs: r.Packs, Why: r.Why}
	}), nil
}

func (t tx) PutConfigVersion(c db.ConfigVersion) error {
	err := t.q.PutConfigVersion(background(), gen.PutConfigVersionParams{
		At: millis(c.At), Hash: c.Hash, Changed: c.Changed, Keys: c.Keys,
	})
	if err != nil {
		return fmt.Errorf("put configuration %s: %w", c.Hash, err)
	}
	return nil
}

func (t tx) ListConfigVersions() ([]db.ConfigVersion, error) {
	rows, err := t.q.ListConfigVersions(background())
	if err != nil {
		return nil, fmt.Errorf("list configurations: %w", err)
	}
	return each(rows, func(r gen.ListConfigVersionsRow) db.ConfigVersion {
		return db.ConfigVersion{At: timeOf(r.At), Hash: r.Hash, Changed: r.Changed, Keys: r.Keys}
	}), nil
}

func (t tx) PutRedistribution(r db.Redistribution) error {
	err := t.q.PutRedistribution(background(), gen.PutRedistributionParams{
		ID: r.ID, At: millis(r.At), Recipient: r.Recipient, What: r.What, Ids: r.IDs, Hydrated: r.Hydrated,
		Automated: bit(r.Automated), MadeBy: r.By, File: r.File,
	})
	if err != nil {
		return fmt.Errorf("put redistribution %s: %w", r.ID, err)
	}
	return nil
}

func (t tx) ListRedistributions(since, before time.Time) ([]db.Redistribution, error) {
	rows, err := t.q.ListRedistributions(background(), millis(since), millis(before))
	if err != nil {
		return nil, fmt.Errorf("list redistributions: %w", err)
	}
	return each(rows, redistributionOf), nil
}

func (t tx) AddCount(c db.Count) error {
	err := t.q.AddCount(background(), gen.AddCountParams{Day: millis(c.Day), Bot: c.Bot, Kind: c.Kind, Name: c.Name, N: c.N})
	if err != nil {
		return fmt.Errorf("add to count %s %s of %s: %w", c.Kind, c.Name, c.Bot, err)
	}
	return nil
}

func (t tx) ListCounts(since, before time.Time) ([]db.Count, error) {
	rows, err := t.q.ListCounts(background(), millis(since), millis(before))
	if err != nil {
		return nil, fmt.Errorf("list counts: %w", err)
	}
	return each(rows, func(r gen.AuditCount) db.Count {
		return db.Count{Day: timeOf(r.Day), Bot: r.Bot, Kind: r.Kind, Name: r.Name, N: r.N}
	}), nil
}

func (t tx) PruneCounts(before time.Time, max int) (int, error) {
	n, err := t.q.PruneCounts(background(), millis(before), int64(max))
	if err != nil {
		return 0, fmt.Errorf("prune counts: %w", err)
	}
	return int(n), nil
}
