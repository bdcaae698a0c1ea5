package bench

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/db/sqlite"
	"github.com/beckon-bot/beckon/handlers"
	"github.com/beckon-bot/beckon/runtime/replay"
)

const replayed = 2048

// BenchmarkReplay replays a log in which three events of four are answered, so
// that each of those is decided twice and sent.
func BenchmarkReplay(b *testing.B) {
	d := newDesk(b)
	var log bytes.Buffer
	for i := range replayed {
		log.Write(d.body(i))
		log.WriteByte('\n')
	}
	race(b, contestant{"replay", replayed, func(b *testing.B, n int) spent {
		done := stopwatch()
		s, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "replay.db"), Temporary: true})
		must(b, err)
		records := 0
		must(b, replay.Within(b.Context(), s, func(store db.Store) error {
			p := replay.New(replay.Options{
				Store: store, Gate: d.gate, Handlers: map[string]handlers.Chain{botName: d.chain}, Route: d.door.Message,
				Emit: func(s replay.Step) error { records += len(s.Records); return nil },
			}, replay.NewRecorded())
			err := replay.Scan("log", bytes.NewReader(log.Bytes()), func(l replay.Line) error { return p.Play(b.Context(), l) }, nil)
			return errors.Join(err, p.Close())
		}))
		must(b, s.Close())
		if records < n+n/2 {
			b.Fatalf("%d records of %d events: the log was not answered", records, n)
		}
		return done()
	}})
}
