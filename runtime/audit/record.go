package audit

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

// This file says what the chain keeps of each kind of record: how it is named,
// what is told of it, and which of its fields its hash covers.

func (s *sealer) decision(d db.Decision) fact {
	return fact{KindDecision, d.ID, "", s.seal(KindDecision, d.ID, millis(d.At), d.Bot, d.Event, d.Action, string(d.Record))}
}

// action covers who it is, where it stands and why. When it is due, and what
// it holds of the budget, move without anything having been done.
func (s *sealer) action(a db.Action) fact {
	approval := ""
	if a.Approval != nil {
		b, _ := json.Marshal(a.Approval) // strings and a time: it cannot fail
		approval = string(b)
	}
	return fact{KindAction, a.ID, string(a.State), s.seal(KindAction,
		a.ID, a.Bot, a.Interaction, string(a.Kind), string(a.Purpose), strconv.Itoa(a.Part), strconv.Itoa(a.Version),
		a.User, a.ReplyTo, a.Event, string(a.State), millis(a.CreatedAt), strconv.Itoa(a.Attempts),
		a.RuleSet, a.DecisionID, string(a.Decision), string(a.Draft), a.TextHash, approval, a.RemoteID, string(a.Class), a.Reason,
	)}
}

func (s *sealer) optOut(p conversation.Suppression) fact {
	what := "ended"
	if p.OptedOut {
		what = "stands"
	}
	return fact{KindOptOut, p.UserHash, what, s.seal(KindOptOut,
		p.UserHash, what, millis(p.At), p.EventID, string(p.Tier), millis(p.ErasedAt))}
}

func (s *sealer) sw(w db.Switch) fact {
	what := "on-air"
	if w.Paused {
		what = "paused"
	}
	return fact{KindSwitch, w.Bot, what, s.seal(KindSwitch, w.Bot, what, w.By, millis(w.At), w.Reason)}
}

func (s *sealer) restore(r db.Restore) fact {
	what := "blocked"
	if !r.MergedAt.IsZero() {
		what = "merged"
	}
	return fact{KindRestore, r.ID, what, s.seal(KindRestore, r.ID, millis(r.BackupAt), millis(r.At), r.By,
		strconv.FormatInt(r.Seq, 10), r.Chains, millis(r.RewoundAt), millis(r.MergedAt), r.MergedBy)}
}

// consent is named by a keyed hash: its key holds the user's id.
func (s *sealer) consent(c db.Consent) fact {
	what := "given"
	if !c.WithdrawnAt.IsZero() {
		what = "withdrawn"
	}
	return fact{KindConsent, s.consentRef(c), what, s.seal(KindConsent,
		c.Bot, c.User, string(c.Kind), c.Covers, c.Wording, millis(c.At), c.Event, millis(c.WithdrawnAt), c.WithdrawnBy)}
}

// consentRef is how the chain, and a receipt, name a consent.
func (s *sealer) consentRef(c db.Consent) string {
	return s.seal("consent of", c.Bot, c.User, string(c.Kind), c.Covers)[:22]
}

// match is named as a consent is. Of the reference its keyed hash counts, not the
// sealed text.
func (s *sealer) match(m db.Match) fact {
	what := string(m.Basis)
	if !m.EndedAt.IsZero() {
		what = "ended"
	}
	return fact{KindMatch, s.matchRef(m), what, s.seal(KindMatch,
		m.Bot, m.User, m.Purpose, string(m.Basis), m.RefHash, m.Event, m.Source, m.By,
		millis(m.At), millis(m.ExpiresAt), millis(m.EndedAt), m.EndedBy)}
}

// matchRef is how the chain, and a receipt, name a match.
func (s *sealer) matchRef(m db.Match) string {
	return s.seal("match of", m.Bot, m.User, m.Purpose)[:22]
}

func (s *sealer) ruleSet(r db.RuleSet) fact {
	return fact{KindRuleSet, r.Hash, "", s.seal(KindRuleSet, r.Hash, r.Packs, string(r.Sources))}
}

func (s *sealer) activation(a db.Activation) fact {
	return fact{KindActivation, a.Bot, a.Set, s.seal(KindActivation,
		a.Bot, strconv.FormatBool(a.Candidate), a.Set, a.Was, millis(a.At), a.Packs, a.Why)}
}

func (s *sealer) receipt(r db.Receipt) fact {
	return fact{KindReceipt, r.ID, r.Cause, s.seal(KindReceipt,
		r.ID, r.Cause, millis(r.TriggeredAt), millis(r.DueAt), millis(r.At), r.Counts)}
}

func (s *sealer) export(r db.Redistribution) fact {
	said := []string{
		r.ID, millis(r.At), r.Recipient, r.What,
		strconv.FormatInt(r.IDs, 10), strconv.FormatInt(r.Hydrated, 10), strconv.FormatBool(r.Automated), r.By,
	}
	if r.File != "" { // entries of before it was kept hold
		said = append(said, r.File)
	}
	return fact{KindExport, r.ID, "", s.seal(KindExport, said...)}
}

func (s *sealer) operatorAct(a db.OperatorAct) fact {
	return fact{KindOperator, a.ID, a.Did, s.seal(KindOperator, a.ID, millis(a.At), a.By, string(a.Role), a.Did, a.On, a.Refused)}
}

func (s *sealer) config(c db.ConfigVersion) fact {
	return fact{KindConfig, c.Hash, "", s.seal(KindConfig, millis(c.At), c.Hash, c.Changed, c.Keys)}
}

// handout is named by its question, which is made from its cause.
func (s *sealer) handout(h db.Handout) fact {
	return fact{KindHandout, h.Question + "." + strconv.Itoa(h.Attempt), h.What, s.seal(KindHandout,
		h.Question, strconv.Itoa(h.Attempt), millis(h.At), h.Bot, h.To, h.What, strconv.FormatInt(h.Bytes, 10))}
}

// millis of a time, as engines keep it.
func millis(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}
