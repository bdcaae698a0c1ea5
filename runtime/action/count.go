package action

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/audit"
	"github.com/beckon-bot/beckon/runtime/gate"
)

// tally adds one to a count of today. Flush writes it.
func (u *Unit) tally(bot, kind, name string) {
	day := u.Now.UTC().Truncate(24 * time.Hour)
	u.counts[db.Count{Day: day, Bot: bot, Kind: kind, Name: name}]++
}

// tallyDecision counts a decision by what made it so.
func (u *Unit) tallyDecision(r gate.Record) {
	stage, rule := "", ""
	var conditions []string
	if r.Action != nil {
		stage = r.Action.Stage
	}
	if len(r.By) > 0 {
		rule, conditions = r.By[0].Rule, r.By[0].Conditions
	}
	u.tally(r.Bot, audit.CountDecision, audit.DecisionCount(stage, string(r.Decision), rule, conditions))
}

// TallyOptOut counts an opt-out that reached the host so long ago.
func (u *Unit) TallyOptOut(bot string, ago time.Duration) {
	u.tally(bot, audit.CountOptOut, audit.OptOutLag(ago))
}

func (u *Unit) flushCounts() error {
	keys := make([]db.Count, 0, len(u.counts))
	for k := range u.counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b db.Count) int {
		return cmp.Or(cmp.Compare(a.Bot, b.Bot), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	for _, k := range keys {
		c := k
		c.N = u.counts[k]
		if err := u.Tx.AddCount(c); err != nil {
			return fmt.Errorf("write counts of %s: %w", k.Bot, err)
		}
	}
	return nil
}
