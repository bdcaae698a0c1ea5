package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// BenchmarkCommitPerEvent commits the rows that one event writes, in batches:
// its dedupe row, its conversation and interaction read and written, the
// suppression read, a decision, and for one event of three an action with its
// text. Ids come in X's order, users in none. Time is per event; speed.md has
// the limit of the hardware (21-24 µs of CPU).
func BenchmarkCommitPerEvent(b *testing.B) {
	for _, batch := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) { benchCommit(b, batch, 100_000) })
	}
}

func benchCommit(b *testing.B, batch, users int) {
	s := open(b, filepath.Join(b.TempDir(), "bench.db"))
	ctx := context.Background()
	now := time.UnixMilli(1_767_225_600_000).UTC()
	record := make([]byte, 700) // an early decision record; with 30 rules it is 2 KB
	for i := range record {
		record[i] = 'x'
	}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if n%batch != 0 { // this event was committed with its batch
			n++
			continue
		}
		err := s.Write(ctx, func(tx db.Tx) error {
			for i := n; i < n+batch; i++ {
				if err := oneEvent(tx, i, users, now.Add(time.Duration(i)*time.Millisecond), record); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}

func oneEvent(tx db.Tx, i, users int, now time.Time, record []byte) error {
	id := fmt.Sprint(1_900_000_000_000_000_000 + int64(i))
	user := fmt.Sprint(uint32(i) * 2654435761 % uint32(users))
	if _, err := tx.MarkSeen("support", id, 0, now); err != nil {
		return err
	}
	c, err := tx.Conversation("support", user)
	if err != nil {
		return err
	}
	in, err := tx.Interaction("support", id)
	if err != nil {
		return err
	}
	if _, err := tx.Suppression("hash-of-" + user); err != nil {
		return err
	}
	c.Initiated, c.InitiatedAt, c.InitiatedBy, c.LastEventAt = conversation.InitiatedMention, now, id, now
	in.User, in.Kind, in.Message, in.Mentioned, in.FirstAt, in.LastAt = user, event.KindPost, id, true, now, now
	action := ""
	if i%3 == 0 {
		action = "act-" + id
		if c.Sends = append(c.Sends, conversation.Send{At: now, Kind: event.Reply}); len(c.Sends) > conversation.RingSize {
			c.Sends = c.Sends[1:]
		}
		a := db.Action{
			ID: action, Bot: "support", Interaction: id, Kind: event.Reply, Purpose: event.Answer,
			User: user, ReplyTo: id, Event: id, State: event.Pending, CreatedAt: now, UpdatedAt: now,
			DueAt: now, ExpiresAt: now.Add(time.Hour), RuleSet: "ruleset", Decision: record,
			DecisionID: "dec-" + id, Draft: record[:200], TextHash: "hash",
		}
		if err := tx.InsertAction(a); err != nil {
			return err
		}
		if err := tx.PutActionText(a.ID, record[:240]); err != nil {
			return err
		}
	}
	if err := tx.PutConversation(c); err != nil {
		return err
	}
	if err := tx.PutInteraction(in); err != nil {
		return err
	}
	return tx.AppendDecision(db.Decision{ID: "dec-" + id, At: now, Bot: "support", Event: id, Action: action, Record: record})
}

// BenchmarkCommitBesideACopy: how much of the rate of commits is left while the
// database is copied for a backup, and how fast it is copied. Both are measured in
// one run, in turns.
func BenchmarkCommitBesideACopy(b *testing.B) {
	dir := b.TempDir()
	s := open(b, filepath.Join(dir, "bench.db"))
	ctx := context.Background()
	record := make([]byte, 700)
	n := 0
	commit := func(events int) {
		err := s.Write(ctx, func(tx db.Tx) error {
			for range events {
				if err := oneEvent(tx, n, 100_000, time.UnixMilli(1_767_225_600_000+int64(n)).UTC(), record); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for range 200 {
		commit(256)
	}
	turn := func() time.Duration {
		start := time.Now()
		for range 100 {
			commit(16)
		}
		return time.Since(start)
	}
	var alone, beside, copying time.Duration
	var copies, bytes int64
	for b.Loop() {
		alone += turn()
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for i := 0; ; i++ {
				to, start := filepath.Join(dir, fmt.Sprint("copy", i)), time.Now()
				if err := s.Copy(ctx, to, func(db.TextKey) error { return nil }); err != nil {
					b.Error(err)
					return
				}
				copying += time.Since(start)
				copies++
				if info, err := os.Stat(to); err == nil {
					bytes += info.Size()
				}
				_ = os.Remove(to)
				select {
				case <-stop:
					return
				default:
				}
			}
		}()
		beside += turn()
		close(stop)
		<-done
	}
	b.ReportMetric(float64(alone)/float64(beside), "of_rate_left")
	b.ReportMetric(float64(bytes)/copying.Seconds()/(1<<20), "MiB_copied/s")
	b.ReportMetric(0, "ns/op")
}
