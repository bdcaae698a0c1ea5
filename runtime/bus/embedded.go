package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// maxPayload is the largest message, headers included, in bytes: room for the
// largest body that a webhook takes (1 MiB).
const maxPayload = 4 << 20

// startServer starts a nats-server inside this process: no listener unless o
// names one, no signal handling, every write synced before it is acknowledged.
// It returns what the host's own connection logs in with.
func startServer(o Options, log *slog.Logger) (srv *server.Server, password string, err error) {
	dir := o.Dir
	// Bodies of posts and DMs lie in here: for this user only.
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", err
	}
	so := &server.Options{
		ServerName: "beckon",
		DontListen: true,
		NoSigs:     true,
		MaxPayload: maxPayload,

		JetStream:              true,
		DisableJetStreamBanner: true,
		StoreDir:               dir,
		// By default NATS acknowledges before fsync (B1).
		SyncAlways: true,
		// 0 would mean: a share of this machine. No stream of ours is in memory.
		JetStreamMaxMemory: 1 << 20,
		// The stream's own MaxBytes is the limit. A second one here would keep a
		// stream from loading after MaxBytes was lowered.
		JetStreamMaxStore: 1 << 50,
	}
	if o.Listen != "" {
		if password, err = listen(so, o); err != nil {
			return nil, "", err
		}
	}
	if srv, err = server.NewServer(so); err != nil {
		return nil, "", err
	}
	l := &serverLog{log: log}
	srv.SetLoggerV2(l, false, false, false)
	srv.Start() // returns once everything runs; with a listener, before it listens
	if o.Listen != "" && !srv.ReadyForConnections(10*time.Second) {
		err = fmt.Errorf("nats-server does not listen on %s", o.Listen)
	}
	if err := errors.Join(l.fatal(), err, durable(srv.JetStreamConfig())); err != nil {
		stopServer(srv)
		return nil, "", err
	}
	return srv, password, nil
}

func stopServer(srv *server.Server) {
	srv.Shutdown()
	srv.WaitForShutdown()
}

// durable reads back what B1 rests on.
func durable(c *server.JetStreamConfig) error {
	switch {
	case c == nil:
		return errors.New("nats-server runs without JetStream")
	case !c.SyncAlways:
		return errors.New("nats-server acknowledges before fsync: sync_interval is not always")
	}
	return nil
}

// serverLog forwards the server's log. The server reports why it could not
// start only here, as a fatal line, and goes on.
type serverLog struct {
	log *slog.Logger

	mu   sync.Mutex
	died error
}

var _ server.Logger = (*serverLog)(nil)

func (l *serverLog) fatal() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.died
}

func (l *serverLog) line(level slog.Level, key, format string, v []any) {
	ctx := context.Background()
	if l.log.Enabled(ctx, level) {
		l.log.Log(ctx, level, "nats-server", key, fmt.Sprintf(format, v...))
	}
}

func (l *serverLog) Fatalf(format string, v ...any) {
	l.mu.Lock()
	l.died = errors.Join(l.died, fmt.Errorf(format, v...))
	l.mu.Unlock()
	l.line(slog.LevelError, "err", format, v)
}

func (l *serverLog) Errorf(format string, v ...any)  { l.line(slog.LevelWarn, "err", format, v) }
func (l *serverLog) Warnf(format string, v ...any)   { l.line(slog.LevelWarn, "err", format, v) }
func (l *serverLog) Noticef(format string, v ...any) { l.line(slog.LevelDebug, "notice", format, v) }

// The server's debug and trace lines show payloads: never wanted.
func (l *serverLog) Debugf(string, ...any) {}
func (l *serverLog) Tracef(string, ...any) {}
