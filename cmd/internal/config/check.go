package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/beckon-bot/beckon/runtime/conversation"
	"github.com/beckon-bot/beckon/runtime/event"
)

// maxText keeps every fixed text inside one post.
const maxText = 280

// maxURL is the longest address that goes out to users.
const maxURL = 200

var (
	botName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	userID  = regexp.MustCompile(`^[1-9][0-9]{0,19}$`)
	handle  = regexp.MustCompile(`^[A-Za-z0-9_]{1,15}$`)
	envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// check holds what types alone cannot say. Its methods skip the empty value:
// that a key is there was the decoder's question.
type check struct {
	*decoder
	opts Options
}

func (c check) config(cfg *Config) {
	cfg.DataDir, cfg.Prices = c.path("data_dir", cfg.DataDir), c.path("prices", cfg.Prices)
	c.hostPort("listen", cfg.Listen)
	c.hostPort("admin", cfg.Admin)
	c.loopback("admin", cfg.Admin)
	if cfg.Admin == cfg.Listen && !strings.HasSuffix(cfg.Admin, ":0") {
		c.fail("admin", "the same address as listen")
	}
	if cfg.MaxEventAge < time.Minute || cfg.MaxEventAge > 24*time.Hour {
		c.fail("max_event_age", "want 1m to 24h")
	}
	for _, r := range []struct {
		key  string
		keep time.Duration
		min  int // hours
	}{
		{"decisions", cfg.Retention.Decisions, 24}, {"interactions", cfg.Retention.Interactions, 168},
		{"conversations", cfg.Retention.Conversations, 168}, {"dead_letters", cfg.Retention.DeadLetters, 24},
	} {
		if r.keep < time.Duration(r.min)*time.Hour {
			c.fail("retention."+r.key, "want at least %dh", r.min)
		}
	}
	if t := cfg.Retention.Texts; t != 0 && (t < 24*time.Hour || t > 72*time.Hour) {
		c.fail("retention.texts", "want 24h to 72h, or 0s to keep none")
	}
	if e := cfg.Compliance.Every; e != 0 && (e < time.Hour || e > 24*time.Hour) {
		c.fail("compliance.every", "want 1h to 24h, or 0s for never")
	}
	// X rule: government use needs the Enterprise tier (read 2026-11-23)
	if cfg.Use == "government" && cfg.App.Tier != "" && cfg.App.Tier != "enterprise" {
		c.fail("app.tier", "use: government needs tier: enterprise")
	}
	cfg.XBaseURL = strings.TrimSuffix(cfg.XBaseURL, "/")
	c.baseURL("x_base_url", cfg.XBaseURL)
	c.publicURL(cfg)
	cfg.App.ConsumerSecret = c.secret("app.consumer_secret", cfg.App.ConsumerSecret)
	cfg.App.ConsumerSecretNext = c.secret("app.consumer_secret_next", cfg.App.ConsumerSecretNext)
	if n := cfg.App.ConsumerSecretNext; n != "" && n == cfg.App.ConsumerSecret {
		c.fail("app.consumer_secret_next", "the same as consumer_secret: leave it out when nothing is rotated")
	}
	c.match("app.id", cfg.App.ID, userID, "want the app's numeric id, digits only")

	c.auth(cfg)
	c.outside(cfg)
	c.desk(&cfg.Desk, cfg.Bus.Listen)

	owner := map[string]string{}
	taken := func(at, what, value, name string) { // a block that was copied, and changed in part
		key := what + " " + value
		if other, ok := owner[key]; ok && value != "" {
			c.fail(at, "bot %s has the same %s", other, what)
		}
		owner[key] = name
	}
	for _, name := range cfg.Names() {
		b, at := cfg.Bots[name], "bots."+name
		c.bot(at, &b)
		taken(at+".user_id", "user id", b.UserID, name)
		taken(at+".username", "username", strings.ToLower(b.Username), name)
		taken(at+".token", "token", string(b.Token), name)
		taken(at+".oauth1.access_token", "access token", string(b.OAuth1.AccessToken), name)
		cfg.Bots[name] = b
	}
}

// publicURL: X takes https without a port. X rule: HTTPS, no port in the URL (facts.md, read 2026-11-25)
func (c check) publicURL(cfg *Config) {
	u, err := url.Parse(cfg.PublicURL)
	switch {
	case cfg.PublicURL == "":
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		c.fail("public_url", "want an address such as https://bots.acme.example/x/webhook")
	case isLoopback(u.Hostname()): // a simulated X
	case u.Scheme != "https" || u.Port() != "":
		c.fail("public_url", "X wants https, and no port")
	}
	if cfg.App.Bearer != "" || cfg.App.ConsumerKey != "" {
		return
	}
	if cfg.Ingest == "stream" {
		c.fail("ingest", "the stream needs the app's own token: app.bearer, or app.consumer_key to ask X for it")
	}
	if cfg.PublicURL != "" {
		c.fail("public_url", "to keep the webhook, the app's own token is needed: app.bearer, or app.consumer_key to ask X for it")
	}
}

func (c check) bot(at string, b *Bot) {
	c.match(at+".user_id", b.UserID, userID, "want the account's numeric id, digits only")
	c.match(at+".username", b.Username, handle, "want a handle without the @: letters, digits and _, at most 15")
	c.match(at+".operator_account", b.OperatorAccount, handle, "want a handle without the @: letters, digits and _, at most 15")
	if b.Username != "" && strings.EqualFold(b.Username, b.OperatorAccount) {
		c.fail(at+".operator_account", "the bot cannot be its own operator: name the account that people manage")
	}
	b.Token = c.secret(at+".token", b.Token)
	b.OAuth1.AccessToken = c.secret(at+".oauth1.access_token", b.OAuth1.AccessToken)
	b.OAuth1.AccessSecret = c.secret(at+".oauth1.access_secret", b.OAuth1.AccessSecret)
	b.Rules, b.Answers = c.path(at+".rules", b.Rules), c.path(at+".answers", b.Answers)
	b.Candidate, b.Schedule = c.path(at+".candidate", b.Candidate), c.path(at+".schedule", b.Schedule)
	if b.Candidate != "" && filepath.Clean(b.Candidate) == filepath.Clean(b.Rules) {
		c.fail(at+".candidate", "these are the rules in force; a candidate is another folder")
	}
	if _, err := time.LoadLocation(b.TimeZone); err != nil || b.TimeZone == "Local" {
		c.fail(at+".time_zone", "want an IANA time zone such as Europe/Berlin")
	}
	switch u, err := url.Parse(b.PrivacyURL); {
	case b.PrivacyURL == "":
	case err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsFunc(b.PrivacyURL, unicode.IsSpace):
		c.fail(at+".privacy_url", "want an https address such as https://acme.example/privacy")
	case len(b.PrivacyURL) > maxURL: // which the lengths of answers count on
		c.fail(at+".privacy_url", "%d characters; at most %d", len(b.PrivacyURL), maxURL)
	}
	c.text(at+".texts.opt_out_hint", b.Texts.OptOutHint)
	c.text(at+".texts.opt_out_confirmation", b.Texts.OptOutConfirmation)
	c.quiet(at+".person_quiet", b.PersonQuiet, false)
	c.quiet(at+".handoff_quiet", b.HandoffQuiet, true)
	if b.HoldExpiry < time.Minute || b.HoldExpiry > 7*24*time.Hour {
		c.fail(at+".hold_expiry", "want 1m to 168h")
	}
	switch word := b.PersonDone; {
	case word == "":
	case conversation.DoneWord(word) == "" || utf8.RuneCountInString(word) > 40 || event.HasURL(word) || strings.Contains(word, "@"):
		c.fail(at+".person_done", "want a word or an emoji, at most 40 characters, without links and mentions")
	case conversation.Match(word, false) != conversation.TierNone:
		c.fail(at+".person_done", "%q is what users say to stop or start: choose another", word)
	}
	c.text(at+".texts.handover", b.Texts.Handover)
	c.text(at+".texts.stop_question", b.Texts.StopQuestion)
	c.text(at+".texts.erasure_note", b.Texts.ErasureNote)
	c.text(at+".texts.unlink_note", b.Texts.UnlinkNote)
	c.text(at+".texts.disclosure", b.Texts.Disclosure)
	c.languages(at, b)
	if m := b.Budget.MonthUSD; m != 0 && b.Budget.DayUSD > m {
		c.fail(at+".budget.day_usd", "%s a day is more than %s a month", b.Budget.DayUSD, m)
	}
	c.past(at+".declared.label", b.Declared.Label)
	c.past(at+".declared.bio", b.Declared.Bio)
	c.past(at+".declared.operator", b.Declared.Operator)
	c.past(at+".ai_approval.date", b.AIApproval.Date)
}

func (c check) match(at, v string, re *regexp.Regexp, want string) {
	if v != "" && !re.MatchString(v) {
		c.fail(at, "%s", want)
	}
}

// expands matches what a shell would have replaced: taken as it stands, it makes
// a folder of that name.
var expands = regexp.MustCompile(`^~|\$[A-Za-z_{(]`)

// path resolves against the file's folder.
func (c check) path(at, p string) string {
	if expands.MatchString(p) {
		c.fail(at, "nothing is expanded in this file: write the path out, without ~ and $NAME")
	}
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.opts.Dir, p)
}

