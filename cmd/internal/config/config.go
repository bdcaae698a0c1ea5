// Package config reads the one configuration file. The comments on the fields
// below are its manual: `beckon config print` writes them beside a sample.
//
// What it owns: the keys, their types, ranges and defaults. What it refuses: an
// unknown or repeated key, a secret in the file itself, a value that would only
// fail later. It reads no other file, resolves no secret and opens no socket.
package config

import (
	_ "embed" // for source
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/beckon-bot/beckon/runtime/budget"
)

// source is this file: Print takes the manual from its comments, so that the
// manual and the struct cannot drift apart.
//
//go:embed config.go
var source string

// Tags of a field: yaml is its key; default stands in where the key is left
// out; example is what the sample shows; enum lists what is allowed; need says
// that the key must be there; off says that the sample shows it commented out.

// Config is a checked configuration file. Paths in it are absolute or count
// from the working directory; in the file they count from the file's own folder.
type Config struct {
	// Folder for the database, the event stream, the host key and the lock. One
	// running host a folder. Relative paths count from this file's folder,
	// here and everywhere below.
	DataDir string `yaml:"data_dir" default:"beckon-data"`

	// Where X reaches the webhook, as host:port. The path is /x/webhook. X wants
	// HTTPS without a port in the URL: put a proxy that ends TLS in front.
	Listen string `yaml:"listen" default:"127.0.0.1:8080"`

	// How X's events come in. webhook: X calls public_url. stream: the host holds
	// X's activity stream, for where X cannot reach it. poll: the host asks for
	// mentions and DMs, where X gives neither; it is slow, each read costs, and
	// quotes that mention nobody and encrypted DMs are never seen.
	Ingest string `yaml:"ingest" enum:"webhook stream poll" default:"webhook"`

	// The webhook's https address as X reaches it, with its path. With it, and
	// app.bearer or app.consumer_key, the host keeps the webhook registered and
	// valid, its subscriptions made, and asks for what it missed while down.
	// Left out, `beckon subscribe` cannot help and that is yours to do.
	PublicURL string `yaml:"public_url" example:"https://bots.acme.example/x/webhook" off:"yes"`

	// Where /healthz, /readyz, /metrics and the operators' commands are served.
	// Loopback only. Port 0 takes a free one; data_dir/admin.addr names it.
	Admin string `yaml:"admin" default:"127.0.0.1:8081"`

	// Events older than this are recorded and never answered: 1m to 24h. X
	// replays what was missed for 24 hours, and its signature carries no time.
	MaxEventAge time.Duration `yaml:"max_event_age" default:"24h"`

	// How long what is no longer needed stays in the database. Texts of posts and
	// DMs are not among it: they go when their action ends. Opt-outs stay.
	Retention Retention `yaml:"retention"`

	// Deletions that X obliges to.
	Compliance Compliance `yaml:"compliance"`

	// What the bots are for. X asks government users to be on the Enterprise
	// tier, commercial ones on a paid tier, and research to ask X first.
	Use string `yaml:"use" enum:"commercial noncommercial government research" example:"commercial" need:"yes"`

	// Where X's API is: https, or http on a loopback address. For `beckon xsim`
	// and tests; leave it out otherwise.
	XBaseURL string `yaml:"x_base_url" default:"https://api.x.com" off:"yes"`

	// File of what X bills, in US dollars, a line each: a name and an amount, such
	// as "dm 0.015". It changes the prices that it names; runtime/budget/prices.txt
	// has all names and what stands in for the others.
	Prices string `yaml:"prices" example:"prices.txt" off:"yes"`

	// Where handlers in other processes reach the host, over NATS. Left out,
	// nothing listens.
	Bus Bus `yaml:"bus" off:"yes"`

	// Handlers outside of this process, by a name of your own, as bots have one:
	// programs that speak NATS, in any language, or language models. A bot asks one
	// with ask. Whatever a handler says is a draft: the rules decide.
	Handlers map[string]Handler `yaml:"handlers" example:"orders" off:"yes"`

	// Where people are told that one of them is to take over from a bot: a webhook
	// of your help desk, a program of it that speaks NATS, or both. Left out, only
	// "beckon conversations list" tells. runtime/desk/README.md is the manual.
	Desk Desk `yaml:"desk" off:"yes"`

	// The X app that all bots of this file belong to.
	App App `yaml:"app" need:"yes"`

	// The hosted accounts, by a name of your own: a-z, 0-9 and -, at most 32
	// characters. The name is how commands, logs and metrics call the bot.
	Bots map[string]Bot `yaml:"bots" example:"support" need:"yes"`
}

