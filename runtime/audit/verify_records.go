package audit

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// appended reads the records that never change, by name.
func (v *verifier) appended(tx db.Tx) error {
	put := func(f fact, at time.Time) {
		name := f.kind + " " + word(f.ref)
		v.stand[name] = append(v.stand[name], standing{f.mac, at})
	}
	err := walk(tx.WalkDecisions, func(d db.Decision) error { put(v.decision(d), d.At); return nil })
	if err != nil {
		return err
	}
	activations, err := tx.ListActivations()
	if err != nil {
		return err
	}
	for _, a := range activations {
		put(v.activation(a), a.At)
	}
	versions, err := tx.ListConfigVersions()
	if err != nil {
		return err
	}
	for _, c := range versions {
		put(v.config(c), c.At)
	}
	receipts, err := tx.ListReceipts(time.Time{}, farAway)
	if err != nil {
		return err
	}
	for _, r := range receipts {
		put(v.receipt(r), r.At)
	}
	acts, err := tx.ListOperatorActs("", time.Time{}, math.MaxInt32)
	if err != nil {
		return err
	}
	for _, a := range acts {
		put(v.operatorAct(a), a.At)
	}
	given, err := tx.ListRedistributions(time.Time{}, farAway)
	if err != nil {
		return err
	}
	for _, g := range given {
		put(v.export(g), g.At)
	}
	return nil
}

// farAway is later than any record.
var farAway = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// missing judges the facts whose record was not found (V4).
func (v *verifier) missing(tx db.Tx) error {
	for _, l := range v.lost {
		id, err := tx.ReceiptOf(db.RecordRef{Kind: l.kind, Ref: l.ref})
		switch {
		case err != nil:
			return err
		case id != "":
			v.found.Erased++
			delete(v.stand, l.kind+" "+l.ref) // what is left of it
		case !l.there && l.kind == KindDecision && l.at.Before(v.pruned.Add(clockSlack)):
			v.found.Expired++
		case l.there:
			v.fault(l.fault("the record was changed since it was written"))
		default:
			v.fault(l.fault("the record is missing, and no receipt names it"))
		}
	}
	return nil
}

// unknown names records that no entry tells of.
func (v *verifier) unknown(db.Tx) error {
	changed := map[string]bool{}
	for _, l := range v.lost {
		changed[l.kind+" "+l.ref] = l.there
	}
	for _, name := range slices.Sorted(maps.Keys(v.stand)) {
		for _, r := range v.stand[name] {
			if r.at.Before(v.since) || changed[name] {
				continue
			}
			v.fault(Fault{Record: name, Wrong: "the record is there, and no entry tells of it: it was put in past the host"})
		}
	}
	return nil
}

// latest compares the records that change with the last that the chain says of
// them.
func (v *verifier) latest(tx db.Tx) error {
	err := walk(tx.WalkActions, func(a db.Action) error {
		return v.compare(tx, v.action(a), a.CreatedAt)
	})
	if err != nil {
		return err
	}
	switches, err := tx.ListSwitches()
	if err != nil {
		return err
	}
	for _, w := range switches {
		if err := v.compare(tx, v.sw(w), w.At); err != nil {
			return err
		}
	}
	restores, err := tx.ListRestores()
	if err != nil {
		return err
	}
	for _, r := range restores {
		if err := v.compare(tx, v.restore(r), r.At); err != nil {
			return err
		}
	}
	consents, err := tx.AllConsents()
	if err != nil {
		return err
	}
	for _, c := range consents {
		if err := v.compare(tx, v.consent(c), c.At); err != nil {
			return err
		}
	}
	matches, err := tx.AllMatches()
	if err != nil {
		return err
	}
	for _, m := range matches {
		if err := v.compare(tx, v.match(m), m.At); err != nil {
			return err
		}
	}
	handouts, err := tx.ListHandouts(math.MaxInt32)
	if err != nil {
		return err
	}
	for _, h := range handouts {
		if err := v.compare(tx, v.handout(h), h.At); err != nil {
			return err
		}
	}
	for _, k := range v.notedKeys() {
		if err := v.absent(tx, v.noted[k]); err != nil {
			return err
		}
	}
	return nil
}

// compare takes the fact that a record should have, and drops it from those
// that wait for theirs.
func (v *verifier) compare(tx db.Tx, f fact, at time.Time) error {
	key := [2]string{f.kind, word(f.ref)}
	n, ok := v.noted[key]
	if !ok {
		if !at.Before(v.since) {
			v.fault(Fault{Record: f.kind + " " + word(f.ref), Wrong: "the record is there, and no entry tells of it: it was put in past the host"})
		}
		return nil
	}
	delete(v.noted, key)
	if n.mac == f.mac {
		v.found.Records[f.kind]++
		return nil
	}
	return v.judge(tx, n, "the record is not as the host left it: it was changed past the host")
}

// judge is a fault, unless a receipt names the record (V4).
func (v *verifier) judge(tx db.Tx, n noted, wrong string) error {
	id, err := tx.ReceiptOf(db.RecordRef{Kind: n.kind, Ref: n.ref})
	if err != nil {
		return err
	}
	if id != "" {
		v.found.Erased++
		return nil
	}
	v.fault(n.fault(wrong))
	return nil
}

// absent judges what no walk has met: opt-outs and rule sets, which are asked
// for by name, and what is gone.
func (v *verifier) absent(tx db.Tx, n noted) error {
	var now fact
	switch n.kind {
	case KindOptOut:
		p, err := tx.Suppression(n.ref)
		if err != nil {
			return err
		}
		if p != (conversation.Suppression{UserHash: n.ref}) {
			now = v.optOut(p)
		}
	case KindRuleSet:
		r, err := tx.RuleSet(n.ref)
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return err
		}
		if err == nil {
			now = v.ruleSet(r)
		}
	}
	switch now.mac {
	case n.mac:
		v.found.Records[n.kind]++
		return nil
	case "":
		return v.judge(tx, n, "the record is missing, and no receipt names it")
	}
	return v.judge(tx, n, "the record is not as the host left it: it was changed past the host")
}

func (v *verifier) notedKeys() [][2]string {
	return slices.SortedFunc(maps.Keys(v.noted), func(a, b [2]string) int {
		return strings.Compare(a[0]+" "+a[1], b[0]+" "+b[1])
	})
}

// walk goes through a table.
func walk[T any](rows func(after int64, max int) ([]T, int64, error), fn func(T) error) error {
	for after := int64(0); ; {
		list, next, err := rows(after, chunk)
		if err != nil {
			return err
		}
		for _, r := range list {
			if err := fn(r); err != nil {
				return err
			}
		}
		if len(list) < chunk {
			return nil
		}
		after = next
	}
}
