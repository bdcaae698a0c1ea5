package dispatch

import (
	"cmp"
	"fmt"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/bus"
	"github.com/beckon-bot/beckon/runtime/compliance"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// gone ends an event that tells of what had to be deleted: only an opt-out in it
// counts (E3). nil: there is nothing against it.
func (w *work) gone(m bus.Delivery, e event.Event) ([]gate.Record, error) {
	v, err := compliance.Gone(w.Tx, w.Key, w.Now, e, m.Seq)
	if err != nil {
		return nil, err
	}
	if v.Opened {
		w.owe()
	}
	if v.Why == "" {
		if err := w.edited(e); err != nil {
			return nil, err
		}
		return nil, w.erasedAgain(m, e)
	}
	if e.User != "" && (e.Addresses() || e.Kind == event.KindDM) && conversation.MatchLang(e.Text, e.Lang, false).OptsOut() {
		if err := w.forceStop(e.Bot, e.User, e.ID, cmp.Or(e.At, m.Time)); err != nil {
			return nil, err
		}
	}
	if v.Nobody {
		e.User, e.Interaction = "", ""
	}
	return w.nothing(e, v.Why)
}

// goneAgain is an event that was taken in before, and changes nothing: but its
// body is on the bus once more, perhaps of what had to be deleted.
func (w *work) goneAgain(m bus.Delivery, e event.Event) error {
	v, err := compliance.Gone(w.Tx, w.Key, w.Now, e, m.Seq)
	if err != nil {
		return err
	}
	if v.Opened {
		w.owe()
	}
	return w.erasedAgain(m, e)
}

// erasedAgain: what a user did before they were erased goes from the bus, too.
func (w *work) erasedAgain(m bus.Delivery, e event.Event) error {
	if gone, err := w.erased(e); !gone || err != nil || e.Message == "" {
		return err
	}
	return w.openDuty(compliance.Late(w.Key, w.Now, e, m.Seq))
}

// owe tells who carries out duties that there is one, once it is committed.
func (w *work) owe() {
	if w.Owed != nil {
		w.after = append(w.after, w.Owed)
	}
}

func (w *work) openDuty(d db.Duty) error {
	fresh, err := w.Tx.OpenDuty(d)
	if err != nil {
		return fmt.Errorf("open the duty to delete a %s: %w", d.What, err)
	}
	if fresh {
		w.owe()
	}
	return nil
}

// edited: what an edit replaces goes.
// X rule: posts are kept as they are now (facts.md, read 2026-11-25)
func (w *work) edited(e event.Event) error {
	if !e.Edited() || e.Interaction == "" || e.Kind != event.KindPost && e.Kind != event.KindOwnPost {
		return nil
	}
	return w.openDuty(compliance.Edited(w.Key, w.Now, e))
}

// deleted is a post of the account that is gone.
// X rule: post.delete: what was stored of it goes (facts.md, read 2026-11-25)
func (w *work) deleted(e event.Event) ([]gate.Record, error) {
	if e.Message == "" {
		return w.nothing(e, "A post of the account was deleted; X does not say which.")
	}
	d := compliance.Item(w.Key, w.Now, db.DutyPost, e.Message, compliance.Told{By: string(e.Type), Reason: "deleted", Since: e.At})
	if err := w.openDuty(d); err != nil {
		return nil, err
	}
	return w.nothing(e, "A post of the account was deleted: what is kept of it goes.")
}

// revoked stops the bot whose authorisation was withdrawn, and starts the clock
// of its removal.
// X rule: it stops the bot and starts the deletion clock (facts.md, read 2026-11-25)
func (w *work) revoked(e event.Event) ([]gate.Record, error) {
	s := db.Switch{Bot: e.Bot, Paused: true, By: "host", At: w.Now, Reason: "the account withdrew its authorisation on X (oauth.revoke)"}
	if err := w.SetSwitch(s); err != nil {
		return nil, err
	}
	if err := w.openDuty(compliance.Account(w.Key, w.Now, e.Bot, compliance.Told{By: string(e.Type), Reason: "revoked", Since: e.At})); err != nil {
		return nil, err
	}
	return w.nothing(e, "The account withdrew its authorisation; the bot is paused until it is authorised again and resumed.")
}