// Retention is how long things are kept.
type Retention struct {
	// Decision records: ids, rules and reasons. At least 24h.
	Decisions time.Duration `yaml:"decisions" default:"2160h"`

	// That a user wrote a post or DM, and that it was answered, since it was last
	// heard of. At least 168h: X can deliver it again.
	Interactions time.Duration `yaml:"interactions" default:"2160h"`

	// What is known of a user, since they wrote last. At least 168h. It stays while
	// a person has it, a flow is open, or an opt-in, a consent or a block stands.
	Conversations time.Duration `yaml:"conversations" default:"9600h"`

	// What people wrote to a bot, on the event stream, from when it came in: 24h to
	// 72h, or 0s to keep none of it. Then it can be read until its answers have
	// ended, as a DM is whose user did not agree to its storage.
	Texts time.Duration `yaml:"texts" default:"72h"`

	// Bodies that could not be used, which hold what people wrote. At least 24h.
	DeadLetters time.Duration `yaml:"dead_letters" default:"720h"`
}

// Compliance is how the host learns what is gone from X.
type Compliance struct {
	// How often X is asked which of the posts and users that anything is kept of are
	// gone from X, by batch compliance jobs: 1h to 24h, or 0s for never. X announces
	// no user's own deletion, so this is the only way to learn of one, and X wants
	// it carried out within 24 hours. It takes app.bearer or app.consumer_key.
	Every time.Duration `yaml:"every" default:"6h"`
}

// App is the X app.
type App struct {
	// The app's consumer secret, which signs webhooks. Secrets are env:NAME, the
	// name of an environment variable, or file:PATH, a file that holds nothing
	// else. A secret itself never stands in this file.
	ConsumerSecret SecretRef `yaml:"consumer_secret" example:"env:BECKON_CONSUMER_SECRET" need:"yes"`

	// The next consumer secret, while it is rotated: name it here before X uses
	// it, and move it up afterwards. Both are taken meanwhile, and challenges
	// are answered with consumer_secret.
	ConsumerSecretNext SecretRef `yaml:"consumer_secret_next" example:"env:BECKON_CONSUMER_SECRET_NEXT" off:"yes"`

	// The app's id, digits, as the developer portal shows it. With it, the host
	// tells its own app from others that the account has authorised.
	ID string `yaml:"id" example:"10000001" off:"yes"`

	// The app's OAuth 2.0 client id, for beckon login. In the app's settings
	// on X choose the type "Automated App or Bot".
	ClientID string `yaml:"client_id" example:"an-id-from-the-developer-portal" off:"yes"`

	// The OAuth 2.0 client secret that belongs to client_id.
	ClientSecret SecretRef `yaml:"client_secret" example:"env:BECKON_CLIENT_SECRET" off:"yes"`

	// Where X sends the browser back to after a login. It must stand, to the
	// letter, in the app's settings on X: with 127.0.0.1, not localhost. An https
	// address of your own works with beckon login --no-listen.
	Redirect string `yaml:"redirect" default:"http://127.0.0.1:8765/callback" off:"yes"`

	// The app's consumer key (API key), which stands with consumer_secret: for
	// bots with oauth1, and to ask X for the app's own Bearer token.
	ConsumerKey SecretRef `yaml:"consumer_key" example:"env:BECKON_CONSUMER_KEY" off:"yes"`

	// The app's own Bearer token, for webhooks and streams. Left out, it is asked
	// for with consumer_key and consumer_secret.
	Bearer SecretRef `yaml:"bearer" example:"env:BECKON_APP_BEARER" off:"yes"`

	// The key that logins are sealed with in the database. Left out, the host
	// makes one at its first start, in data_dir/token.key: whoever has that file
	// and the database has the logins. `beckon key rotate` makes another in a file,
	// not in an environment variable.
	TokenKey SecretRef `yaml:"token_key" example:"env:BECKON_TOKEN_KEY" off:"yes"`

	// The app's access tier; self_serve is what is paid for by use. Outside
	// Enterprise, X takes a reply only where the author summoned the bot.
	Tier string `yaml:"tier" enum:"free self_serve enterprise" default:"self_serve"`

	// What the app was registered for: X lets one purpose have one app each for
	// production, staging and development. beckon doctor warns where another one
	// than production sends to users.
	Environment string `yaml:"environment" enum:"production staging development" default:"production"`
}

