package doctor

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/beckon-bot/beckon/runtime/event"
)

func privacy(_ Facts, b Bot) []Finding {
	set := fmt.Sprintf("set bots.%s.privacy_url to your privacy policy", b.Name)
	u, err := url.Parse(b.Privacy)
	switch {
	case b.Privacy == "" && b.may(event.DM):
		return one(Unsafe, "the rules permit DMs, and there is no privacy policy to link to", set)
	case b.Privacy == "" && b.Rules.Set == "":
		return one(Unknown, "there is no privacy policy, and the rules do not load: whether DMs are permitted is not known", set)
	case b.Privacy == "":
		return good("the rules permit no DM, so no privacy policy is due")
	case err != nil || u.Scheme != "https" || u.Host == "":
		return one(Unsafe, "the privacy policy's address is not https", set)
	case b.Online == nil:
		return good("every first DM links to " + b.Privacy + "; --online sees whether it is there")
	case b.Online.Unknown != "":
		return one(Warn, b.Privacy+" does not answer: "+b.Online.Unknown, "see that everybody can read it")
	case b.Online.Value < 200 || b.Online.Value > 299:
		return one(Warn, fmt.Sprintf("%s answers with status %d", b.Privacy, b.Online.Value), "see that everybody can read it")
	}
	return good("every first DM links to " + b.Privacy + ", which is there")
}

// policySupport is where X approves what needs its word first.
// X rule: AI-generated text needs prior approval, by this form (facts.md, read 2026-11-25)
const policySupport = "https://help.x.com/forms/platform"

// manyNames are as many as a finding lists.
const manyNames = 5

func ai(_ Facts, b Bot) []Finding {
	by := strings.Join(b.WrittenBy[:min(len(b.WrittenBy), manyNames)], ", ")
	if n := len(b.WrittenBy) - manyNames; n > 0 {
		by += fmt.Sprintf(" and %d more", n)
	}
	switch {
	case by != "" && b.Approval == "":
		return one(Warn, "written by a model: "+by+"; no approval of X's is recorded, so it is denied",
			fmt.Sprintf("ask X by its Policy Support form, %s, and record what it says under bots.%s.ai_approval", policySupport, b.Name))
	case by != "":
		return good("written by a model: " + by + "; X's approval is recorded: " + b.Approval)
	case b.Approval != "":
		return good("no answer is written by a model; X's approval is recorded: " + b.Approval)
	}
	return good("no answer is written by a model; before one is, X must approve: " + policySupport)
}

func content(f Facts) (out []Finding) {
	type bot struct{ name, answers string }
	var all []bot
	for _, b := range f.Bots {
		all = append(all, bot{b.Name, b.Answers})
		out = append(out, f.refused(b.Name, "the answers", b.Unloaded)...)
		out = append(out, f.refused(b.Name, "the schedule", b.Unplanned)...)
	}
	own := len(all)
	for _, b := range f.Others {
		all = append(all, bot{b.Name + " of " + b.File, b.Answers})
	}
	for i, a := range all[:own] {
		for _, b := range all[i+1:] {
			if a.answers != "" && a.answers == b.answers {
				out = append(out, Finding{Level: Warn, Found: fmt.Sprintf("%s and %s say the same, in the same words", a.name, b.name),
					Do: "give each account content of its own, or let one account do the work of both"})
			}
		}
	}
	switch {
	case len(out) > 0:
		return out
	case len(all) == 1:
		return good("there is one bot")
	}
	return good("no two bots say the same")
}

// refused judges a file that is not as it must be: a host that runs goes on with
// what was good before, and none starts.
func (f Facts) refused(bot, what, why string) []Finding {
	const mend = "mend the file: a host does not start with it"
	switch {
	case why == "":
		return nil
	case f.Running:
		return []Finding{{Bot: bot, Level: Warn, Found: what + ": what the file says now is refused, and what was good before stays in place: " + why, Do: mend}}
	}
	return []Finding{{Bot: bot, Level: Unsafe, Found: what + ": the file is refused: " + why, Do: mend}}
}

