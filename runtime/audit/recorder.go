package audit

import (
	"strconv"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// recorder is a transaction that notes what was done in it. Each method writes
// first, and notes what was written.
type recorder struct {
	db.Tx
	sealer
	facts []byte
	now   time.Time
}

// unnoted are the writes that are no facts for an auditor: state that can be
// counted again, text (which must be gone without a trace), and what only
// speeds things up. A test about the repository holds that every writing method
// of db.Tx stands here or below.
var unnoted = []string{
	"MarkSeen", "PruneSeen", // of an event the decisions tell
	"PutConversation", "PutInteraction", // state of users
	"SettleSuppression",                          // the opt-out itself is noted
	"PutActionText", "DropActionText", "PutSlot", // text
	"PutTextKey", "HoldTextKey", "DropHeldTextKeys", "ResealTextKey", "RetireTextKeys", "DropTextKey", "DropTextKeys", "PruneTextKeys", // what opens text; receipts tell of users
	"DropSlots", "PutReminder", "DropReminder", "DropReminders", "PutOffReminders",
	"PutQuestion", "PutQuestionText", "DropQuestionText", "PruneQuestions", // to handlers elsewhere
	"PutDeskNotice", "RetryDeskNotice", "DropDeskNotice", "DropDeskNotices", "PruneDeskNotices", // the handoff is told by its decision; this is the way to the desk
	"AppendDeadLetter", "DropDeadLetter", "PutEcho", "DropEcho", "PutLookup", "DropLookup",
	"PutToken",                                               // a secret; logins are told of in the log
	"PutFingerprint", "DropFingerprint", "PruneFingerprints", // no text, and short-lived
	"PutRateWindow", "PutCap", "AddPosts", "AddSpending", // limits and figures: confidential
	"AppendEntry", "PruneEntries", "AppendCheckpoint", "AddCount", "PruneCounts", // ours
	"PruneInteractions", "PruneConversations", "PruneDeadLetters",
	"PutErasure", "EraseDecisions", "PruneErased", // their receipts tell
	"OpenDuty", "UpdateDuty", "PruneDuties", "PutComplianceJob", // likewise
	"PutExportMarks", "DropExportMark", "PutRecall", "EndRecalls", // the export, the receipt and the operator's act tell
	"UnpostDeskNotice", "PutDeskTold", "TakeBack", "RetryDeskRemoval", "DropDeskRemoval", "PruneDeskTold", // ids; the duty's receipt tells
	"PutOperator", // holds the hash of a secret; the act beside it tells
	"SetMeta",
}

func (r *recorder) note(f fact, err error) error {
	if err == nil {
		r.facts = f.line(r.facts)
	}
	return err
}

func (r *recorder) AppendDecision(d db.Decision) error {
	return r.note(r.decision(d), r.Tx.AppendDecision(d))
}

func (r *recorder) InsertAction(a db.Action) error {
	return r.note(r.action(a), r.Tx.InsertAction(a))
}

func (r *recorder) UpdateAction(a db.Action, from event.State) error {
	return r.note(r.action(a), r.Tx.UpdateAction(a, from))
}

func (r *recorder) PutSuppression(p conversation.Suppression) error {
	return r.note(r.optOut(p), r.Tx.PutSuppression(p))
}

func (r *recorder) PutSwitch(w db.Switch) error {
	return r.note(r.sw(w), r.Tx.PutSwitch(w))
}

func (r *recorder) PutRestore(b db.Restore) error {
	return r.note(r.restore(b), r.Tx.PutRestore(b))
}

func (r *recorder) PutConsent(c db.Consent) error {
	return r.note(r.consent(c), r.Tx.PutConsent(c))
}

func (r *recorder) PutMatch(m db.Match) error {
	return r.note(r.match(m), r.Tx.PutMatch(m))
}

// PruneMatches leaves a receipt of what it drops.
func (r *recorder) PruneMatches(before time.Time, max int) ([]db.Match, error) {
	gone, err := r.Tx.PruneMatches(before, max)
	if err != nil || len(gone) == 0 {
		return gone, err
	}
	p := db.Receipt{Cause: db.CauseRetention, Counts: `{"matches":` + strconv.Itoa(len(gone)) + `}`}
	for _, m := range gone {
		p.Records = append(p.Records, db.RecordRef{Kind: KindMatch, Ref: r.matchRef(m)})
		if m.EndedAt.After(p.TriggeredAt) {
			p.TriggeredAt = m.EndedAt
		}
	}
	p.DueAt, p.At = r.now, r.now
	p.ID = "r-" + r.seal("matches pruned", millis(r.now), p.Records[0].Ref)[:16]
	return gone, r.PutReceipt(p)
}

func (r *recorder) PutRuleSet(s db.RuleSet) error {
	return r.note(r.ruleSet(s), r.Tx.PutRuleSet(s))
}

func (r *recorder) PutActivation(a db.Activation) error {
	return r.note(r.activation(a), r.Tx.PutActivation(a))
}

func (r *recorder) PutReceipt(p db.Receipt) error {
	return r.note(r.receipt(p), r.Tx.PutReceipt(p))
}

func (r *recorder) AppendOperatorAct(a db.OperatorAct) error {
	return r.note(r.operatorAct(a), r.Tx.AppendOperatorAct(a))
}

func (r *recorder) PutRedistribution(d db.Redistribution) error {
	return r.note(r.export(d), r.Tx.PutRedistribution(d))
}

func (r *recorder) PutConfigVersion(c db.ConfigVersion) error {
	return r.note(r.config(c), r.Tx.PutConfigVersion(c))
}

func (r *recorder) PutWriter(w db.AuditWriter) error {
	return r.note(fact{kind: kindWriter, ref: w.Writer}, r.Tx.PutWriter(w))
}

// PruneDecisions notes until when decisions may be missing, where any went.
func (r *recorder) PruneDecisions(before time.Time, max int) (int, error) {
	n, err := r.Tx.PruneDecisions(before, max)
	if err == nil && n > 0 {
		r.facts = fact{kind: kindPruned, ref: millis(before), what: strconv.Itoa(n)}.line(r.facts)
	}
	return n, err
}

func (r *recorder) AddHandout(h db.Handout) error {
	return r.note(r.handout(h), r.Tx.AddHandout(h))
}

// EraseUser adds the names of the consents and matches that went: only the chain
// knows them. The receipt, which whoever erases puts beside, is the fact.
func (r *recorder) EraseUser(w db.Who, as string, at time.Time) (db.Erased, error) {
	named, err := r.named(func(bot, user string, of time.Time) bool {
		return user == w.User && (w.Bot == "" || bot == w.Bot) && (w.Before.IsZero() || of.Before(w.Before))
	})
	if err != nil {
		return db.Erased{}, err
	}
	gone, err := r.Tx.EraseUser(w, as, at)
	if err != nil {
		return gone, err
	}
	gone.Records = append(gone.Records, named...)
	return gone, nil
}

// Wipe does the same for a bot.
func (r *recorder) Wipe(bot string, max int) (db.Erased, error) {
	named, err := r.named(func(of, _ string, _ time.Time) bool { return bot == "" || of == bot })
	if err != nil {
		return db.Erased{}, err
	}
	gone, err := r.Tx.Wipe(bot, max)
	if err != nil {
		return gone, err
	}
	gone.Records = append(gone.Records, named...)
	return gone, nil
}

// named lists the consents and matches that are picked, as the chain knows them.
func (r *recorder) named(pick func(bot, user string, at time.Time) bool) (refs []db.RecordRef, err error) {
	consents, err := r.Tx.AllConsents()
	if err != nil {
		return nil, err
	}
	for _, c := range consents {
		if pick(c.Bot, c.User, c.At) {
			refs = append(refs, db.RecordRef{Kind: KindConsent, Ref: r.consentRef(c)})
		}
	}
	matches, err := r.Tx.AllMatches()
	if err != nil {
		return nil, err
	}
	for _, m := range matches {
		if pick(m.Bot, m.User, m.At) {
			refs = append(refs, db.RecordRef{Kind: KindMatch, Ref: r.matchRef(m)})
		}
	}
	return refs, nil
}