// Bot is one hosted account.
type Bot struct {
	// The account's user id, as X gives it: digits.
	UserID string `yaml:"user_id" example:"1000000000000000001" need:"yes"`

	// The account's handle, without the @.
	Username string `yaml:"username" example:"acme_support" need:"yes"`

	// The handle of the account, managed by people, that operates this one. X
	// wants it named in the bio and linked in the account's settings. Bots of
	// the same operator account share their opt-outs.
	OperatorAccount string `yaml:"operator_account" example:"acme" need:"yes"`

	// The account's OAuth 2.0 user token, if something else keeps it fresh: X's
	// tokens live for two hours. Leave it out, and oauth1 too, to log in with
	// beckon login: the host then renews the tokens itself.
	Token SecretRef `yaml:"token" example:"env:BECKON_SUPPORT_TOKEN"`

	// The account's OAuth 1.0a access token, instead of token. It does not
	// expire. It is signed with app.consumer_key and app.consumer_secret.
	OAuth1 OAuth1 `yaml:"oauth1" off:"yes"`

	// Folder of the account's rule packs. X's own rules are built in; these can
	// only tighten them. What no rule permits is not sent. A change is taken up
	// while the host runs; one that does not load, or whose tests fail, is not.
	Rules string `yaml:"rules" example:"rules" need:"yes"`

	// Folder of rule packs on trial. They are decided beside the rules, for every
	// draft, and decide nothing: what they would change is counted and logged, and
	// `beckon rules status` sums it up.
	Candidate string `yaml:"candidate" example:"rules-next" off:"yes"`

	// What the bot says: a file of answers, or a folder of them.
	Answers string `yaml:"answers" example:"answers.yaml" need:"yes"`

	// File of posts that come by the clock, and of feeds whose new items become
	// posts. `beckon schedule list` shows what comes next.
	Schedule string `yaml:"schedule" example:"schedule.yaml" off:"yes"`

	// The handler, of handlers, that is asked where help and answers have nothing
	// to say. Leave out the answers' default then: it always has.
	Ask string `yaml:"ask" example:"orders" off:"yes"`

	// Whether that handler is asked before the answers: then they have what it has
	// nothing to say to. Where it does not answer, its fallback speaks.
	AskFirst bool `yaml:"ask_first" default:"false"`

	// Time zone for rules about weekdays and hours, by its IANA name.
	TimeZone string `yaml:"time_zone" default:"UTC"`

	// Address of your privacy policy, https. It goes out with the first DM to a
	// user.
	PrivacyURL string `yaml:"privacy_url" example:"https://acme.example/privacy" off:"yes"`

	// Whether X lets the account post long: 25,000 characters, not 280 (X
	// Premium). An answer that does not fit is not sent, and never cut.
	LongPosts bool `yaml:"long_posts" default:"false"`

	// How long the bot is silent toward a user after a person wrote to them
	// through the account: 1m to 2160h.
	PersonQuiet time.Duration `yaml:"person_quiet" default:"24h"`

	// How long the bot is silent toward a user who was handed to a person, unless
	// that person writes or `beckon conversations release` ends it before: 1m to
	// 2160h, or 0s for no end by itself.
	HandoffQuiet time.Duration `yaml:"handoff_quiet" default:"72h"`

	// How long a held answer waits for a person; then it is cancelled, and the
	// user gets none: 1m to 168h.
	HoldExpiry time.Duration `yaml:"hold_expiry" default:"24h"`

	// What a person writes to the user, through the account itself, to give them
	// back to the bot: a post or DM that says nothing else, in any case. A word of
	// your own such as /bot, or an emoji. The user reads it.
	PersonDone string `yaml:"person_done" example:"/bot" off:"yes"`

	// Whether a user who asks for a person, with nothing but a word such as agent,
	// human or Mitarbeiter, is handed to one.
	HandoffWords bool `yaml:"handoff_words" default:"true"`

	// What happens to a user who perhaps said stop. Either way nothing else goes
	// to them: ask asks whether they did, hand_off gives them to a person.
	Doubt string `yaml:"doubt" enum:"ask hand_off" default:"ask"`

	// Fixed texts, at most 280 characters each. What is left as it ships is said in
	// the language that the user wrote in, as far as it is known, where it ships in
	// that language: en de es fr pt it nl ja. What you write here is said to all,
	// unless languages has it too.
	Texts Texts `yaml:"texts"`

	// The same texts in other languages, by two letters.
	Languages map[string]Translation `yaml:"languages" example:"de" off:"yes"`

	// Whether anything leaves. While false, everything is received and decided,
	// and nothing is sent.
	Send bool `yaml:"send" default:"false"`

	// What the account may cost. What it cannot pay is denied, and rules see what
	// is left. An answer counts when it is drafted. Received events and reads
	// count too, but are not stopped: X has sent them by then.
	Budget Budget `yaml:"budget" off:"yes"`

	// What a person has checked by hand on the account, and when. It holds until
	// the host has seen the profile itself; label and bio then count as X shows
	// them. What is left out and not seen counts as not so: nothing is sent.
	Declared Declared `yaml:"declared" off:"yes"`

	// X's approval of answers written by a model. Without it they are denied.
	AIApproval AIApproval `yaml:"ai_approval" off:"yes"`
}

