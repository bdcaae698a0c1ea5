package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/action"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// writeAction tells one action to a person: what, where it stands, why, the
// text, and what can be done next.
func (o *operator) writeAction(w io.Writer, a admin.ActionDetail) {
	t := table(w)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("action", "%s, %s of bot %s to user %s", a.ID, kindOf(a.Action), a.Bot, safe(a.User))
	row("state", "%s since %s: %s", a.State, span(o.now.Sub(a.UpdatedAt)), safe(a.Reason))
	row("caused by", "event %s, %s", safe(a.Event), o.ago(a.CreatedAt))
	if a.ReplyTo != "" && a.Answers == nil {
		row("replies to", "post %s", safe(a.ReplyTo))
	}
	if a.RemoteID != "" {
		row("on X", "%s", cmp.Or(a.Link, safe(a.RemoteID)))
	}
	if a.Attempts > 0 {
		tries := plural(a.Attempts, "attempt")
		if a.Class != event.OK {
			tries += ", the last ended as " + string(a.Class)
		}
		row("tried", "%s", tries)
	}
	if a.State.Open() {
		row("expires", "%s", o.ahead(a.ExpiresAt))
	}
	if p := a.Approval; p != nil {
		row("approved", "by %s, %s, over %s", safe(p.By), o.ago(p.At), orDash(strings.Join(p.Rules, ", ")))
	}
	var r gate.Record
	if json.Unmarshal(a.Decision, &r) == nil && r.Decision != "" {
		o.writeDecision(row, r)
	}
	t.Flush()
	if a.Answers != nil {
		fmt.Fprintln(w, "answers")
		_ = a.Answers.Print(w, "  ") // w is a buffer
	}
	switch {
	case a.Text != "":
		fmt.Fprintln(w, "text")
		quote(w, a.Text)
	case a.State.Terminal():
		fmt.Fprintln(w, "text\n  not kept: it goes when an action has ended")
	}
	for i, p := range a.Rest {
		fmt.Fprintf(w, "part %d, %s, action %s\n", i+2, p.State, p.ID)
		quote(w, p.Text)
	}
	fmt.Fprintln(w, "next")
	for _, line := range o.next(a.Action) {
		fmt.Fprintln(t, "  "+line)
	}
	t.Flush()
}

// writeDecision tells the decision that the action stands on.
func (o *operator) writeDecision(row func(name, format string, args ...any), r gate.Record) {
	stage := "on the draft"
	if r.Action != nil {
		switch r.Action.Stage {
		case gate.StageClaim:
			stage = "right before sending"
		case gate.StageApprove:
			stage = "on the approval"
		case gate.StageEdit, gate.StageRewrite:
			stage = "on another text"
		}
	}
	row("decided", "%s, %s, %s: %s", r.Decision, stage, o.ago(r.At), safe(r.Say))
	for _, by := range r.By {
		row("", "%s", ruleInWords(by, r))
	}
	var added []string
	for _, ob := range r.Obligations {
		added = append(added, obligationInWords(ob))
	}
	if len(added) > 0 {
		row("added", "%s", strings.Join(added, ", "))
	}
	if r.Rules != nil {
		row("rules", "%s, %s, set %s", r.Rules.Platform, r.Rules.Account, clip(r.Rules.Set, 13))
	}
}

// ruleInWords says what a rule did and which of its conditions made it so.
func ruleInWords(by rules.By, r gate.Record) string {
	i := slices.IndexFunc(r.Outcomes, func(o rules.Outcome) bool { return o.Rule == by.Rule })
	did := "stopped it" // not a rule of the set: the gate or the action log
	if i >= 0 {
		switch {
		case r.Outcomes[i].Value == rules.False:
			did = "did not permit it"
		case r.Decision == rules.Allow:
			did = "permitted it"
		case r.Decision == rules.Hold:
			did = "holds it for a person"
		default:
			did = "forbade it"
		}
	}
	if len(by.Conditions) == 0 {
		return fmt.Sprintf("%s %s", by.Rule, did)
	}
	return fmt.Sprintf("%s %s, because of %s", by.Rule, did, strings.Join(by.Conditions, ", "))
}

func obligationInWords(o rules.Obligation) string {
	switch o {
	case rules.AppendOptOutHint:
		return "how to opt out"
	case rules.AppendPrivacyLink:
		return "the link to the privacy policy"
	case rules.DiscloseAffiliate:
		return "that a bot speaks, and whose"
	case rules.MarkMadeWithAI:
		return "X's mark for what AI made"
	case rules.MarkPaidPartnership:
		return "X's mark for paid partnership"
	case rules.HandOff:
		return "that it is the bot's last word: a person takes over"
	}
	return string(o)
}

// next lists what can be done with an action where it stands.
func (o *operator) next(a admin.Action) []string {
	switch a.State {
	case event.Hold:
		return []string{
			o.command("actions approve "+a.ID) + "\tdecides again, without the holds above; a denial stays one",
			o.command("actions edit "+a.ID+" --text TEXT") + "\tanother text, decided at once",
			o.command("actions reject "+a.ID) + "\tstops it for good",
		}
	case event.Pending:
		if strings.HasPrefix(a.Reason, action.PartReason) {
			return []string{"nothing: it is due when the part before it is sent"}
		}
		if strings.HasPrefix(a.Reason, action.ParkedReason) {
			return []string{o.command("resume "+a.Bot) + "\tlets the bot speak again (--all if all are paused)"}
		}
		if a.DueAt.After(o.now) {
			return []string{"it is tried again " + o.ahead(a.DueAt), o.command("actions retry "+a.ID) + "\ttries it now"}
		}
		return []string{"nothing: the sender takes it when a host runs"}
	case event.Attempting:
		return []string{"nothing: the call to X is under way"}
	case event.Unsettled:
		return []string{
			"nothing: it is never sent again, and X is read back what became of it",
			o.command("actions unknown") + "\tshows how far that search has come",
			o.command("actions settle "+a.ID+" --sent") + "\tsays that X has it, after a look there; --not-sent that X has not",
		}
	}
	return []string{"nothing: it has ended"}
}
