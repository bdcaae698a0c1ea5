package event

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Beckon's own events. They travel on the bus like X's, and are believed by
// where they come from, never by what they say: only a message with
// CommandSource, which this host alone writes, is read as one.
const (
	CommandType   Type = "beckon.command" // an operator's act
	TimerType     Type = "beckon.timer"   // a due time that passed
	CommandSource      = "/beckon/command"
)

// PollSource is where bodies come from that were asked for, not sent: X bills
// them as reads, and not as events.
const PollSource = "/x/poll"

// ErrCommand is what ReadCommand wraps for a body that is no command.
var ErrCommand = errors.New("no command of this version")

// Command asks a bot for one thing that answers nobody's event: an operator
// gives it, or a timer. It is a wish; the gate decides.
type Command struct {
	ID  string    `json:"id"` // what it is deduplicated by
	Bot string    `json:"bot"`
	At  time.Time `json:"at"`
	By  string    `json:"by"` // the operator who gives it, or who set the timer

	// Timer: it came due by itself, nobody gave it at that moment.
	Timer bool `json:"timer,omitempty"`

	// Until is when it is too late for it; zero: as late as any event is answered.
	Until time.Time `json:"until,omitzero"`

	// Reminder is the id of a reminder that came due: whom it reaches and what it
	// says stand in the database, where it may be void by now.
	Reminder string `json:"reminder,omitempty"`

	// UserAct is the person's own act that asks for this, such as "Kim tapped
	// like in the desk's app"; "" if there is none.
	UserAct string `json:"user_act,omitempty"`

	Kind ActionKind `json:"kind"`
	Text string     `json:"text,omitempty"`
	User string     `json:"user,omitempty"` // X user id of whom it reaches: the recipient, or the author of Post
	Post string     `json:"post,omitempty"` // id of the post that it answers, quotes, reposts, likes or keeps
	List string     `json:"list,omitempty"`

	// About is what the user opted in to, by its name, and this DM tells them of: it
	// goes to nobody else.
	About string `json:"about,omitempty"`

	AIGenerated        bool `json:"ai_generated,omitempty"`
	Promotional        bool `json:"promotional,omitempty"`
	Affiliate          bool `json:"affiliate,omitempty"`
	AffiliateDisclosed bool `json:"affiliate_disclosed,omitempty"`
	PaidPartnership    bool `json:"paid_partnership,omitempty"`
	MadeWithAI         bool `json:"made_with_ai,omitempty"`
}

// commandForm marks the body of a command. X's bodies begin with {"data":.
const commandForm = "beckon.command/v1"

type commandBody struct {
	Form string `json:"form"`
	Command
}

// Body is the command as it travels.
func (c Command) Body() ([]byte, error) { return json.Marshal(commandBody{commandForm, c}) }

// ReadCommand reads what Body wrote, and checks it. The caller must know that
// the bytes come from this host.
func ReadCommand(body []byte) (Command, error) {
	var b commandBody
	if err := strict(body, &b); err != nil {
		return Command{}, fmt.Errorf("%w: %w", ErrCommand, err)
	}
	if b.Form != commandForm {
		return Command{}, fmt.Errorf("%w: its form is %q, not %q", ErrCommand, b.Form, commandForm)
	}
	if b.ID == "" || b.Bot == "" || b.By == "" || b.At.IsZero() {
		return Command{}, fmt.Errorf("%w: id, bot, by and at are needed", ErrCommand)
	}
	if err := b.Check(); err != nil {
		return Command{}, fmt.Errorf("%w: %w", ErrCommand, err)
	}
	return b.Command, nil
}

// WithID gives a command without an id one made from its content: the same
// command of the same moment is the same.
func (c Command) WithID() (Command, error) {
	if c.ID != "" {
		return c, nil
	}
	body, err := c.Body()
	sum := sha256.Sum256(body)
	c.ID = "c-" + hex.EncodeToString(sum[:8])
	return c, err
}

// Check says what is wrong with what the command asks for, nil if it can be
// decided. Who is reached must be named wherever somebody is: else an opt-out
// could not be seen.
func (c Command) Check() error {
	needs := map[ActionKind]string{
		Post: "text", DM: "text user", Reply: "text post", Quote: "text post user",
		Repost: "post user", Like: "post user", Bookmark: "post", FollowU: "user", ListAdd: "list user",
	}
	need, ok := needs[c.Kind]
	if !ok {
		return fmt.Errorf("kind: one of post, reply, dm, quote, repost, like, bookmark, follow, list_add, not %q", c.Kind)
	}
	if c.Reminder != "" {
		if !c.Timer || c.Kind != DM || c.Text != "" {
			return errors.New("reminder: a DM of a timer, whose text stands in the database")
		}
		need = "user"
	}
	if !c.Until.IsZero() && c.Until.Before(c.At) {
		return errors.New("until: it is before at")
	}
	if c.About != "" && (c.Kind != DM || c.Reminder != "" || strings.TrimSpace(c.About) == "" || len(c.About) > 64) {
		return errors.New("about: a DM to a user who opted in to it has one, by a name of at most 64 bytes")
	}
	for _, f := range []struct{ name, value string }{{"text", c.Text}, {"post", c.Post}, {"user", c.User}, {"list", c.List}} {
		switch wants := strings.Contains(need, f.name); {
		case wants && strings.TrimSpace(f.value) == "":
			return fmt.Errorf("%s: a %s needs it", f.name, c.Kind)
		case !wants && f.value != "" && !(f.name == "user" && c.Kind == Reply):
			return fmt.Errorf("%s: a %s has none", f.name, c.Kind)
		case f.name != "text" && f.value != "" && (!isDigits(f.value) || len(f.value) > 20):
			return fmt.Errorf("%s: X's id, which is digits, not %q", f.name, f.value)
		}
	}
	return nil
}

// Event is the command as dispatch takes it in. A reply belongs to the act that
// it answers; everything else is an act of its own.
func (c Command) Event() Event {
	e := Event{
		ID: c.ID, Type: CommandType, Kind: KindCommand, Known: true, Bot: c.Bot, User: c.User, At: c.At.UTC(),
		Interaction: c.ID, Message: c.Post, Readable: true, Automated: Unknown, UserAct: c.UserAct,
	}
	if c.Timer {
		e.Type, e.Kind = TimerType, KindTimer
	}
	if c.Kind == Reply {
		e.Interaction = c.Post
	}
	return e
}

// Draft is what the command would have said.
func (c Command) Draft() Draft {
	d := Draft{
		Kind: c.Kind, Purpose: Operator, Text: c.Text, List: c.List, Handler: "operator " + c.By,
		AIGenerated: c.AIGenerated, Promotional: c.Promotional, Affiliate: c.Affiliate,
		AffiliateDisclosed: c.AffiliateDisclosed, PaidPartnership: c.PaidPartnership, MadeWithAI: c.MadeWithAI,
	}
	if c.Timer {
		d.Purpose, d.Handler = Scheduled, "timer of "+c.By
	}
	if c.About != "" { // nobody asked at this moment: it is told to all who opted in
		d.Purpose, d.Handler, d.About = Scheduled, "notice of "+c.By, c.About
	}
	if c.Reminder != "" {
		d.Purpose, d.Handler = Reminder, "reminder"
	}
	return d
}