// Bus is the way in for handlers in other processes.
type Bus struct {
	// Where the event bus listens, as host:port, on loopback. A handler logs in
	// with its name and token, hears the questions to it and publishes its
	// answers; nothing else is let through.
	Listen string `yaml:"listen" example:"127.0.0.1:4222" need:"yes"`
}

// Desk is the way to the people who take over.
type Desk struct {
	// The address that each handoff is posted to as JSON, without a word of the
	// user's: form, id, bot, user, interaction, why, link, at, attempt, sent. 2xx
	// takes it. Anything else is tried again, ever more slowly, for a day; then it
	// is given up. The same id can come twice: Idempotency-Key carries it.
	// No redirect is followed.
	URL string `yaml:"url" example:"https://desk.acme.example/beckon" off:"yes"`

	// The secret that it is signed with: Beckon-Signature is sha256= and the
	// HMAC-SHA256 of the body in hex. Beckon-Timestamp is when this attempt was
	// made, in seconds; the body has the same as sent: refuse what is old.
	Secret SecretRef `yaml:"secret" example:"env:BECKON_DESK_SECRET" off:"yes"`

	// Allows an address on this machine or in your own network, and http.
	Inside bool `yaml:"inside" default:"false"`

	// The password of a program that takes handoffs from the bus, at bus.listen, as
	// the user beckon-desk: from the stream BECKON_HANDOFFS, by its consumer desk.
	// Each has the subject beckon.v1.handoff.BOT.USER and the form of the webhook's
	// body, and stays for three days, until it is acknowledged.
	Token SecretRef `yaml:"token" example:"env:BECKON_DESK_TOKEN" off:"yes"`

	// For which purposes the address is told the user's references outside of X
	// (beckon match), words with spaces between. Left out, for none. The bus never is.
	Matches string `yaml:"matches" example:"order_status" off:"yes"`
}

// Handler is one handler outside of this process: with token a program, with
// model a language model.
type Handler struct {
	// The program's password on the bus, where its name is its user.
	Token SecretRef `yaml:"token" example:"env:BECKON_ORDERS_TOKEN" off:"yes"`

	// A language model that writes the answer.
	Model Model `yaml:"model" off:"yes"`

	// How long an answer may take, from the event on: 1s to 10m. Then it is no
	// longer taken, the question is a dead letter, and fallback answers.
	Deadline time.Duration `yaml:"deadline" default:"20s"`

	// After how long without an answer it is asked again, until the deadline.
	Again time.Duration `yaml:"again" default:"5s"`

	// Whether a model writes what the program says. A model's answers are always
	// marked so, and denied until ai_approval is recorded.
	AIGenerated bool `yaml:"ai_generated" default:"false"`

	// For which purposes the program is told the user's references outside of X
	// (beckon match), words with spaces between. Left out, for none. A language model
	// never is.
	Matches string `yaml:"matches" example:"order_status" off:"yes"`

	// What happens where no answer comes in time. Left out, nothing is said.
	Fallback Fallback `yaml:"fallback" off:"yes"`
}

// Fallback stands in for an answer.
type Fallback struct {
	// The reply to a post.
	Reply string `yaml:"reply" example:"I have to look that up."`

	// The DM.
	DM string `yaml:"dm" example:"I have to look that up. A colleague will write to you."`

	// Whether a person takes over.
	Handoff bool `yaml:"handoff" default:"false"`
}

// Model is a language model behind an OpenAI-compatible endpoint.
type Model struct {
	// The endpoint for chat completions: https, on the public internet.
	URL string `yaml:"url" example:"https://models.example/v1/chat/completions" need:"yes"`

	// Whether the endpoint is on this machine or in its network: then url may be
	// http, and lead there.
	Inside bool `yaml:"inside" default:"false"`

	// The model's name, as the endpoint knows it.
	Name string `yaml:"name" example:"small-1" need:"yes"`

	// The endpoint's key, sent as a Bearer token.
	Key SecretRef `yaml:"key" example:"env:BECKON_MODEL_KEY" off:"yes"`

	// File of what the model is told of its task, at most 8,000 characters. What a
	// user writes never becomes part of it.
	Prompt string `yaml:"prompt" example:"prompt.txt" need:"yes"`

	// The record that the provider does not train on what it is sent. X forbids
	// it. Without all of it, nothing starts.
	NoTraining NoTraining `yaml:"no_training" need:"yes"`
}

