// Package ingest takes in what X tells us. It serves the webhook: it answers
// X's challenge, verifies each body, reads its head and publishes X's own
// bytes.
//
// What it owns: the HTTP answers to X, and the decision which bytes are X's.
// What it refuses: to decode, to drop what X rightly signed, and to sign
// anything that could come back as a body.
//
// Besides the webhook there are Stream, which holds X's activity stream, and
// Poller, which asks for mentions and DMs; all three put events on the bus by
// the same code. Watchdog keeps webhook and subscriptions as they must be. The
// same day by every way gives the same decisions, but for what a way cannot
// show:
//
//   - the poll sees no quote that mentions nobody, no encrypted message, no
//     deletion, no revoked authorisation and no own post; of posts edited
//     between two polls only the newest version; of messages those of the last
//     30 days, of mentions the newest 800;
//   - the older envelope has no 'Automated' label (it is unknown then), and X
//     does not document how it names the versions of an edited post; it alone
//     tells of blocks, and which app wrote a DM of ours;
//   - the stream and the poll say nothing of replays: the stream asks for what
//     it missed itself, the poll reads on from its position.
//
// The webhook:
//
//   - W1 200 is answered to a body only after Publish returned nil for it.
//   - W2 no body is published whose signature was not verified, in constant
//     time, over the bytes as they came; a missing, double or malformed
//     signature is a wrong one.
//   - W3 the challenge is no signing oracle: the same key signs both, so only
//     tokens that are no JSON are signed, and a body that could be a token is
//     refused whatever its signature.
//   - W4 what is rightly signed gets 200 also if it is unreadable, of an unknown
//     type or for nobody here; it is published as a dead letter. A 4xx would
//     help nobody and counts against the webhook.
//   - W5 a body of the older envelope is a batch: each of its events becomes a
//     message of its own, under its own user, in the order of the body. What
//     cannot be read of it takes nothing else with it.
package ingest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/beckon-bot/beckon/runtime/bus"
)

const (
	maxBody            = 1 << 20         // bytes; X's bodies are a few KB
	defaultBodyTimeout = 5 * time.Second // of the 10 s that X waits (read 2026-08)
	publishTimeout     = 4 * time.Second // leaves X's 10 s time for the answer
	retryAfter         = "5"             // seconds
	source             = "/x/webhook"    // CloudEvents source
	contentType        = "application/json"
)

// Options are what a Webhook needs. The zero value refuses everything.
type Options struct {
	// Secrets are the app's consumer secrets: one, or while it is rotated two,
	// the one that X uses now first. The first signs challenges, all verify.
	Secrets [][]byte
	// Publish stores messages durably, or returns an error.
	Publish func(ctx context.Context, msgs ...bus.Message) error
	// Bots gives the configured name of the bot with an X user id.
	Bots func(userID string) (name string, ok bool)
	// App is the id of the X app; "" means not known, and that a revoked
	// authorisation is taken for ours.
	App string
	// Replayed is told of the end of a replay job, and keeps it durably or
	// returns an error. nil: such a body is a dead letter.
	Replayed func(ctx context.Context, s ReplayStatus) error

	Now         func() time.Time // stamps messages; nil means time.Now
	Log         *slog.Logger     // nil means none
	BodyTimeout time.Duration    // for reading one body; 0 means 5 s
	Metrics     *Metrics         // nil means not counted
	Events      *EventMetrics    // nil means not counted
}

// Webhook is the handler for /x/webhook.
type Webhook struct {
	opt     Options
	keys    []*signer
	drained atomic.Bool
}

// New makes a Webhook. Empty secrets are left out; without a secret it refuses
// every body and every challenge.
func New(opt Options) *Webhook {
	w := &Webhook{opt: opt}
	for _, s := range opt.Secrets {
		if len(s) > 0 {
			w.keys = append(w.keys, newSigner(s))
		}
	}
	if w.opt.Publish == nil {
		w.opt.Publish = func(context.Context, ...bus.Message) error { return errors.New("no bus") }
	}
	if w.opt.Bots == nil {
		w.opt.Bots = func(string) (string, bool) { return "", false }
	}
	if w.opt.Now == nil {
		w.opt.Now = time.Now
	}
	if w.opt.Log == nil {
		w.opt.Log = slog.New(slog.DiscardHandler)
	}
	if w.opt.BodyTimeout <= 0 {
		w.opt.BodyTimeout = defaultBodyTimeout
	}
	if w.opt.Metrics == nil {
		w.opt.Metrics = new(Metrics)
	}
	if w.opt.Events == nil {
		w.opt.Events = new(EventMetrics)
	}
	return w
}

// Drain makes every body that arrives from now on a 503, so that X sends it
// again after the restart. Bodies under way are finished; challenges are still
// answered, for a failed one stops the delivery.
func (w *Webhook) Drain() { w.drained.Store(true) }

// ServeHTTP answers X: a GET is a challenge, a POST an event.
func (w *Webhook) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	// From the start: the server reads on over what a refusal left unread.
	limit := w.limit(rw, r)
	switch r.Method {
	case http.MethodGet:
		w.challenge(rw, r)
	case http.MethodPost:
		w.event(rw, r, limit)
	default:
		rw.Header().Set("Allow", "GET, POST")
		w.refuse(rw, r, http.StatusMethodNotAllowed, &w.opt.Metrics.Method, "only GET and POST")
	}
}

// event takes in one body.
func (w *Webhook) event(rw http.ResponseWriter, r *http.Request, limit *limit) {
	m := w.opt.Metrics
	if w.drained.Load() {
		rw.Header().Set("Retry-After", retryAfter)
		w.refuse(rw, r, http.StatusServiceUnavailable, &m.Drained, "shutting down")
		return
	}
	if !isJSON(r.Header) {
		w.refuse(rw, r, http.StatusUnsupportedMediaType, &m.MediaType, "want "+contentType)
		return
	}
	body, err := read(rw, r, limit)
	switch {
	case errors.Is(err, errTooLarge):
		w.refuse(rw, r, http.StatusRequestEntityTooLarge, &m.TooLarge, "body over 1 MiB")
		return
	case errors.Is(err, errSlow):
		w.refuse(rw, r, http.StatusRequestTimeout, &m.Slow, "body too slow")
		return
	case err != nil:
		w.refuse(rw, r, http.StatusBadRequest, &m.Broken, "body broke off")
		return
	}
	if !w.verify(r.Header, body) || signable(body) {
		w.refuse(rw, r, http.StatusUnauthorized, &m.Signature, "signature")
		return
	}
	// The client's going away must not stop what X rightly delivered.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), publishTimeout)
	defer cancel()
	msgs, count, err := w.messages(ctx, source, body)
	if err == nil {
		err = w.store(ctx, msgs)
	}
	if err != nil {
		w.opt.Log.ErrorContext(ctx, "webhook: not stored", "err", err)
		rw.Header().Set("Retry-After", retryAfter)
		w.refuse(rw, r, http.StatusServiceUnavailable, &m.Unavailable, "cannot store")
		return
	}
	count.Add(1)
	rw.WriteHeader(http.StatusOK)
}

// refuse answers with a status and its reason, and counts. It logs at debug
// only: anybody can knock at this door, and must not fill the log.
func (w *Webhook) refuse(rw http.ResponseWriter, r *http.Request, status int, count *atomic.Int64, why string) {
	count.Add(1)
	w.opt.Log.DebugContext(r.Context(), "webhook: refused", "class", status, "err", why)
	http.Error(rw, why, status)
}
