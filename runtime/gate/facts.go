package gate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/rules"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// Facts is what a decision needs of an event and a draft, without their text:
// computed once when the draft is made and kept with the action, so that the
// claim decides on the same facts.
type Facts struct {
	Event    EventFacts         `json:"event"`
	Features []string           `json:"features,omitempty"` // text features that are true, sorted
	Read     []string           `json:"read,omitempty"`     // ids of the features that were looked for
	Beside   *Reading           `json:"beside,omitempty"`   // what a candidate found, where it looks for others
	Draft    event.Draft        `json:"draft"`              // without its text
	Text     TextFacts          `json:"text"`
	Lang     string             `json:"lang,omitempty"`    // the user's language, as far as it is known: what the host adds is said in it
	Applied  []rules.Obligation `json:"applied,omitempty"` // obligations that the text carries already

	// Parts is in how many messages the whole answer goes out, of which this is
	// one; 0: it is the only one.
	Parts int `json:"parts,omitempty"`

	EditedBy string `json:"edited_by,omitempty"` // the operator whose text it is

	// Print is of the text as it was drafted, before obligations: two drafts
	// compare whatever was added to each.
	Print Print `json:"print,omitzero"`
}

// Reading is what a rule set found in an event's text.
type Reading struct {
	Features []string `json:"features,omitempty"` // those that are true, sorted
	Read     []string `json:"read,omitempty"`     // ids of those that were looked for
}

// reading is what is known of the text's features for a set, and the features
// of the set that nobody looked for: the rules have changed since the draft was
// made, and the text is gone.
func (f Facts) reading(set *rules.Set) (features, unknown []string) {
	unknown = set.Unread(f.Read)
	if len(unknown) > 0 && f.Beside != nil && len(set.Unread(f.Beside.Read)) == 0 {
		return f.Beside.Features, nil
	}
	return f.Features, unknown
}

// EventFacts is the part of an event that rules may ask for.
type EventFacts struct {
	Kind      event.Kind `json:"kind"`
	At        time.Time  `json:"at"`
	Lang      string     `json:"lang,omitempty"`
	Automated event.Tri  `json:"automated,omitempty"`
	Edited    bool       `json:"edited,omitempty"`
	Readable  bool       `json:"readable,omitempty"`
	Name      string     `json:"name,omitempty"`      // the user's handle, who may be mentioned in an answer
	TextHash  string     `json:"text_hash,omitempty"` // keyed hash of the text that is answered, to see an edit
	UserAct   string     `json:"user_act,omitempty"`  // the person's own act behind a command, in the operator's words
}

// TextFacts is what the draft's text shows.
type TextFacts struct {
	HasURL            bool `json:"has_url,omitempty"`
	MentionsStrangers bool `json:"mentions_strangers,omitempty"`
	TooLong           bool `json:"too_long,omitempty"`
	Parts             int  `json:"parts,omitempty"` // that it will be cut into; 0: it is one message
	Hashtags          int  `json:"hashtags,omitempty"`
	Cashtags          int  `json:"cashtags,omitempty"`
	ClaimsHuman       bool `json:"claims_human,omitempty"`
	AsksEngagement    bool `json:"asks_engagement,omitempty"`
	URLMismatch       bool `json:"url_mismatch,omitempty"`
}

// maxDMRunes limits a DM, in code points.
// X rule: a post holds 280 weighted characters, 25,000 where the account may post long (practice), a DM 10,000 (practice) (facts.md, read 2026-11-25)
const maxDMRunes = 10_000

// FactsOf computes the facts of a draft that answers e. A zero time of the
// event is replaced by taken, when the host took it in.
func (g *Gate) FactsOf(bot Bot, e event.Event, d event.Draft, taken time.Time) Facts {
	f := Facts{Event: EventFacts{
		Kind: e.Kind, At: e.At, Lang: e.Lang, Automated: e.Automated,
		Edited: e.Edited(), Readable: e.Readable, Name: e.Name, UserAct: e.UserAct,
	}}
	if f.Event.At.IsZero() {
		f.Event.At = taken
	}
	f.Features, f.Read = bot.Rules.Features(e.Text), bot.Rules.FeatureIDs()
	if ids := bot.Candidate.FeatureIDs(); len(ids) > 0 && !slices.Equal(ids, f.Read) {
		f.Beside = &Reading{bot.Candidate.Features(e.Text), ids}
	}
	f.setDraft(bot, d)
	f.Print = PrintOf(d)
	return f
}

// Aside reports whether the draft is a DM that introduces nobody: what says how
// to stop is still due with the next one.
func (f Facts) Aside() bool {
	return f.Draft.Kind == event.DM && (f.Draft.Purpose == event.OptOutConfirmation || f.Draft.Fixed())
}

// setDraft takes over the draft's flags and what its text shows.
func (f *Facts) setDraft(bot Bot, d event.Draft) {
	f.Text = textFacts(bot, f.Event.Name, d)
	f.Draft = d
	f.Draft.Text = ""
}

func textFacts(bot Bot, user string, d event.Draft) TextFacts {
	words := slices.Collect(conversation.Words(d.Text))
	t := TextFacts{
		// Nobody says whether X bills its button as a link: count it as one.
		HasURL:         event.HasURL(d.Text) || d.InviteDM,
		Hashtags:       event.Hashtags(d.Text),
		Cashtags:       event.Cashtags(d.Text),
		ClaimsHuman:    claimsHuman.in(words),
		AsksEngagement: asksEngagement.in(words),
		URLMismatch:    event.Misleads(d.Text),
	}
	t.MentionsStrangers = slices.ContainsFunc(event.Mentions(d.Text), func(name string) bool {
		return !strings.EqualFold(name, user) && !strings.EqualFold(name, bot.Username) && !strings.EqualFold(name, bot.Operator)
	})
	if d.Kind == event.DM {
		t.Parts, t.TooLong = measure(d)
	} else {
		t.TooLong = event.WeightedLength(d.Text) > event.MaxPost(bot.LongPosts)
	}
	return t
}

// Marshal is the form in which an action keeps its facts.
func (f Facts) Marshal() ([]byte, error) { return json.Marshal(f) }

// ParseFacts reads what Marshal wrote.
func ParseFacts(b []byte) (Facts, error) {
	var f Facts
	if err := json.Unmarshal(b, &f); err != nil {
		return Facts{}, fmt.Errorf("read the facts kept with an action: %w", err)
	}
	return f, nil
}