// NoTraining is a statement about the provider of a model.
type NoTraining struct {
	// Who has made sure.
	Who string `yaml:"who" example:"Kim Example, operator" need:"yes"`

	// The day, YYYY-MM-DD.
	Date time.Time `yaml:"date" example:"2026-11-01" need:"yes"`

	// The terms that say so: their address, and their version or section.
	Terms string `yaml:"terms" example:"https://models.example/terms, section 4, of 2026-09-01" need:"yes"`
}

// OAuth1 is the account's half of an OAuth 1.0a signature.
type OAuth1 struct {
	// The access token.
	AccessToken SecretRef `yaml:"access_token" example:"env:BECKON_SUPPORT_ACCESS_TOKEN" need:"yes"`

	// The access token's secret.
	AccessSecret SecretRef `yaml:"access_secret" example:"env:BECKON_SUPPORT_ACCESS_SECRET" need:"yes"`
}

// Budget is what a bot may cost; the zero value sets no limit.
type Budget struct {
	// In a UTC day, in US dollars, with six digits after the point at most.
	DayUSD budget.Micro `yaml:"day_usd" example:"5"`

	// In a UTC month.
	MonthUSD budget.Micro `yaml:"month_usd" example:"60"`
}

// Texts are sent as they stand.
type Texts struct {
	// Added to the first DM to a user.
	OptOutHint string `yaml:"opt_out_hint" default:"Reply STOP and I will not message you again."`

	// The one message that answers a STOP.
	OptOutConfirmation string `yaml:"opt_out_confirmation" default:"You will not hear from this account again. Send START to come back."`

	// Asks a user who perhaps said stop, in a longer text or with a slip of the
	// finger, whether they did. Nothing else goes to them until they answer or a
	// person has looked. "" asks nobody.
	StopQuestion string `yaml:"stop_question" default:"Did you ask me to stop? Reply STOP and I will not message you again." none:"yes"`

	// The bot's last word to a user whom a person takes over. "" leaves without
	// one.
	Handover string `yaml:"handover" default:"A person takes over from here." none:"yes"`

	// Answers a user who asks that their data be deleted, and nothing else. Then it
	// is. "" says nothing.
	ErasureNote string `yaml:"erasure_note" default:"What I keep about you is being deleted now." none:"yes"`

	// Answers a user who does not want to be matched with an account outside of X.
	// They are not, whatever it says; "" says nothing.
	UnlinkNote string `yaml:"unlink_note" default:"This X account is not linked to anything outside of X any more." none:"yes"`

	// Says that a bot speaks, and whose. Left out, it is made from the operator
	// account.
	Disclosure string `yaml:"disclosure" example:"I am an automated account, run by @acme." off:"yes"`
}

// Declared holds dates at 00:00 UTC; the zero time is not declared.
type Declared struct {
	// The day, YYYY-MM-DD, on which the 'Automated' label was seen on the profile.
	Label time.Time `yaml:"label" example:"2026-11-01"`

	// The day on which the bio was seen to say that it is a bot and whose.
	Bio time.Time `yaml:"bio" example:"2026-11-01"`

	// The day on which the account was seen linked to the operator account.
	Operator time.Time `yaml:"operator" example:"2026-11-01"`
}

// AIApproval is recorded where Reference is not empty.
type AIApproval struct {
	// X's reference for the approval.
	Reference string `yaml:"reference" example:"case 0123456789" need:"yes"`

	// The day, YYYY-MM-DD, on which X gave it.
	Date time.Time `yaml:"date" example:"2026-11-01" need:"yes"`
}

// SecretRef says where a secret is: env:NAME or file:PATH with a path that no
// longer depends on the configuration's folder. It never holds the secret.
type SecretRef string

// Names returns the bots' names, sorted.
func (c *Config) Names() []string { return slices.Sorted(maps.Keys(c.Bots)) }

// Location returns the bot's time zone; Load has checked that it is known.
func (b Bot) Location() (*time.Location, error) {
	loc, err := time.LoadLocation(b.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("time zone of %s: %w", b.Username, err)
	}
	return loc, nil
}

// Simulated reports whether X's API is a simulated one, on this machine: the real
// one is https.
func (c *Config) Simulated() bool { return strings.HasPrefix(c.XBaseURL, "http://") }
