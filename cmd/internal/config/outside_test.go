package config

import (
	"strings"
	"testing"
)

const withHandlers = `use: commercial
app: {consumer_secret: env:A}
bots:
  desk: {user_id: "1", username: a, operator_account: b, rules: r, answers: f, token: env:X, ask: orders}
`

// A handler outside starts only with all that must be known of it.
func TestHandlersOutside(t *testing.T) {
	t.Parallel()
	model := func(more string) string {
		return "handlers: {orders: {model: {url: 'https://m.example/v1', name: n, prompt: p.txt, no_training: {who: Kim, date: 2026-11-01, terms: t}" + more + "}}}"
	}
	for text, want := range map[string]string{
		"bus: {listen: '127.0.0.1:4222'}\nhandlers: {orders: {token: env:T}}": "",
		model(""):                            "",
		"":                                   `bots.desk.ask: no handler "orders"`,
		"handlers: {orders: {token: env:T}}": "bus.listen says where",
		"bus: {listen: '127.0.0.1:4222'}\nhandlers: {orders: {token: env:T, matches: crm order_status}}": "",
		"bus: {listen: '127.0.0.1:4222'}\nhandlers: {orders: {token: env:T, matches: religion}}":         "X forbids to record",
		strings.Replace(model(""), "orders: {", "orders: {matches: crm, ", 1):                            "a language model is told no references",
		"handlers: {orders: {}}":             "want token for a program",
		"handlers: {Orders: {token: env:T}}": "a handler's name",
		"bus: {listen: '127.0.0.1:4222'}\nhandlers: {beckon-desk: {token: env:T}}":          "handlers.beckon-desk: the name is Beckon's own",
		"bus: {listen: '127.0.0.1:4222'}\nhandlers: {answers: {token: env:T}}":              "handlers.answers: the name is Beckon's own",
		"bus: {listen: '0.0.0.0:4222'}\nhandlers: {orders: {token: env:T}}":                 "want a loopback address",
		"bus: {listen: '127.0.0.1:4222'}\nhandlers: {orders: {token: abc}}":                 "want env:NAME or file:PATH",
		model(", key: env:K, inside: true, url2: x"):                                        `unknown key; the nearest known key is "url"`,
		strings.Replace(model(""), "https:", "http:", 1):                                    "want https; http only with inside",
		strings.Replace(model(""), "who: Kim, ", "", 1):                                     "no_training.who: missing",
		strings.Replace(model(""), "terms: t", "terms: ' '", 1):                             "is blank",
		strings.Replace(model(""), "date: 2026-11-01, ", "", 1):                             "no_training.date: missing",
		strings.Replace(model(""), "2026-11-01", "2027-11-01", 1):                           "is after today",
		strings.Replace(model(""), "no_training", "no_trainings", 1):                        "no_training: missing",
		"bus: {listen: '127.0.0.1:4222'}\nhandlers: {orders: {token: env:T, deadline: 1h}}": "want 1s to 10m",
	} {
		_, err := load(withHandlers + text)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// What is asked first must be there to be asked.
func TestAskFirst(t *testing.T) {
	t.Parallel()
	const orders = "bus: {listen: '127.0.0.1:4222'}\nhandlers: {orders: {token: env:T}}\n"
	if cfg, err := load(strings.Replace(withHandlers, "ask: orders", "ask: orders, ask_first: true", 1) + orders); err != nil || !cfg.Bots["desk"].AskFirst {
		t.Errorf("%v", err)
	}
	if _, err := load(strings.Replace(withHandlers, "ask: orders", "ask_first: true", 1) + orders); err == nil || !strings.Contains(err.Error(), "ask_first: ask names no handler") {
		t.Errorf("%v", err)
	}
}
