package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func waysIn(f Facts) (out []Finding) {
	a := f.App
	switch {
	case a.Ingest == "poll":
		return one(Warn, "X is polled: a STOP is heard late, and quotes that mention nobody and encrypted DMs are never seen", "use ingest: webhook or stream where X gives them")
	case !a.Kept && f.Simulated:
		return good("X is simulated, and tells the webhook that it was started with")
	case !a.Kept && a.Called:
		return good("X has called the webhook since the host started; public_url is not set, so webhook and subscriptions are yours to keep")
	case !a.Kept:
		return one(Unsafe, "there is no way in that this host knows of: public_url is not set, and X has not called the webhook since the host started. No STOP is heard",
			"set public_url, and app.bearer or app.consumer_key: then the host keeps webhook and subscriptions itself; or ingest: stream")
	case a.WaysIn.Unknown != "":
		return one(Unknown, "whether X tells this host anything is not known: "+a.WaysIn.Unknown,
			"see that the host reaches X, and that app.bearer or app.consumer_key is the app's")
	}
	fine := 0
	for _, g := range alike(a.WaysIn.Value) {
		if g.Is == "ok" {
			fine += g.n
			continue
		}
		out = append(out, g.judge(f.Running))
	}
	if fine > 0 || len(out) == 0 {
		out = append(out, Finding{Level: OK, Found: fmt.Sprintf("by %s, %s as they should be", a.Ingest, counted(fine, "thing is", "things are"))})
	}
	return out
}

// deletions judges whether anybody tells the host what users delete.
// X rule: X announces no deletion of a customer's; batch compliance jobs tell, and
// take the app's own token (facts.md, read 2026-11-25)
func deletions(f Facts) []Finding {
	switch a := f.App; {
	case a.Rounds == 0:
		return one(Warn, "X is not asked what is gone (compliance.every is 0s), and it never says so itself", "set compliance.every, or delete by hand: `beckon compliance delete`")
	case a.Token:
		return good(fmt.Sprintf("X is asked every %s which posts and users are gone", a.Rounds))
	case f.Simulated:
		return good("no app.bearer, so the simulated X is not asked what is gone; the real one has to be")
	default:
		return one(Unsafe, "nobody tells this host what users delete: X never says so itself, and is not asked without the app's own token",
			"set app.bearer or app.consumer_key; until then `beckon compliance delete` does it by hand")
	}
}

// group is what is the same of several things.
type group struct {
	Way
	n int
}

// alike puts together what a reader would be told in the same words.
func alike(all []Way) (out []group) {
	for _, w := range all {
		at := slices.IndexFunc(out, func(g group) bool { return g.Bot == w.Bot && g.Is == w.Is && g.Err == w.Err })
		if at < 0 {
			out = append(out, group{w, 1})
			continue
		}
		out[at].What += ", " + w.What
		out[at].n++
	}
	return out
}

func (g group) judge(running bool) Finding {
	f := Finding{Bot: g.Bot, Found: g.Is + ": " + g.What}
	if g.Err != "" {
		f.Found += " (" + g.Err + ")"
	}
	switch {
	case g.Is == "surplus":
		f.Level, f.Do = Warn, "`beckon subscribe --prune` deletes what no bot needs: it is not to be collected"
	case g.Is == "waits" || g.Is == "running":
		f.Level, f.Do = Warn, "wait: the host asks X for what it missed until X says that all of it came"
	case !running:
		f.Level, f.Do = Warn, "start the host: X's challenge must find it, and it makes what is missing"
	default:
		f.Level, f.Do = Unsafe, "`beckon subscribe` makes what is missing, and says why where it cannot"
	}
	return f
}

// START and STOP are ordered by X's time, events are judged old by ours, and
// OAuth 1.0a signs the time.
const (
	skewOK   = 5 * time.Second
	skewMost = 2 * time.Minute
)

func clock(f Facts) []Finding {
	const do = "set the machine's clock, and keep it by NTP"
	s := f.App.Skew
	if s.Unknown != "" {
		return one(Unknown, "X's clock was not seen: "+s.Unknown, "ask again when the host reaches X")
	}
	d, than := s.Value.Round(time.Second), "behind"
	if d < 0 {
		d, than = -d, "ahead of"
	}
	switch {
	case d > skewMost:
		return one(Unsafe, fmt.Sprintf("this machine's clock is %s %s X's", d, than), do)
	case d > skewOK:
		return one(Warn, fmt.Sprintf("this machine's clock is %s %s X's", d, than), do)
	}
	return good(fmt.Sprintf("this machine's clock and X's agree within %s", skewOK))
}

