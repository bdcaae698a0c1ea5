package main

import (
	"context"
	"errors"
	"time"

	"github.com/beckon-bot/beckon/cmd/internal/config"
	"github.com/beckon-bot/beckon/db"
	"github.com/beckon-bot/beckon/runtime/account"
	"github.com/beckon-bot/beckon/runtime/admin"
	"github.com/beckon-bot/beckon/runtime/ingest"
	"github.com/beckon-bot/beckon/runtime/service"
	"github.com/beckon-bot/beckon/runtime/xapi"
)

// The ways in, as messages and logs name them.
const (
	ingestWebhook = "webhook"
	ingestStream  = "stream"
	ingestPoll    = "poll"
)

// ways are how X's events come in besides the webhook's own server.
type ways struct {
	watch  *ingest.Watchdog // nil: nobody keeps the webhook
	stream *ingest.Stream
	poll   *ingest.Poller
	x      *xapi.Client

	watched  *ingest.WatchMetrics
	streamed *ingest.StreamMetrics
	polled   *ingest.PollMetrics
}

// openWays puts them together. take stores a body by a way, as the webhook does.
func (h *host) openWays(x *xapi.Client, take func(ctx context.Context, source string, body []byte) error) *ways {
	w := &ways{x: x, watched: &ingest.WatchMetrics{}, streamed: &ingest.StreamMetrics{}, polled: &ingest.PollMetrics{}}
	at := positions{h.store}
	w.watch = watchdog(h.cfg, x, at, ingest.WatchOptions{Now: h.now, Log: h.log, Metrics: w.watched})
	switch h.cfg.Ingest {
	case ingestStream:
		w.stream = ingest.NewStream(ingest.StreamOptions{
			X: x, Positions: at, Now: h.now, Log: h.log, Metrics: w.streamed,
			Take: func(ctx context.Context, body []byte) error { return take(ctx, ingest.StreamSource, body) },
		})
	case ingestPoll:
		o := ingest.PollOptions{
			X: x, Positions: at, Now: h.now, Log: h.log, Metrics: w.polled,
			Take: func(ctx context.Context, body []byte) error { return take(ctx, ingest.PollSource, body) },
		}
		for _, name := range h.cfg.Names() {
			o.Bots = append(o.Bots, ingest.PollBot{Name: name, UserID: h.cfg.Bots[name].UserID})
		}
		w.poll = ingest.NewPoller(o)
	}
	return w
}

// watchdog is the one that the configuration asks for, nil if it asks for none.
func watchdog(cfg *config.Config, x *xapi.Client, at ingest.Positions, o ingest.WatchOptions) *ingest.Watchdog {
	if cfg.Ingest == ingestPoll || cfg.Ingest == ingestWebhook && cfg.PublicURL == "" {
		return nil
	}
	o.X, o.Positions = watchX{x}, at
	if cfg.Ingest == ingestWebhook {
		o.URL = cfg.PublicURL
	}
	for _, name := range cfg.Names() {
		o.Bots = append(o.Bots, ingest.Watched{Name: name, UserID: cfg.Bots[name].UserID})
	}
	return ingest.NewWatchdog(o)
}

// services are what runs after the webhook's server: X's challenge must find it.
func (w *ways) services() (all []service.Service) {
	if w.watch != nil {
		all = append(all, service.Service{Name: "watchdog", Run: w.watch.Run})
	}
	if w.stream != nil {
		all = append(all, service.Service{Name: "stream", Run: w.stream.Run})
	}
	if w.poll != nil {
		all = append(all, service.Service{Name: "poll", Run: w.poll.Run})
	}
	return all
}

// replayed is told by the webhook of the end of a replay job; nil where nobody
// asks for any.
func (w *ways) replayed() func(context.Context, ingest.ReplayStatus) error {
	if w.watch == nil {
		return nil
	}
	return w.watch.Replayed
}

// positions keeps how far the ways in have come, in the database.
type positions struct{ store db.Store }

const positionKey = "ingest/"

func (p positions) Position(ctx context.Context, name string) (v string, err error) {
	err = p.store.Read(ctx, func(tx db.Tx) error {
		v, err = tx.Meta(positionKey + name)
		return err
	})
	return v, err
}

func (p positions) SetPosition(ctx context.Context, name, value string) error {
	return p.store.Write(ctx, func(tx db.Tx) error { return tx.SetMeta(positionKey+name, value) })
}

// watchX is X as the watchdog asks it.
type watchX struct{ *xapi.Client }