// secret refuses what is not a reference without quoting it: it may be the
// secret.
func (c check) secret(at string, s SecretRef) SecretRef {
	kind, rest, _ := strings.Cut(string(s), ":")
	switch {
	case s == "":
	case kind == "env" && envName.MatchString(rest):
	case kind == "file" && rest != "" && !strings.HasPrefix(rest, " "):
		return SecretRef("file:" + c.path(at, rest))
	default:
		c.fail(at, "want env:NAME or file:PATH; a secret itself never stands in this file")
	}
	return s
}

func (c check) hostPort(at, v string) {
	if host, port, err := net.SplitHostPort(v); err != nil || strings.ContainsAny(host, "$/ ") {
		c.fail(at, "want host:port, such as 127.0.0.1:8080")
	} else if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		c.fail(at, "want a port from 0 to 65535")
	} else if strconv.FormatUint(n, 10) != port {
		c.fail(at, "want a plain port number")
	}
}

func (c check) loopback(at, v string) {
	if host, _, err := net.SplitHostPort(v); err == nil && !isLoopback(host) {
		c.fail(at, "want a loopback address: whoever reaches it commands the bots")
	}
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func (c check) baseURL(at, v string) {
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		c.fail(at, "want a scheme and a host only, such as https://api.x.com")
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		c.fail(at, "want https, or http on a loopback address: the token travels there")
	}
}

func (c check) text(at, v string) {
	switch {
	case utf8.RuneCountInString(v) > maxText:
		c.fail(at, "%d characters; at most %d", utf8.RuneCountInString(v), maxText)
	case strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
		c.fail(at, "has control characters")
	case v != "" && strings.TrimSpace(v) == "":
		c.fail(at, "is blank")
	}
}

// quiet is how long a bot is silent; none: 0 is no end.
func (c check) quiet(at string, d time.Duration, none bool) {
	const longest = 90 * 24 * time.Hour
	if (d != 0 || !none) && (d < time.Minute || d > longest) {
		c.fail(at, "want 1m to 2160h")
	}
}

func (c check) past(at string, day time.Time) {
	if !c.opts.Now.IsZero() && day.After(c.opts.Now) {
		c.fail(at, "%s", fmt.Sprintf("is after today (%s): declare what was checked", c.opts.Now.UTC().Format(time.DateOnly)))
	}
}
