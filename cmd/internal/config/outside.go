package config

import (
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// outside checks the handlers outside of this process, and who asks them.
func (c check) outside(cfg *Config) {
	if cfg.Bus.Listen != "" {
		c.hostPort("bus.listen", cfg.Bus.Listen)
		if host, _, err := net.SplitHostPort(cfg.Bus.Listen); err == nil && !isLoopback(host) {
			c.fail("bus.listen", "want a loopback address: what users write travels there unencrypted; use a tunnel for another machine")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Handlers)) {
		h, at := cfg.Handlers[name], "handlers."+name
		h.Token = c.secret(at+".token", h.Token)
		h.Model.Key, h.Model.Prompt = c.secret(at+".model.key", h.Model.Key), c.path(at+".model.prompt", h.Model.Prompt)
		if name == "help" || name == "answers" || strings.HasPrefix(name, "beckon-") {
			c.fail(at, "the name is Beckon's own: help and answers draft too, and beckon-... are logins of the host; choose another")
		}
		switch {
		case h.Token == "" && !h.IsModel():
			c.fail(at, "want token for a program that speaks NATS, or model")
		case h.Token != "" && h.IsModel():
			c.fail(at+".token", "a handler is a program with a token, or a model, not both")
		case h.Token != "" && cfg.Bus.Listen == "":
			c.fail(at+".token", "bus.listen says where the program reaches the host; set it")
		}
		c.purposes(at+".matches", h.Matches)
		if h.Matches != "" && h.IsModel() {
			c.fail(at+".matches", "a language model is told no references of users; leave it out")
		}
		if h.IsModel() {
			c.model(at+".model", h.Model)
		}
		if h.Deadline < time.Second || h.Deadline > 10*time.Minute {
			c.fail(at+".deadline", "want 1s to 10m")
		}
		if h.Again < time.Second {
			c.fail(at+".again", "want 1s or more; beyond the deadline it is asked once")
		}
		c.text(at+".fallback.reply", h.Fallback.Reply)
		c.text(at+".fallback.dm", h.Fallback.DM)
		cfg.Handlers[name] = h
	}
	for _, name := range cfg.Names() {
		ask := cfg.Bots[name].Ask
		if _, ok := cfg.Handlers[ask]; ask != "" && !ok {
			c.fail("bots."+name+".ask", "no handler %q under handlers", ask)
		}
		if ask == "" && cfg.Bots[name].AskFirst {
			c.fail("bots."+name+".ask_first", "ask names no handler that could be asked")
		}
	}
}

// model checks what must be on record before anything is sent to a model.
// X rule: never train models on X data (facts.md, read 2026-11-25)
func (c check) model(at string, m Model) {
	u, err := url.Parse(m.URL)
	switch {
	case m.URL == "":
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		c.fail(at+".url", "want an address such as https://models.example/v1/chat/completions")
	case u.Scheme != "https" && !(u.Scheme == "http" && m.Inside):
		c.fail(at+".url", "want https; http only with inside: true")
	}
	c.past(at+".no_training.date", m.NoTraining.Date)
	for key, v := range map[string]string{"who": m.NoTraining.Who, "terms": m.NoTraining.Terms} {
		if v != "" && strings.TrimSpace(v) == "" {
			c.fail(at+".no_training."+key, "is blank")
		}
	}
}

// IsModel reports whether a language model is configured.
func (h Handler) IsModel() bool { return h.Model != Model{} }
