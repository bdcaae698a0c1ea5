package incident

import (
	"fmt"
	"strings"

	"github.com/beckon-bot/beckon/db"
)

// checklist says what to do, in which order, with the commands that there are.
// What is stolen works until it is exchanged, so what can act comes first, then
// what lets in, then what only opens.
func (e Evidence) checklist(sum string) string {
	c := &list{}
	c.p("Incident from %s to %s, UTC. Gathered %s by %s.", stamp(e.From), stamp(e.To), stamp(e.Now), e.By)
	c.p("")
	c.p("Tick what is done. Each command takes -c FILE, and --by YOU unless a token says who you are.")

	c.head("Stop")
	c.do(e.paused(), "beckon pause --all --why incident", "nothing is sent any more; events are still taken in, and opt-outs too")
	for _, a := range e.Setup.Accounts {
		if a.By == "login" {
			c.do(e.out(a.Bot), "beckon logout "+a.Bot, "X revokes its tokens; where X does not confirm: --drop, and take the app's access away in the account's settings on X")
		} else {
			c.todo("bot %s speaks by %s, which the host cannot revoke: regenerate it in the developer portal, put it where the configuration names it, restart", a.Bot, a.By)
		}
	}

	c.head("Keep the evidence")
	c.todo("copy this folder to where nobody who was involved can write. Its checksum of checksums is")
	c.p("      %s", sum)
	c.p("      and stands in the audit chain too: `beckon operators log`")
	c.todo("check it, now and whenever it is used: cd %s && sha256sum -c SHA256SUMS && sha256sum SHA256SUMS", Folder)
	c.todo("keep the host's log of the period, and a copy of the database as it is, before anything is repaired. What the log has and the database has not: requests with a token that nobody has, and logins")
	c.todo("beckon audit verify --checkpoint FILE with the latest checkpoint that you kept elsewhere")

	c.head("Tell X, at once") // X rule: a breach is told to X at once (facts.md, read 2026-11-25)
	c.todo("fill in %s and send it. X wants a breach told at once; it names no form and no hours", NoticeFile)
	c.todo("X may ask what you kept: beckon audit export --for X")
	c.todo("your own duties are not X's, and may be shorter: where the GDPR holds, the supervisory authority within 72 hours of your knowing (article 33), and the people concerned without undue delay where the risk to them is high (article 34). Ask who advises you")

	c.head("Exchange what lets in and what signs, in this order")
	for _, o := range e.Operators {
		if o.RemovedAt.IsZero() {
			c.todo("beckon operators rotate %s    (%s, token of %s); or remove", o.Name, o.Role, stamp(o.TokenAt))
		}
	}
	c.todo("the owner's token, data_dir/admin.token, is another after each start: restart the host. Who may read data_dir? `beckon doctor` tells")
	c.todo("the app's consumer secret: regenerate it in the developer portal, put it where app.consumer_secret names it, restart. Who has the old one can sign events to your webhook until then. app.consumer_secret_next takes a second one where X still signs with the first")
	if e.Setup.Login {
		c.todo("app.client_secret: regenerate it in the developer portal, restart")
	}
	if e.Setup.Bearer {
		c.todo("app.bearer: regenerate it in the developer portal, restart")
	}
	c.todo("the webhook: beckon subscribe --dry shows webhook and subscriptions on X; a webhook that is not yours goes in the developer portal, subscriptions that no bot needs with beckon subscribe --prune; beckon subscribe has X check the new secret")
	c.todo("beckon subscribe --connections shows the app's open streams; beckon subscribe --close-connections ends all")
	c.todo("the host's key, which opens logins and texts: beckon key rotate, then beckon key drop --old; backups of before stay open to who has the old key: destroy them, or keep them as well as it")
	for _, name := range e.Setup.Handlers {
		c.todo("handlers.%s.token, the handler's password on the bus (NATS): put another where the configuration names it, restart, tell the handler", name)
	}
	for _, name := range e.Setup.Models {
		c.todo("handlers.%s.model.key, at the provider of the model", name)
	}
	if e.Setup.Desk {
		c.todo("desk.secret and desk.token (NATS), here and at the desk, restart")
	}
	c.todo("the key that signs checkpoints, only if data_dir/audit.key was read: stop the host, keep the file, take it away, start. A chain of its own begins; the old one is checked as before")
	c.todo("data_dir/host.key, which is behind keyed hashes, is not exchanged: nobody who said stop would be found. It opens nothing; who has it and the database can try which ids are in there")

	c.head("Go on")
	for _, a := range e.Setup.Accounts {
		if a.By == "login" {
			c.todo("beckon login %s", a.Bot)
		}
	}
	c.todo("beckon doctor --online, then beckon audit verify, then beckon resume --all")
	c.todo("beckon incident again, with --to now and another --out, if it has not ended")
	return c.b.String()
}

// paused says since when nothing is sent, "" if something is.
func (e Evidence) paused() string {
	for _, w := range e.Switches {
		if w.Bot == db.AllBots && w.Paused {
			return "since " + stamp(w.At) + ", by " + w.By
		}
	}
	return ""
}

// out says that a bot has no login, "" if it has.
func (e Evidence) out(bot string) string {
	for _, l := range e.Logins {
		if l.Bot == bot {
			if l.State == db.TokenEnded {
				return "its login has ended"
			}
			return ""
		}
	}
	return "nobody has logged in"
}

type list struct{ b strings.Builder }

func (c *list) p(format string, args ...any) { fmt.Fprintf(&c.b, format+"\n", args...) }

func (c *list) head(what string) { c.p("\n%s\n", what) }

func (c *list) todo(format string, args ...any) { c.p("  [ ] "+format, args...) }

// do is ticked where the records say that it is done.
func (c *list) do(done, command, why string) {
	if done == "" {
		c.todo("%s    %s", command, why)
		return
	}
	c.p("  [x] %s    %s", command, done)
}