func secrets(f Facts) (out []Finding) {
	files := 0
	for _, p := range f.Host.Secrets {
		if p.Kind != Text {
			files++
		}
		switch {
		case p.Problem == "":
		case p.Kind == Text:
			out = append(out, Finding{Level: Unsafe, Found: p.Path + " " + p.Problem, Do: "take it out, and have X make a new one: whoever has read the file has it"})
		case p.Kind == Own:
			out = append(out, Finding{Level: Unsafe, Found: p.Path + " " + p.Problem, Do: "chmod go= " + p.Path})
		default: // a container platform mounts them so
			out = append(out, Finding{Level: Warn, Found: p.Problem, Do: "chmod go= " + p.Path + "; if others have used this machine, have X make a new one"})
		}
	}
	if len(out) == 0 {
		return good(fmt.Sprintf("no secret stands in a configuration, rules or answers file; none of %s is open to others", counted(files, "file with secrets", "files with secrets")))
	}
	return out
}

func database(f Facts) []Finding { return durable(f.Host.Database, "the database") }
func bus(f Facts) []Finding      { return durable(f.Host.Bus, "the event stream") }

func durable(k Known[string], what string) []Finding {
	if k.Unknown != "" {
		return one(Unknown, what+" was not looked at: "+k.Unknown, "ask again when the host runs")
	}
	if strings.TrimSpace(k.Value) == "" {
		return one(Unsafe, what+" does not wait for the disk", "see the host's log")
	}
	return good(what + ": " + k.Value)
}

// copyLate is how long a copy that cannot be written is no more than a hiccup.
const copyLate = time.Minute

func optOutCopy(f Facts) []Finding {
	c := f.Host.Copy
	if c.Unknown != "" {
		return one(Unknown, "whether opt-outs are kept outside the database too is not known: "+c.Unknown, "see the host's log")
	}
	n := counted(int(c.Value.Owed), "opt-out or erasure is", "opt-outs and erasures are")
	switch {
	case c.Value.Behind > copyLate:
		return one(Warn, fmt.Sprintf("%s not in the copy on the bus, for %s: a restore of an older backup would not know of them", n, c.Value.Behind.Round(time.Second)),
			"see the host's log for why the bus takes nothing, and the space on disk; make no restore before")
	case c.Value.Owed > 0 && !f.Running:
		return one(Warn, n+" not in the copy on the bus yet: a restore of an older backup would not know of them", "start the host once: it writes them")
	}
	return good("opt-outs are kept outside the database too, for a restore")
}

func restore(f Facts) []Finding {
	r, k := f.Host.Restored.Value, f.Host.Restored
	if k.Unknown != "" {
		return one(Unknown, "whether the database was restored from a backup is not known: "+k.Unknown, "see the host's log")
	}
	at := "restored at " + r.At.UTC().Format(time.RFC3339) + " from the backup of " + r.BackupAt.UTC().Format(time.RFC3339)
	switch {
	case r.At.IsZero():
		return good("the database was never restored from a backup")
	case r.Waits && !f.Running:
		return one(Warn, "the database was "+at+", and who said stop since is not known yet", "start the host: it learns it from the bus, and sends nothing before")
	case r.Waits:
		return one(Unsafe, "nothing is sent: the database was "+at+", and the bus, which knew who said stop since, is gone",
			"take in the newest list of opt-outs that you have (beckon optouts import FILE), look through X and mail for others, then: beckon restore --no-newer-optouts")
	}
	return good("the database was " + at + "; who said stop since is known")
}

// backupOld is when the newest backup is one that nobody would like to go back to.
const backupOld = 48 * time.Hour

func backup(f Facts) []Finding {
	const do = "beckon backup DIR by a timer, and host.key and token.key apart from it: deploy/README.md"
	at := f.Host.Backup
	switch {
	case at.Unknown != "":
		return one(Unknown, "when the newest backup was made is not known: "+at.Unknown, "see the host's log")
	case f.Simulated:
		return good("X is simulated, so no backup has to be made")
	case at.Value.IsZero():
		return one(Warn, "no backup is known: who said stop is lost with this disk", do)
	case f.Now.Sub(at.Value) > backupOld:
		return one(Warn, "the newest backup is of "+at.Value.UTC().Format(time.RFC3339), do)
	}
	return good("the newest backup is of " + at.Value.UTC().Format(time.RFC3339))
}

const (
	diskLow  = 2 << 30
	diskLast = 256 << 20
)

func disk(f Facts) []Finding {
	d := f.Host.Disk
	if d.Unknown != "" {
		return one(Unknown, "the space on disk is not known: "+d.Unknown, "look yourself: a full disk stops the host from hearing a STOP")
	}
	found := fmt.Sprintf("%s free of %s at %s", size(d.Value.Free), size(d.Value.Size), d.Value.Path)
	switch {
	case d.Value.Free < diskLast:
		return one(Unsafe, found, "make room: a full disk stops the host from hearing a STOP")
	case d.Value.Free < diskLow:
		return one(Warn, found, "make room: the event stream keeps three days")
	}
	return good(found)
}

// size writes bytes for people.
func size(n uint64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
