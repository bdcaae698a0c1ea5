// Command go is a handler in a program of its own, with NATS' client for Go. It
// answers questions that name an order number, and has nothing to say to the
// others.
//
//	BECKON_TOKEN=secret go run ./handlers/examples/go
package main

import (
	"encoding/json"
	"log"
	"os"
	"os/signal"
	"regexp"
	"strings"

	"github.com/nats-io/nats.go"
)

type question struct {
	ID      string `json:"question"`
	Message struct {
		Text string `json:"text"`
	} `json:"message"`
}

type answer struct {
	Form     string `json:"form"`
	Question string `json:"question"`
	Text     string `json:"text,omitempty"` // without it there is nothing to say
}

func main() {
	handler := or(os.Getenv("BECKON_HANDLER"), "orders")
	nc, err := nats.Connect("nats://"+or(os.Getenv("BECKON_NATS"), "127.0.0.1:4222"),
		nats.UserInfo(handler, os.Getenv("BECKON_TOKEN")), nats.MaxReconnects(-1))
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	order := regexp.MustCompile(`\b\d{4,10}\b`)
	// A queue group: of several copies of this program, one gets each question.
	_, err = nc.QueueSubscribe("beckon.v1.question.*."+handler, handler, func(m *nats.Msg) {
		var q question
		if err := json.Unmarshal(m.Data, &q); err != nil {
			log.Print(err)
			return
		}
		a := answer{Form: "beckon.answer/v1", Question: q.ID}
		if n := order.FindString(q.Message.Text); n != "" {
			a.Text = "Order " + n + " is on its way."
		}
		body, err := json.Marshal(a)
		if err != nil {
			log.Print(err)
			return
		}
		if err := nc.Publish(strings.Replace(m.Subject, ".question.", ".answer.", 1), body); err != nil {
			log.Print(err)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt)
	<-end
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
