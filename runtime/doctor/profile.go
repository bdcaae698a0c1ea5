package doctor

import (
	"fmt"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Seen is what checks have seen on X of one account, and when. It outlives a
// restart: what was lost stays lost until it is seen again.
type Seen struct {
	At    time.Time `json:"at,omitzero"`
	Own   event.Tri `json:"own,omitempty"` // the token speaks for the bot's own account
	Label event.Tri `json:"label,omitempty"`
	Bio   event.Tri `json:"bio,omitempty"`
	Human event.Tri `json:"human,omitempty"` // the operator's account; no: there is none, or it is a bot
}

// Doubtful is what was seen and does not decide: then what is declared does.
const Doubtful event.Tri = ""

// Look is what X shows of a bot now. Where X leaves the label out that it told
// of before, the label is gone. Another account than the bot's shows nothing of
// it: whatever its token sends comes from a stranger.
func Look(b Bot) Seen {
	s := Seen{Own: event.Unknown, Label: event.Unknown, Bio: event.Unknown, Human: event.Unknown}
	switch p := b.Profile; {
	case p.Unknown != "":
	case b.stranger():
		s.Own, s.Label, s.Bio = event.No, event.No, event.No
	default:
		s.Own, s.Label, s.Bio = event.Yes, labelIn(p.Value, b.Before), bioIn(p.Value, b.Operator)
	}
	if h := b.Human; h.Unknown == "" {
		s.Human = Doubtful // X does not say whether it is linked
		if h.Value.Gone || h.Value.Automated == event.Yes {
			s.Human = event.No
		}
	}
	return s
}

func labelIn(p Profile, before Seen) event.Tri {
	switch {
	case p.Automated == event.Yes, p.Automated == event.No:
		return p.Automated
	case before.Label != Doubtful:
		return event.No
	}
	return event.Unknown
}

func bioIn(p Profile, operator string) event.Tri {
	switch d := Reads(p.Bio, operator); {
	case d.Bot && d.Operator:
		return event.Yes
	case !d.Bot && !d.Operator:
		return event.No
	}
	return Doubtful
}

// Holds is what the gate is to take for true: what X shows; where it tells
// nothing now, what it showed before; else what is declared (Y3).
func (s Seen) Holds(before Seen, d Declared) (label, bio, operator bool) {
	holds := func(now, before event.Tri, declared time.Time) bool {
		if now = kept(now, before); now == Doubtful {
			return !declared.IsZero()
		}
		return now == event.Yes
	}
	return holds(s.Label, before.Label, d.Label), holds(s.Bio, before.Bio, d.Bio), holds(s.Human, before.Human, d.Operator)
}

// Stranger reports whether the token speaks for another account, as seen now or,
// where X tells nothing now, before. No word of a person makes that right.
func (s Seen) Stranger(before Seen) bool { return kept(s.Own, before.Own) == event.No }

// Keep is what is remembered after a check: what it did not see stays as it was.
func (s Seen) Keep(before Seen) Seen {
	return Seen{
		At: s.At, Own: kept(s.Own, before.Own),
		Label: kept(s.Label, before.Label), Bio: kept(s.Bio, before.Bio), Human: kept(s.Human, before.Human),
	}
}

func kept(now, before event.Tri) event.Tri {
	if now == event.Unknown {
		return before
	}
	return now
}

func account(f Facts, b Bot) []Finding {
	p := b.Profile
	switch {
	case p.Unknown != "" && f.Simulated:
		return one(Unknown, "the simulated X did not show the account: "+p.Unknown, "`beckon xsim` starts one; x_base_url says where it is")
	case p.Unknown != "":
		return one(Unknown, "X did not show the account: "+p.Unknown, "see that the host reaches X and that the token is good, then ask again")
	case p.Value.ID != b.UserID:
		return one(Unsafe, fmt.Sprintf("the token speaks for @%s (user id %s), not for the configured user id %s", p.Value.Username, p.Value.ID, b.UserID),
			fmt.Sprintf("log in as @%s, or correct bots.%s.user_id", b.Username, b.Name))
	case !strings.EqualFold(p.Value.Username, b.Username):
		return one(Warn, fmt.Sprintf("the account is called @%s now; the configuration says @%s", p.Value.Username, b.Username),
			fmt.Sprintf("correct bots.%s.username: mentions of the bot are told by its handle", b.Name))
	case p.Value.Protected == event.Yes:
		return one(Warn, "the account is protected: who does not follow it cannot see its answers, and posts of protected accounts never arrive",
			"make the account public on X")
	}
	return good(fmt.Sprintf("the token speaks for @%s", p.Value.Username))
}

// stranger reports whether the token speaks for another account; the check of
// the account says so.
func (b Bot) stranger() bool { return b.Profile.Unknown == "" && b.Profile.Value.ID != b.UserID }

// labelHow is where the label is switched on (facts.md, read 2026-11-25).
const labelHow = "on X, as the bot: Settings, Your account, Automation, Managing account; name the human account there, and the label appears"

func label(_ Facts, b Bot) []Finding {
	if b.stranger() {
		return nil
	}
	return b.owed("the Automated label", labelHow, Look(b).Label, b.Before.Label, b.Declared.Label, "label", "")
}

func bio(_ Facts, b Bot) []Finding {
	if b.stranger() {
		return nil
	}
	how := fmt.Sprintf("write it into the bio, such as \"Bot by @%s\"", b.Operator)
	partly := ""
	if p := b.Profile; p.Unknown == "" {
		switch d := Reads(p.Value.Bio, b.Operator); {
		case d.Bot && !d.Operator:
			partly = fmt.Sprintf("the bio says that it is a bot, and does not name @%s", b.Operator)
		case d.Operator && !d.Bot:
			partly = fmt.Sprintf("the bio names @%s, in words that this program does not read as \"bot\"", b.Operator)
		}
	}
	return b.owed("a bio that says bot, and whose", how, Look(b).Bio, b.Before.Bio, b.Declared.Bio, "bio", partly)
}

// owed judges something that the profile must show.
func (b Bot) owed(what, how string, seen, before event.Tri, declared time.Time, key, partly string) []Finding {
	day := declared.UTC().Format(time.DateOnly)
	switch {
	case seen == event.Yes:
		return good("X shows " + what)
	case seen == event.No && b.Vouched:
		return one(Warn, "X does not show "+what+"; the host was told by name to send for this bot regardless", how)
	case seen == event.No && !declared.IsZero():
		return one(Unsafe, fmt.Sprintf("X does not show %s; it is declared as seen on %s. Nothing is sent", what, day), how)
	case seen == event.No:
		return one(Unsafe, "X does not show "+what+". Nothing is sent", how)
	case seen == event.Unknown && before == event.No && !b.Vouched:
		return one(Unsafe, "X did not show "+what+" when it was last asked, and tells nothing now. Nothing is sent", how)
	case partly != "" && !declared.IsZero():
		return one(Warn, fmt.Sprintf("%s; declared as seen on %s, and that holds", partly, day), how)
	case partly != "":
		return one(Unsafe, partly+", and nobody has declared it. Nothing is sent",
			fmt.Sprintf("%s; or look at it and write the day under bots.%s.declared.%s", how, b.Name, key))
	case !declared.IsZero():
		return one(Unknown, fmt.Sprintf("X tells nothing of %s; declared as seen on %s, and that holds until X tells", what, day), "look at the profile now")
	case b.Vouched:
		return one(Warn, "X tells nothing of "+what+" and nobody has declared it; the host was told by name to send regardless", how)
	}
	return one(Unsafe, "X tells nothing of "+what+", and nobody has declared it. Nothing is sent",
		fmt.Sprintf("%s; then write the day under bots.%s.declared.%s", how, b.Name, key))
}

func operator(f Facts, b Bot) []Finding {
	how := fmt.Sprintf("name the account that people manage in bots.%s.operator_account, and on X under Settings, Your account, Automation", b.Name)
	h, declared := b.Human, !b.Declared.Operator.IsZero()
	switch {
	case h.Unknown == "" && h.Value.Gone:
		return one(Unsafe, fmt.Sprintf("X has no account @%s, or it is suspended", b.Operator), how)
	case h.Unknown == "" && h.Value.Automated == event.Yes:
		return one(Unsafe, fmt.Sprintf("@%s carries the Automated label itself: no person manages it", b.Operator), how)
	case !declared:
		return one(b.unless(Unsafe), fmt.Sprintf("nobody has declared that the account is linked to @%s; X's API does not tell", b.Operator),
			fmt.Sprintf("look on X under Settings, Your account, Automation, and write the day under bots.%s.declared.operator", b.Name))
	case h.Unknown != "":
		return one(Unknown, fmt.Sprintf("X did not show @%s: %s; the link is declared as seen on %s", b.Operator, h.Unknown, b.Declared.Operator.UTC().Format(time.DateOnly)), "ask again")
	case f.Now.Sub(b.Declared.Operator) > staleLink:
		return one(Warn, fmt.Sprintf("the link to @%s was last seen on %s; X's API does not tell whether it still stands", b.Operator, b.Declared.Operator.UTC().Format(time.DateOnly)),
			fmt.Sprintf("look on X under Settings, Your account, Automation, and write today's date under bots.%s.declared.operator", b.Name))
	}
	return good(fmt.Sprintf("@%s is there and is no bot; the link is declared as seen on %s, which X's API does not tell", b.Operator, b.Declared.Operator.UTC().Format(time.DateOnly)))
}

// staleLink: only a person can see the link, so a person looks twice a year.
const staleLink = 180 * 24 * time.Hour

// unless lowers a level where the host was told by name to send regardless.
func (b Bot) unless(l Level) Level {
	if b.Vouched && l == Unsafe {
		return Warn
	}
	return l
}

func disclosure(_ Facts, b Bot) []Finding {
	d := Reads(b.Disclosure, b.Operator)
	how := fmt.Sprintf("write both into bots.%s.texts.disclosure, or leave it out: then it is made from the operator account", b.Name)
	switch {
	case !d.Bot:
		return one(Warn, "what the bot says of itself when asked does not read as \"bot\" or \"automated\"", how)
	case !d.Operator:
		return one(Warn, fmt.Sprintf("what the bot says of itself when asked does not name @%s", b.Operator), how)
	}
	return good(fmt.Sprintf("asked who it is, it says that it is automated, and run by @%s", b.Operator))
}
