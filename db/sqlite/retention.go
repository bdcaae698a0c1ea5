package sqlite

import (
	"fmt"
	"time"
)

func (t tx) PruneInteractions(before time.Time, max int) (int, error) {
	n, err := t.q.PruneInteractions(background(), millis(before), int64(max))
	if err != nil {
		return 0, fmt.Errorf("prune interactions: %w", err)
	}
	return int(n), nil
}

func (t tx) PruneConversations(before time.Time, max int) (int, error) {
	n, err := t.q.PruneConversations(background(), millis(before), int64(max))
	if err == nil && n > 0 {
		err = t.q.PruneSlots(background())
	}
	if err != nil {
		return 0, fmt.Errorf("prune conversations: %w", err)
	}
	return int(n), nil
}

func (t tx) PruneDeadLetters(before time.Time, max int) (int, error) {
	n, err := t.q.PruneDeadLetters(background(), millis(before), int64(max))
	if err != nil {
		return 0, fmt.Errorf("prune dead letters: %w", err)
	}
	return int(n), nil
}
