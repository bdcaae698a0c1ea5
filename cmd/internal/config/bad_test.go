package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLoadRefuses changes one place of a good configuration and wants the whole
// error text: each entry is what an operator gets to read.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	const sec = "want env:NAME or file:PATH; a secret itself never stands in this file"
	const date = "want a day as YYYY-MM-DD"
	const url = "want a scheme and a host only, such as https://api.x.com"
	const han = "want a handle without the @: letters, digits and _, at most 15"
	const name = "a bot's name is a-z, 0-9 and -, begins with a letter or digit and has at most 32 characters"
	const hp = "want host:port, such as 127.0.0.1:8080"
	const expanded = "nothing is expanded in this file: write the path out, without ~ and $NAME"
	tail := func(lines string) [2]string {
		return [2]string{"answers: answers.yaml\n", "answers: answers.yaml\n    " + lines + "\n"}
	}
	head := func(lines string) [2]string { return [2]string{"use:", lines + "\nuse:"} }

	for _, tt := range []struct {
		name string
		edit [2]string // from, to
		want string    // without the file's name
	}{
		// Keys.
		{"unknown top key", head("listn: :80"), `1:1: listn: unknown key; the nearest known key is "listen"`},
		{"swapped letters", head("amdin: :80"), `1:1: amdin: unknown key; the nearest known key is "admin"`},
		{"unknown far key", head("zzz: 1"), `1:1: zzz: unknown key; the nearest known key is "use"`},
		{"unknown app key", [2]string{"app:\n", "app:\n  teir: self_serve\n"}, `3:3: app.teir: unknown key; the nearest known key is "tier"`},
		{"unknown bot key", tail("tokn: env:X"), `12:5: bots.desk.tokn: unknown key; the nearest known key is "token"`},
		{"unknown text key", tail("texts: {optout_hint: x}"), `12:13: bots.desk.texts.optout_hint: unknown key; the nearest known key is "opt_out_hint"`},
		{"key of another case", head("Listen: :80"), `1:1: Listen: unknown key; the nearest known key is "listen"`},
		{"duplicate top key", head("use: research"), "2:1: use: set twice; first at line 1"},
		{"duplicate bot key", tail("token: env:X"), "12:5: bots.desk.token: set twice; first at line 9"},
		{"duplicate bot", [2]string{"bots:\n", "bots:\n  desk: {}\n"}, "6:3: bots.desk: set twice; first at line 5"},
		{"merge key", tail("<<: {send: true}"), "12:5: bots.desk: a key is a plain word"},
		{"list as key", head("[a]: 1"), "1:1: a key is a plain word"},

		// Shape.
		{"app is text", [2]string{"app:\n  consumer_secret: env:APP_SECRET", "app: hunter2"}, "2:1: app: want keys with values, got one value"},
		{"bots is a list", [2]string{"bots:\n  desk:\n    user_id: 42", "bots: [desk]\nx:\n    user_id: 42"}, "4:1: bots: want keys with values, got a list"},
		{"list as text", [2]string{"username: desk_bot", "username: [desk_bot]"}, "7:5: bots.desk.username: want one value, got a list"},
		{"keys as text", [2]string{"token: file:desk.token", "token: {file: desk.token}"}, "9:5: bots.desk.token: want one value, got keys"},
		{"anchor", [2]string{"use: commercial", "use: &u commercial"}, "1:1: use: anchors and aliases are not supported"},
		{"alias", [2]string{"username: desk_bot\n    operator_account: acme", "username: &u desk_bot\n    operator_account: *u"}, "7:5: bots.desk.username: anchors and aliases are not supported"},

		// Missing.
		{"no use", [2]string{"use: commercial\n", ""}, "1:1: use: missing; it must be set"},
		{"no app secret", [2]string{"consumer_secret: env:APP_SECRET", "tier: enterprise"}, "2:1: app.consumer_secret: missing; it must be set"},
		{"empty app", [2]string{"  consumer_secret: env:APP_SECRET\n", ""}, "2:1: app.consumer_secret: missing; it must be set"},
		{"no user id", [2]string{"    user_id: 42\n", ""}, "5:3: bots.desk.user_id: missing; it must be set"},
		{"no token", [2]string{"    token: file:desk.token\n", ""}, "5:3: bots.desk.token: missing; set it, or oauth1, or app.client_id and app.client_secret to use beckon login"},
		{"client id alone", [2]string{"app:\n", "app:\n  client_id: x\n"}, "2:1: app.client_secret: missing; client_id needs it: the app must be of the type that has a secret"},
		{"client secret alone", [2]string{"app:\n", "app:\n  client_secret: env:X\n"}, "2:1: app.client_id: missing; client_secret needs it"},
		{"client secret itself", [2]string{"app:\n", "app:\n  client_id: x\n  client_secret: hunter2\n"}, "4:3: app.client_secret: " + sec},
		{"token and oauth1", tail("oauth1: {access_token: env:A, access_secret: env:B}"), "12:5: bots.desk.oauth1: set token or oauth1, not both"},
		{"oauth1 without its key", [2]string{"token: file:desk.token", "oauth1: {access_token: env:A, access_secret: env:B}"}, "9:5: bots.desk.oauth1: needs app.consumer_key"},
		{"half an oauth1", [2]string{"token: file:desk.token", "oauth1: {access_token: env:A}"}, "9:5: bots.desk.oauth1.access_secret: missing; it must be set"},
		{"redirect to localhost", [2]string{"app:\n", "app:\n  redirect: http://localhost:8765/callback\n"}, "3:3: app.redirect: want 127.0.0.1: X refuses localhost, and plain http anywhere else"},
		{"redirect without a port", [2]string{"app:\n", "app:\n  redirect: http://127.0.0.1/callback\n"}, "3:3: app.redirect: want a fixed port: X compares the whole address"},
		{"redirect to any port", [2]string{"app:\n", "app:\n  redirect: http://127.0.0.1:0/callback\n"}, "3:3: app.redirect: want a fixed port: X compares the whole address"},
		{"redirect without a path", [2]string{"app:\n", "app:\n  redirect: http://127.0.0.1:8765\n"}, "3:3: app.redirect: want a whole address without a query, such as http://127.0.0.1:8765/callback"},
		{"redirect by ftp", [2]string{"app:\n", "app:\n  redirect: ftp://127.0.0.1:8765/callback\n"}, "3:3: app.redirect: want http on 127.0.0.1, or https"},
		{"stream without the app's token", head("ingest: stream"), "1:1: ingest: the stream needs the app's own token: app.bearer, or app.consumer_key to ask X for it"},
		{"webhook kept without the app's token", head("public_url: https://a.example/x/webhook"), "1:1: public_url: to keep the webhook, the app's own token is needed: app.bearer, or app.consumer_key to ask X for it"},
		{"public_url with a port", [2]string{"app:\n", "public_url: https://a.example:8443/x/webhook\napp:\n  bearer: env:B\n"}, "2:1: public_url: X wants https, and no port"},
		{"public_url by http", [2]string{"app:\n", "public_url: http://a.example/x/webhook\napp:\n  bearer: env:B\n"}, "2:1: public_url: X wants https, and no port"},
		{"public_url with a query", [2]string{"app:\n", "public_url: https://a.example/?x\napp:\n  bearer: env:B\n"}, "2:1: public_url: want an address such as https://bots.acme.example/x/webhook"},
		{"ingest by pigeon", head("ingest: pigeon"), `1:1: ingest: want one of webhook, stream, poll; the nearest is "stream"`},
		{"the next secret is this one", [2]string{"app:\n", "app:\n  consumer_secret_next: env:APP_SECRET\n"}, "3:3: app.consumer_secret_next: the same as consumer_secret: leave it out when nothing is rotated"},
		{"app id with letters", [2]string{"app:\n", "app:\n  id: app1\n"}, "3:3: app.id: want the app's numeric id, digits only"},
		{"approval without date", tail("ai_approval: {reference: a}"), "12:5: bots.desk.ai_approval.date: missing; it must be set"},
		{"approval without reference", tail("ai_approval: {date: 2026-01-01}"), "12:5: bots.desk.ai_approval.reference: missing; it must be set"},
		{"null value", [2]string{"username: desk_bot", "username:"}, "7:5: bots.desk.username: has no value; set it or leave the key out"},
		{"empty value", tail(`privacy_url: ""`), "12:5: bots.desk.privacy_url: has no value; set it or leave the key out"},

		// Enums, booleans, durations, dates.
		{"use", [2]string{"use: commercial", "use: comercial"}, `1:1: use: want one of commercial, noncommercial, government, research; the nearest is "commercial"`},
		{"tier", [2]string{"app:\n", "app:\n  tier: self-serve\n"}, `3:3: app.tier: want one of free, self_serve, enterprise; the nearest is "self_serve"`},
		{"government on self serve", [2]string{"use: commercial", "use: government"}, "2:1: app.tier: use: government needs tier: enterprise"},
		{"send yes", tail("send: yes"), "12:5: bots.desk.send: want true or false"},
		{"send quoted", tail(`send: "true"`), "12:5: bots.desk.send: want true or false"},
		{"send 1", tail("send: 1"), "12:5: bots.desk.send: want true or false"},
		{"handle is a boolean", [2]string{"username: desk_bot", "username: true"}, "7:5: bots.desk.username: want text, got a boolean; put it in quotes if it is meant so"},
		{"age without unit", head("max_event_age: 24"), "1:1: max_event_age: want a duration such as 90s, 15m or 24h"},
		{"age in days", head("max_event_age: 1d"), "1:1: max_event_age: want a duration such as 90s, 15m or 24h"},
		{"age too long", head("max_event_age: 24h1s"), "1:1: max_event_age: want 1m to 24h"},
		{"age too short", head("max_event_age: 59s"), "1:1: max_event_age: want 1m to 24h"},
		{"asked too seldom", head("compliance: {every: 48h}"), "1:14: compliance.every: want 1h to 24h, or 0s for never"},
		{"texts kept too long", head("retention: {texts: 96h}"), "1:13: retention.texts: want 24h to 72h, or 0s to keep none"},
		{"kept too short", head("retention: {interactions: 24h}"), "1:13: retention.interactions: want at least 168h"},
		{"age negative", head("max_event_age: -2h"), "1:1: max_event_age: want 1m to 24h"},
		{"date with time", tail("declared: {label: 2026-11-01T10:00:00Z}"), "12:16: bots.desk.declared.label: " + date},
		{"date the other way", tail("declared: {bio: 01.11.2026}"), "12:16: bots.desk.declared.bio: " + date},
		{"no such day", tail("declared: {bio: 2026-02-30}"), "12:16: bots.desk.declared.bio: " + date},
		{"declared true", tail("declared: {label: true}"), "12:16: bots.desk.declared.label: " + date},
		{"declared tomorrow", tail("declared: {operator: 2026-11-27}"), "12:16: bots.desk.declared.operator: is after today (2026-11-26): declare what was checked"},
		{"approved tomorrow", tail("ai_approval: {reference: a, date: 2026-11-27}"), "12:33: bots.desk.ai_approval.date: is after today (2026-11-26): declare what was checked"},
		{"time zone", tail("time_zone: Berlin"), "12:5: bots.desk.time_zone: want an IANA time zone such as Europe/Berlin"},
		{"local time zone", tail("time_zone: Local"), "12:5: bots.desk.time_zone: want an IANA time zone such as Europe/Berlin"},
		{"time zone is a path", tail("time_zone: ../etc/passwd"), "12:5: bots.desk.time_zone: want an IANA time zone such as Europe/Berlin"},

		// Money.
		{"budget in words", tail("budget: {day_usd: five}"), `12:14: bots.desk.budget.day_usd: want an amount in US dollars such as 0.015, with six digits after the point at most, not "five"`},
		{"budget with a sign", tail("budget: {day_usd: $5}"), `12:14: bots.desk.budget.day_usd: want an amount in US dollars such as 0.015, with six digits after the point at most, not "$5"`},
		{"budget below nothing", tail("budget: {month_usd: -5}"), `12:14: bots.desk.budget.month_usd: want an amount in US dollars such as 0.015, with six digits after the point at most, not "-5"`},
		{"budget of nothing", tail("budget: {day_usd: 0.00}"), "12:14: bots.desk.budget.day_usd: want more than 0; send: false sends nothing, and without the key there is no limit"},
		{"budget beyond all", tail("budget: {month_usd: 1000000001}"), "12:14: bots.desk.budget.month_usd: 1000000001 is more than a billion US dollars"},
		{"budget of a day above the month's", tail("budget: {day_usd: 5, month_usd: 4.999999}"), "12:14: bots.desk.budget.day_usd: $5.000 a day is more than $4.999999 a month"},
		{"budget is a number", tail("budget: 5"), "12:5: bots.desk.budget: want keys with values, got one value"},
		{"budget by the week", tail("budget: {week_usd: 5}"), `12:14: bots.desk.budget.week_usd: unknown key; the nearest known key is "day_usd"`},
		{"prices without a name", head("prices:"), "1:1: prices: has no value; set it or leave the key out"},

		// Names and ids.
		{"bot name upper", [2]string{"  desk:", "  Desk:"}, "5:3: bots.Desk: " + name},
		{"bot name hyphen first", [2]string{"  desk:", "  -desk:"}, "5:3: bots.-desk: " + name},
		{"bot name underscore", [2]string{"  desk:", "  _:"}, "5:3: bots._: " + name},
		{"bot name dot", [2]string{"  desk:", "  de.sk:"}, "5:3: bots.de.sk: " + name},
		{"bot name long", [2]string{"  desk:", "  " + strings.Repeat("a", 33) + ":"}, "5:3: bots." + strings.Repeat("a", 33) + ": " + name},
		{"user id with letters", [2]string{"user_id: 42", "user_id: 4x"}, "6:5: bots.desk.user_id: want the account's numeric id, digits only"},
		{"user id negative", [2]string{"user_id: 42", "user_id: -4"}, "6:5: bots.desk.user_id: want the account's numeric id, digits only"},
		{"user id with a zero first", [2]string{"user_id: 42", "user_id: 042"}, "6:5: bots.desk.user_id: want the account's numeric id, digits only"},
		{"user id twice", [2]string{"bots:\n", "bots:\n  aide: {user_id: '42', username: b, operator_account: c, token: env:T, rules: r, answers: a}\n"}, "7:5: bots.desk.user_id: bot aide has the same user id"},
		{"username twice", [2]string{"bots:\n", "bots:\n  aide: {user_id: '43', username: Desk_Bot, operator_account: c, token: env:T, rules: r, answers: a}\n"}, "8:5: bots.desk.username: bot aide has the same username"},
		{"token twice", [2]string{"bots:\n", "bots:\n  aide: {user_id: '43', username: b, operator_account: c, token: file:desk.token, rules: r, answers: a}\n"}, "10:5: bots.desk.token: bot aide has the same token"},
		{"handle with @", [2]string{"username: desk_bot", `username: "@desk_bot"`}, "7:5: bots.desk.username: " + han},
		{"handle too long", [2]string{"username: desk_bot", "username: abcdefghijklmnop"}, "7:5: bots.desk.username: " + han},
		{"operator with @", [2]string{"operator_account: acme", `operator_account: "@acme"`}, "8:5: bots.desk.operator_account: " + han},
		{"candidate in force", tail("candidate: ./rules"), "12:5: bots.desk.candidate: these are the rules in force; a candidate is another folder"},
		{"own operator", [2]string{"operator_account: acme", "operator_account: Desk_Bot"}, "8:5: bots.desk.operator_account: the bot cannot be its own operator: name the account that people manage"},

		// Addresses.
		{"listen without port", head("listen: localhost"), "1:1: listen: " + hp},
		{"listen port only", head("listen: 8080"), "1:1: listen: " + hp},
		{"listen port name", head("listen: :http"), "1:1: listen: want a port from 0 to 65535"},
		{"listen port high", head("listen: :65536"), "1:1: listen: want a port from 0 to 65535"},
		{"listen port odd", head("listen: :0080"), "1:1: listen: want a plain port number"},
		{"admin everywhere", head("admin: :8081"), "1:1: admin: want a loopback address: whoever reaches it commands the bots"},
		{"admin outside", head("admin: 10.0.0.1:8081"), "1:1: admin: want a loopback address: whoever reaches it commands the bots"},
		{"admin by name", head("admin: acme.example:8081"), "1:1: admin: want a loopback address: whoever reaches it commands the bots"},
		{"admin is listen", head("admin: 127.0.0.1:8080"), "1:1: admin: the same address as listen"},
		{"base url plain http", head("x_base_url: http://api.x.com"), "1:1: x_base_url: want https, or http on a loopback address: the token travels there"},
		{"base url ftp", head("x_base_url: ftp://127.0.0.1"), "1:1: x_base_url: want https, or http on a loopback address: the token travels there"},
		{"base url with path", head("x_base_url: https://api.x.com/2"), "1:1: x_base_url: " + url},
		{"base url with user", head("x_base_url: https://a:b@api.x.com"), "1:1: x_base_url: " + url},
		{"base url bare host", head("x_base_url: api.x.com"), "1:1: x_base_url: " + url},
		{"privacy url http", tail("privacy_url: http://acme.example"), "12:5: bots.desk.privacy_url: want an https address such as https://acme.example/privacy"},
		{"privacy url with a space", tail(`privacy_url: "https://acme.example/p p"`), "12:5: bots.desk.privacy_url: want an https address such as https://acme.example/privacy"},
		{"privacy url too long", tail("privacy_url: https://acme.example/" + strings.Repeat("p", 200)), "12:5: bots.desk.privacy_url: 221 characters; at most 200"},
		{"privacy url bare", tail("privacy_url: acme.example/privacy"), "12:5: bots.desk.privacy_url: want an https address such as https://acme.example/privacy"},

		{"person done a stop", tail("person_done: stop"), `12:5: bots.desk.person_done: "stop" is what users say to stop or start: choose another`},
		{"person done a mention", tail("person_done: '@desk_bot'"), "12:5: bots.desk.person_done: want a word or an emoji, at most 40 characters, without links and mentions"},
		{"person done a link", tail("person_done: acme.example"), "12:5: bots.desk.person_done: want a word or an emoji, at most 40 characters, without links and mentions"},

		// Texts.
		{"text too long", tail("texts: {disclosure: " + strings.Repeat("é", 281) + "}"), "12:13: bots.desk.texts.disclosure: 281 characters; at most 280"},
		{"text blank", tail(`texts: {opt_out_hint: "  "}`), "12:13: bots.desk.texts.opt_out_hint: is blank"},
		{"text with escape", tail(`texts: {opt_out_hint: "a\eb"}`), "12:13: bots.desk.texts.opt_out_hint: has control characters"},

		{"key with a line break", head(`"a\nb\x1b[31m": 1`), `1:1: a�b�[31m: unknown key; the nearest known key is "admin"`},
		// Nothing is expanded.
		{"home", head("data_dir: ~/beckon"), "1:1: data_dir: " + expanded},
		{"variable", head("data_dir: $HOME/beckon"), "1:1: data_dir: " + expanded},
		{"variable in braces", [2]string{"answers: answers.yaml", "answers: ${DIR}/answers.yaml"}, "11:5: bots.desk.answers: " + expanded},
		{"command", [2]string{"answers: answers.yaml", "answers: $(pwd)/answers.yaml"}, "11:5: bots.desk.answers: " + expanded},
		{"variable in a secret's path", [2]string{"file:desk.token", "file:$HOME/hunter2"}, "9:5: bots.desk.token: " + expanded},
		{"variable as a host", head("listen: $HOST:8080"), "1:1: listen: " + hp},
		{"url as host", head("listen: http://127.0.0.1:8080"), "1:1: listen: " + hp},
		// Secrets.
		{"literal secret", [2]string{"env:APP_SECRET", "hunter2"}, "3:3: app.consumer_secret: " + sec},
		{"literal token", [2]string{"file:desk.token", "hunter2"}, "9:5: bots.desk.token: " + sec},
		{"env with a literal", [2]string{"env:APP_SECRET", "env:hunter2-x"}, "3:3: app.consumer_secret: " + sec},
		{"env empty", [2]string{"env:APP_SECRET", `"env:"`}, "3:3: app.consumer_secret: " + sec},
		{"env with dollar", [2]string{"env:APP_SECRET", "$hunter2"}, "3:3: app.consumer_secret: " + sec},
		{"file empty", [2]string{"file:desk.token", `"file:"`}, "9:5: bots.desk.token: " + sec},
		{"file after a space", [2]string{"file:desk.token", `"file: hunter2"`}, "9:5: bots.desk.token: " + sec},
		{"other scheme", [2]string{"file:desk.token", "vault:hunter2"}, "9:5: bots.desk.token: " + sec},
		{"secret under a wrong key", [2]string{"consumer_secret: env:APP_SECRET", "consumer_secret: env:APP_SECRET\n  secret: hunter2"}, `4:3: app.secret: unknown key; the nearest known key is "bearer"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(good, tt.edit[0]) {
				t.Fatalf("the good configuration lacks %q", tt.edit[0])
			}
			c, err := load(strings.Replace(good, tt.edit[0], tt.edit[1], 1))
			if err == nil {
				t.Fatalf("accepted: %+v", c)
			}
			got := strings.ReplaceAll(err.Error(), "/etc/b/beckon.yaml:", "")
			if !oneOf(strings.Split(got, "\n"), tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if strings.Contains(got, "hunter2") {
				t.Errorf("the error quotes a secret: %s", got)
			}
		})
	}
}

// Editors of Windows write these.
func TestLoadOddBytes(t *testing.T) {
	t.Parallel()
	want, err := load(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"byte order mark": "\ufeff" + good, "line ends": strings.ReplaceAll(good, "\n", "\r\n"), "no end": strings.TrimSuffix(good, "\n")} {
		got, err := load(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// oneOf reports whether a fault is told exactly once.
func oneOf(lines []string, want string) bool {
	n := 0
	for _, l := range lines {
		if l == want {
			n++
		}
	}
	return n == 1
}

// Faults of the file as a whole.
func TestLoadRefusesFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "f.yaml: the file is empty; `beckon config print` writes a sample"},
		{"comments only", "# nothing\n", "f.yaml: the file is empty; `beckon config print` writes a sample"},
		{"two documents", good + "---\n" + good, "f.yaml: more than one document (---); a configuration is one"},
		{"too large", "#" + strings.Repeat(" ", maxSize), "f.yaml: larger than 1048576 bytes"},
		{"a list", "- a\n", "f.yaml:1:1: want keys with values, got a list"},
		{"text", "hunter2", "f.yaml:1:1: want keys with values, got one value"},
		{"tab", "app:\n\tconsumer_secret: hunter2\n", "f.yaml:2:1: not YAML: found character that cannot start any token; indent with spaces, and quote texts that start with @ or `"},
		{"unclosed", "app: {consumer_secret: hunter2\n", "f.yaml:1:1: not YAML: did not find expected ',' or '}'"},
		{"UTF-16", "\xff\xfea\x00:\x00 \x001\x00", `f.yaml:1:1: a: unknown key; the nearest known key is "app"`},
		{"broken UTF-8", "# caf\xe9\n" + good, "f.yaml: not YAML: invalid trailing UTF-8 octet"},
		{"alias bomb", "a: &a [x, x]\nb: &b [*a, *a]\nbots: *b\n", "f.yaml:3:1: bots: anchors and aliases are not supported"},
		{"a huge key", "? " + strings.Repeat("k", 500_000) + "\n: 1\n", "f.yaml:1:3: " + strings.Repeat("k", 200) + `…: unknown key; the nearest known key is "desk"`},
		{"unknown alias", "app: {consumer_secret: *hunter2}\n", "f.yaml: not YAML: unknown anchor"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Load("f.yaml", []byte(tt.text), Options{})
			if err == nil {
				t.Fatal("accepted")
			}
			if got := err.Error(); got != tt.want && !oneOf(strings.Split(got, "\n"), tt.want) {
				t.Errorf("got  %.300s\nwant %s", got, tt.want)
			}
		})
	}
	if _, err := Load("f.yaml", []byte("bots: {}\nuse: research\napp: {consumer_secret: env:A}\n"), Options{}); err == nil ||
		err.Error() != "f.yaml:1:1: bots: no bot; name at least one" {
		t.Errorf("no bots: %v", err)
	}
}