func (x watchX) Webhooks(ctx context.Context) ([]ingest.Hook, error) {
	all, err := x.Client.Webhooks(ctx)
	out := make([]ingest.Hook, len(all))
	for i, h := range all {
		out[i] = ingest.Hook{ID: h.ID, URL: h.URL, Valid: h.Valid}
	}
	return out, err
}

func (x watchX) CreateWebhook(ctx context.Context, url string) (ingest.Hook, error) {
	h, err := x.Client.CreateWebhook(ctx, url)
	return ingest.Hook{ID: h.ID, URL: h.URL, Valid: h.Valid}, err
}

func (x watchX) Subscriptions(ctx context.Context) ([]ingest.Subscription, error) {
	all, err := x.Client.Subscriptions(ctx)
	out := make([]ingest.Subscription, len(all))
	for i, s := range all {
		out[i] = ingest.Subscription{
			ID: s.ID, Type: s.Type, User: s.Filter.User, Keyword: s.Filter.Keyword, Direction: s.Filter.Direction, Tag: s.Tag, Webhook: s.Webhook,
		}
	}
	return out, err
}

func (x watchX) Subscribe(ctx context.Context, bot string, s ingest.Subscription) error {
	_, err := x.Client.Subscribe(ctx, xapi.As{Bot: bot}, xapi.Subscription{
		Type: s.Type, Filter: xapi.SubFilter{User: s.User}, Tag: s.Tag, Webhook: s.Webhook,
	})
	return err
}

func (x watchX) Direct(ctx context.Context, subscription, webhook string) error {
	return x.DirectSubscription(ctx, subscription, webhook)
}

// adminWatch is the watchdog as operators ask it.
type adminWatch struct {
	cfg *config.Config
	get func() (*ingest.Watchdog, *xapi.Client, error)
}

func (w adminWatch) Check(ctx context.Context, o admin.Subscribe) ([]admin.Found, error) {
	dog, _, err := w.get()
	switch {
	case err != nil:
		return nil, err
	case dog != nil:
	case w.cfg.Ingest == ingestPoll:
		return nil, errors.New("there is nothing to subscribe to: X is polled (ingest: poll)")
	case w.cfg.Simulated():
		return []admin.Found{{What: "webhook that the simulated X was started with", Is: "ok"}}, nil
	default:
		return nil, errors.New("there is nothing to watch: set public_url to the webhook's https address, or ingest: stream")
	}
	found, err := dog.Check(ctx, ingest.Orders{Mend: o.Mend, Prune: o.Prune, Bot: o.Bot})
	out := make([]admin.Found, len(found))
	for i, f := range found {
		out[i] = admin.Found{Bot: f.Bot, What: f.What, Is: f.Is, Done: f.Done}
		if f.Err != nil {
			out[i].Err = f.Err.Error()
		}
	}
	return out, err
}

func (w adminWatch) Connections(ctx context.Context, shut bool) ([]admin.Connection, int, error) {
	_, x, err := w.get()
	if err != nil {
		return nil, 0, err
	}
	if shut {
		n, err := x.CloseConnections(ctx)
		return nil, n, err
	}
	all, err := x.Connections(ctx)
	out := make([]admin.Connection, len(all))
	for i, c := range all {
		out[i] = admin.Connection{ID: c.ID, Endpoint: c.Endpoint, From: c.ClientIP, At: c.ConnectedAt}
	}
	return out, 0, err
}

// lateWatch is the watchdog for a command without a host.
func (h *host) lateWatch(sys system) adminWatch {
	return adminWatch{h.cfg, func() (*ingest.Watchdog, *xapi.Client, error) {
		m, err := h.lateAccounts(sys)
		if err != nil {
			return nil, nil, err
		}
		x, err := h.lateX(m, &xClock{now: h.now})
		if err != nil {
			return nil, nil, err
		}
		return watchdog(h.cfg, x, positions{h.store}, ingest.WatchOptions{Now: h.now, Log: h.log}), x, nil
	}}
}

// lateX is X for a command without a host.
func (h *host) lateX(m *account.Manager, skew *xClock) (*xapi.Client, error) {
	return xapi.New(xapi.Options{
		BaseURL: h.cfg.XBaseURL, HTTP: skew.watch(watched(m, nil)), Now: h.now, Log: h.log, Auth: authorize(m),
		UserID: func(bot string) string { return h.cfg.Bots[bot].UserID }, Timeout: 20 * time.Second,
	})
}