func use(f Facts) []Finding {
	switch {
	case f.Use == "government" && f.App.Tier != "enterprise":
		return one(Unsafe, "government use on tier "+f.App.Tier, "move the app to Enterprise before it serves anybody")
	case f.Use == "commercial" && f.App.Tier == "free":
		return one(Unsafe, "commercial use on a free tier", "move the app to a paid tier, or say use: noncommercial if that is so")
	case f.Use == "research":
		return one(Warn, "research use: X wants to be asked first, and this program cannot see whether it was", "keep X's answer; ask by "+policySupport)
	}
	return good(f.Use + " use on tier " + f.App.Tier)
}

// tier tells what the rules permit that X takes from Enterprise only.
// X rule: likes, follows and quotes are gone from self-serve tiers (facts.md, read 2026-11-25)
func tier(f Facts) (out []Finding) {
	if f.App.Tier == "enterprise" {
		return good("enterprise: replies need no summons, and likes, follows and quotes are open to it")
	}
	for _, b := range f.Bots {
		var gone []string
		for _, k := range []event.ActionKind{event.Like, event.FollowU, event.Quote} {
			if b.may(k) {
				gone = append(gone, string(k))
			}
		}
		if len(gone) > 0 {
			out = append(out, Finding{Bot: b.Name, Level: Warn, Found: fmt.Sprintf("the rules permit %s, which X refuses on tier %s", strings.Join(gone, ", "), f.App.Tier),
				Do: "take the permits out, or move the app to Enterprise"})
		}
	}
	if len(out) == 0 {
		out = good(f.App.Tier + ": X takes a reply only where the author summoned the bot; likes, follows and quotes are closed to it")
	}
	return out
}

func environment(f Facts) []Finding {
	var live []string
	for _, b := range f.Bots {
		if b.Send {
			live = append(live, b.Name)
		}
	}
	switch env := f.App.Environment; {
	case env == "production" && f.Simulated:
		return good("the app is declared for production; X is simulated here")
	case env == "production", f.Simulated, len(live) == 0:
		return good("the app is declared for " + env)
	default:
		return one(Warn, fmt.Sprintf("the app is declared for %s, and on X itself it sends for %s", env, strings.Join(live, ", ")),
			"serve users by the production app, and set app.environment there; send: false keeps a trial from sending")
	}
}

// oneApp compares with the apps of other configurations: one purpose may have
// one app for each environment.
func oneApp(f Facts) (out []Finding) {
	operators := map[string]bool{}
	for _, b := range f.Bots {
		operators[strings.ToLower(b.Operator)] = true
	}
	for _, o := range f.Apps {
		shared := slices.IndexFunc(o.Operators, func(name string) bool { return operators[strings.ToLower(name)] })
		switch {
		case o.Name == f.App.Name && o.Environment != f.App.Environment:
			out = append(out, Finding{Level: Warn, Found: fmt.Sprintf("the app of %s is this one, declared for %s there and for %s here", o.File, o.Environment, f.App.Environment),
				Do: "give each environment an app of its own"})
		case o.Name != f.App.Name && shared >= 0 && o.Use == f.Use && o.Environment == f.App.Environment:
			out = append(out, Finding{Level: Warn, Found: fmt.Sprintf("%s serves @%s for the same purpose (%s, %s) by another app: two consumer keys, one purpose", o.File, o.Operators[shared], o.Use, o.Environment),
				Do: "move the bots of both under one app, or say app.environment if one of them is a trial"})
		}
	}
	if len(out) == 0 {
		switch n := len(f.Apps); n {
		case 0:
			out = good("one app, one consumer key in this configuration; --beside FILE compares with other ones")
		default:
			out = good(fmt.Sprintf("one purpose, one app, as far as %s tells", counted(n, "other configuration", "other configurations")))
		}
	}
	return out
}
