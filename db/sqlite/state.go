package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite/gen"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

func (t tx) Conversation(bot, user string) (conversation.Conversation, error) {
	none := conversation.Conversation{Bot: bot, User: user}
	r, err := t.q.Conversation(background(), bot, user)
	if errors.Is(err, sql.ErrNoRows) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("conversation of %s with %s: %w", bot, user, err)
	}
	return conversationOf(r)
}

func (t tx) WithPeople(bot string, now time.Time, max int) ([]conversation.Conversation, error) {
	rows, err := t.q.WithPeople(background(), millis(now), bot, int64(max))
	if err != nil {
		return nil, fmt.Errorf("list conversations with people: %w", err)
	}
	var out []conversation.Conversation
	for _, r := range rows {
		c, err := conversationOf(r)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func conversationOf(r gen.Conversation) (conversation.Conversation, error) {
	sends, err := decodeSends(r.Sends)
	if err != nil {
		return conversation.Conversation{}, fmt.Errorf("conversation of %s with %s: %w", r.Bot, r.UserID, err)
	}
	return conversation.Conversation{
		Bot:         r.Bot,
		User:        r.UserID,
		Version:     r.Version,
		Initiated:   conversation.Initiated(r.Initiated),
		InitiatedAt: timeOf(r.InitiatedAt),
		InitiatedBy: r.InitiatedBy,
		DMsReceived: r.DmsReceived,
		DMsSent:     r.DmsSent,
		RepliesSent: r.RepliesSent,
		LastDMAt:    timeOf(r.LastDmAt),
		Sends:       sends,
		Held:        r.Held == 1,
		HeldReason:  r.HeldReason,
		HandedOff:   r.HandedOff == 1,
		PausedUntil: timeOf(r.PausedUntil),
		Flow:        r.Flow,
		Missed:      r.Missed,
		Lang:        r.Lang,
		Automated:   event.Tri(r.Automated),
		BlockedUs:   r.BlockedUs == 1,
		ConfirmedAt: timeOf(r.ConfirmedAt),
		LastEventAt: timeOf(r.LastEventAt),
		DMsAside:    r.DmsAside,

		HandedOffAt:    timeOf(r.HandedOffAt),
		HandedOffUntil: timeOf(r.HandedOffUntil),
		HandedOffWhy:   r.HandedOffWhy,

		Refusals: r.Refusals,

		ConsentDMStorage: r.ConsentDmStorage == 1,
		ConsentMatching:  r.ConsentMatching == 1,
	}, nil
}

func (t tx) PutConversation(c conversation.Conversation) error {
	sends, err := encodeSends(c.Sends)
	if err != nil {
		return fmt.Errorf("put conversation of %s with %s: %w", c.Bot, c.User, err)
	}
	err = t.q.PutConversation(background(), gen.PutConversationParams{
		Bot:         c.Bot,
		UserID:      c.User,
		Version:     c.Version + 1,
		Initiated:   string(c.Initiated),
		InitiatedAt: millis(c.InitiatedAt),
		InitiatedBy: c.InitiatedBy,
		DmsReceived: c.DMsReceived,
		DmsSent:     c.DMsSent,
		RepliesSent: c.RepliesSent,
		LastDmAt:    millis(c.LastDMAt),
		Sends:       sends,
		Held:        bit(c.Held),
		HeldReason:  c.HeldReason,
		HandedOff:   bit(c.HandedOff),
		PausedUntil: millis(c.PausedUntil),
		Flow:        c.Flow,
		Missed:      c.Missed,
		Lang:        c.Lang,
		Automated:   string(c.Automated),
		BlockedUs:   bit(c.BlockedUs),
		ConfirmedAt: millis(c.ConfirmedAt),
		LastEventAt: millis(c.LastEventAt),
		DmsAside:    c.DMsAside,

		HandedOffAt:    millis(c.HandedOffAt),
		HandedOffUntil: millis(c.HandedOffUntil),
		HandedOffWhy:   c.HandedOffWhy,

		Refusals: c.Refusals,

		ConsentDmStorage: bit(c.ConsentDMStorage),
		ConsentMatching:  bit(c.ConsentMatching),
	})
	if err != nil {
		return fmt.Errorf("put conversation of %s with %s: %w", c.Bot, c.User, err)
	}
	return nil
}

func (t tx) Interaction(bot, key string) (conversation.Interaction, error) {
	r, err := t.q.Interaction(background(), bot, key)
	if errors.Is(err, sql.ErrNoRows) {
		return conversation.Interaction{Bot: bot, Key: key}, nil
	}
	if err != nil {
		return conversation.Interaction{}, fmt.Errorf("interaction %s of %s: %w", key, bot, err)
	}
	return interactionOf(r), nil
}

func interactionOf(r gen.Interaction) conversation.Interaction {
	return conversation.Interaction{
		Bot:           r.Bot,
		Key:           r.Interaction,
		User:          r.UserID,
		Kind:          event.Kind(r.Kind),
		Message:       r.Message,
		Version:       int(r.Version),
		TextHash:      r.TextHash,
		Mentioned:     r.Mentioned == 1,
		Replied:       r.Replied == 1,
		Quoted:        r.Quoted == 1,
		Summoned:      r.Summoned == 1,
		RepliesSent:   r.RepliesSent,
		DMsSent:       r.DmsSent,
		DraftsWaiting: r.DraftsWaiting,
		FirstAt:       timeOf(r.FirstAt),
		LastAt:        timeOf(r.LastAt),
	}
}

func (t tx) PutInteraction(i conversation.Interaction) error {
	err := t.q.PutInteraction(background(), gen.PutInteractionParams{
		Bot:           i.Bot,
		Interaction:   i.Key,
		UserID:        i.User,
		Kind:          string(i.Kind),
		Message:       i.Message,
		Version:       int64(i.Version),
		TextHash:      i.TextHash,
		Mentioned:     bit(i.Mentioned),
		Replied:       bit(i.Replied),
		Quoted:        bit(i.Quoted),
		Summoned:      bit(i.Summoned),
		RepliesSent:   i.RepliesSent,
		DmsSent:       i.DMsSent,
		DraftsWaiting: i.DraftsWaiting,
		FirstAt:       millis(i.FirstAt),
		LastAt:        millis(i.LastAt),
	})
	if err != nil {
		return fmt.Errorf("put interaction %s of %s: %w", i.Key, i.Bot, err)
	}
	return nil
}

func (t tx) Suppression(userHash string) (conversation.Suppression, error) {
	r, err := t.q.Suppression(background(), userHash)
	if errors.Is(err, sql.ErrNoRows) {
		return conversation.Suppression{UserHash: userHash}, nil
	}
	if err != nil {
		return conversation.Suppression{}, fmt.Errorf("suppression %s: %w", userHash, err)
	}
	return suppressionOf(r), nil
}

func (t tx) PutSuppression(s conversation.Suppression) error {
	err := t.q.PutSuppression(background(), gen.PutSuppressionParams{
		UserHash: s.UserHash, OptedOut: bit(s.OptedOut), At: millis(s.At),
		EventID: s.EventID, Tier: string(s.Tier), ErasedAt: millis(s.ErasedAt),
	})
	if err == nil {
		err = t.q.OweSuppression(background(), s.UserHash)
	}
	if err != nil {
		return fmt.Errorf("put suppression %s: %w", s.UserHash, err)
	}
	return nil
}

func (t tx) OptedOut(after string, max int) ([]conversation.Suppression, error) {
	rows, err := t.q.OptedOut(background(), after, int64(max))
	if err != nil {
		return nil, fmt.Errorf("list opt-outs: %w", err)
	}
	return each(rows, suppressionOf), nil
}

func (t tx) ListSuppressions(after string, max int) ([]conversation.Suppression, error) {
	rows, err := t.q.ListSuppressions(background(), after, int64(max))
	if err != nil {
		return nil, fmt.Errorf("list suppressions: %w", err)
	}
	return each(rows, suppressionOf), nil
}

func (t tx) OwedSuppressions(max int) ([]db.OwedSuppression, error) {
	rows, err := t.q.OwedSuppressions(background(), int64(max))
	if err != nil {
		return nil, fmt.Errorf("list suppressions that are owed: %w", err)
	}
	return each(rows, func(r gen.OwedSuppressionsRow) db.OwedSuppression {
		return db.OwedSuppression{Suppression: suppressionOf(r.Suppression), Rev: r.Rev}
	}), nil
}

func (t tx) CountOwedSuppressions() (int64, error) {
	n, err := t.q.CountOwedSuppressions(background())
	if err != nil {
		return 0, fmt.Errorf("count suppressions that are owed: %w", err)
	}
	return n, nil
}

func (t tx) SettleSuppression(userHash string, rev int64) error {
	if err := t.q.SettleSuppression(background(), userHash, rev); err != nil {
		return fmt.Errorf("settle suppression %s: %w", userHash, err)
	}
	return nil
}

func suppressionOf(r gen.Suppression) conversation.Suppression {
	return conversation.Suppression{
		UserHash: r.UserHash, OptedOut: r.OptedOut == 1, At: timeOf(r.At),
		EventID: r.EventID, Tier: conversation.Tier(r.Tier), ErasedAt: timeOf(r.ErasedAt),
	}
}
