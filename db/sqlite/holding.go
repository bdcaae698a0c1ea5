package sqlite

import (
	"context"
	"fmt"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
)

func (t tx) HeldPosts() ([]string, error) {
	ids, err := t.q.HeldPosts(background())
	if err != nil {
		return nil, fmt.Errorf("ids of posts that are kept: %w", err)
	}
	return ids, nil
}

func (t tx) HeldUsers() ([]string, error) {
	ids, err := t.q.HeldUsers(background())
	if err != nil {
		return nil, fmt.Errorf("ids of users that are kept: %w", err)
	}
	return ids, nil
}

// ActsWith asks bot by bot, as the table is ordered.
func (t tx) ActsWith(id string) (acts []conversation.Interaction, err error) {
	for bot := ""; ; {
		if bot, err = t.q.NextHeldBot(background(), bot); err != nil {
			return nil, fmt.Errorf("bots with acts: %w", err)
		}
		if bot == "" {
			break
		}
		i, err := t.Interaction(bot, id)
		if err != nil {
			return nil, err
		}
		if i != (conversation.Interaction{Bot: bot, Key: id}) {
			acts = append(acts, i)
		}
	}
	edited, err := t.q.InteractionsByMessage(background(), id)
	if err != nil {
		return nil, fmt.Errorf("acts by message %s: %w", id, err)
	}
	for _, r := range edited {
		if i := interactionOf(r); i.Key != id {
			acts = append(acts, i)
		}
	}
	return acts, nil
}

func (t tx) PostsOf(user string) ([]conversation.Interaction, error) {
	rows, err := t.q.PostsOfUser(background(), user)
	if err != nil {
		return nil, fmt.Errorf("posts of user %s: %w", user, err)
	}
	return each(rows, interactionOf), nil
}

func (t tx) UnpostDeskNotice(bot, interaction string) error {
	if _, err := t.q.UnpostDeskNotices(background(), bot, interaction); err != nil {
		return fmt.Errorf("take act %s out of the desk's notice: %w", interaction, err)
	}
	return nil
}

func (t tx) OpenActionsOf(bot string, max int) ([]string, error) {
	ids, err := t.q.OpenActionsOfBot(background(), bot, int64(max))
	if err != nil {
		return nil, fmt.Errorf("open actions of bot %q: %w", bot, err)
	}
	return ids, nil
}

// Wipe goes from what points at actions to the actions.
func (t tx) Wipe(bot string, max int) (db.Erased, error) {
	e := db.Erased{Counts: map[string]int64{}}
	all := func(run func(context.Context, string) (int64, error)) func() (int64, error) {
		return func() (int64, error) { return run(background(), bot) }
	}
	some := func(run func(context.Context, string, int64) (int64, error)) func() (int64, error) {
		return func() (int64, error) { return run(background(), bot, int64(max)) }
	}
	named := func(kind string, run func(context.Context, string, int64) ([]string, error)) func() (int64, error) {
		return func() (int64, error) {
			ids, err := run(background(), bot, int64(max))
			for _, id := range ids {
				e.Records = append(e.Records, db.RecordRef{Kind: kind, Ref: id})
			}
			return int64(len(ids)), err
		}
	}
	for _, s := range []struct {
		table string
		run   func() (int64, error)
	}{
		{"action_texts", all(t.q.WipeTexts)},
		{"fingerprints", all(t.q.WipeFingerprints)},
		{"lookups", all(t.q.WipeLookups)},
		{"question_texts", all(t.q.WipeQuestionTexts)},
		{"questions", all(t.q.WipeQuestions)},
		{"echoes", all(t.q.WipeEchoes)},
		{"reminders", all(t.q.WipeReminders)},
		{"desk_notices", all(t.q.WipeDeskNotices)},
		{"desk_told", all(t.q.WipeDeskTold)},
		{"consents", all(t.q.WipeConsents)},
		{"matches", all(t.q.WipeMatches)},
		{"slots", all(t.q.WipeSlots)},
		{"dead_letters", all(t.q.WipeDeadLetters)},
		{"conversations", some(t.q.WipeConversations)},
		{"interactions", some(t.q.WipeInteractions)},
		{"actions", named("action", t.q.WipeActions)},
		{"decisions", named("decision", t.q.WipeDecisions)},
	} {
		n, err := s.run()
		if err != nil {
			return db.Erased{}, fmt.Errorf("wipe %s of bot %q: %w", s.table, bot, err)
		}
		if n > 0 {
			e.Counts[s.table] = n
		}
	}
	return e, nil
}
