// Command desk is a help desk's end of a handoff: a program that takes from the
// bus that a person is to take over from a bot. It prints each one; yours would
// open a ticket, and remove from it what it is told to. runtime/desk/README.md says what it reads.
//
//	BECKON_DESK_TOKEN=secret go run ./handlers/examples/desk
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// handoff has the fields of a removal too, which form tells apart.
type handoff struct {
	Form string    `json:"form"`
	ID   string    `json:"id"`
	Bot  string    `json:"bot"`
	User string    `json:"user"`
	Why  string    `json:"why"`
	Link string    `json:"link"`
	At   time.Time `json:"at"`

	Handoff string    `json:"handoff"` // of a removal
	What    string    `json:"what"`
	Due     time.Time `json:"due"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	addr := os.Getenv("BECKON_NATS")
	if addr == "" {
		addr = "127.0.0.1:4222"
	}
	nc, err := nats.Connect("nats://"+addr, nats.UserInfo("beckon-desk", os.Getenv("BECKON_DESK_TOKEN")),
		nats.CustomInboxPrefix("_INBOX_beckon-desk"), nats.MaxReconnects(-1))
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	handoffs, err := js.Consumer(ctx, "BECKON_HANDOFFS", "desk")
	if err != nil {
		return err
	}
	seen := map[string]bool{} // yours survives a restart: the ticket bears the id
	for {
		m, err := handoffs.Next(jetstream.FetchContext(ctx))
		if err != nil {
			return err
		}
		var h handoff
		if err := json.Unmarshal(m.Data(), &h); err != nil {
			log.Print(err)
		} else if !seen[h.ID] {
			seen[h.ID] = true
			switch h.Form {
			case "beckon.handoff/v1":
				fmt.Printf("%s %s: %s needs a person: %s\n", h.ID, h.Bot, h.Link, h.Why)
			case "beckon.removal/v1": // yours would do it before it goes on
				fmt.Printf("%s %s: remove the %s of %s by %s\n", h.ID, h.Bot, h.What, h.Handoff, h.Due.Format(time.RFC3339))
			}
		}
		// Last: what dies before is handed out again.
		if err := m.Ack(); err != nil {
			log.Print(err)
		}
	}
}
