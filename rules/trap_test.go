package rules

import (
	"fmt"
	"strings"
	"testing"
)

type trap struct {
	src  string // with a mark where the diagnostic points
	code string
}

// Conditions that look like rules and are none. Each stands in a literal
// block, so that YAML hides nothing of it.
var conditionTraps = []trap{
	// What expr would let fail, or take for true or false in silence.
	{`user§?.opted_out`, "character"},
	{`§$env["user"]["opted_out"]`, "character"},
	{`user.opted_out§; true`, "character"},
	{`let x = 1§; user.held`, "character"},
	{`user.held §? true : false`, "character"},
	{`if user.held §{ true }`, "character"},
	{`1 §/ 0 == 1`, "character"},
	{`user.dms_sent §% 2 == 0`, "character"},
	{`user.dms_sent §* 2 > 3`, "character"},
	{`user.dms_sent §+ 1 > 2`, "character"},
	{`event.age < hours(24) §+ hours(1)`, "character"},
	{`any([1], §{# > 0})`, "character"},
	{`user.held §// and not user.opted_out`, "character"},
	{`user.held §/* not */`, "character"},
	{`user.held §# and not user.opted_out`, "character"},
	{`action.kind == §“reply”`, "character"},
	{"action.kind == §`reply`", "character"},
	{`action.kind == "re§\x70ly"`, "character"},
	{`§nil == action.kind`, "not-a-condition"},
	{`action.kind == §nil`, "not-a-condition"},
	{`§user.held == nil`, "boolean"},
	{`§-user.dms_sent < 0`, "not-a-condition"},
	// Functions: they fail, differ from run to run, or loop.
	{`§get(user, "held")`, "function"},
	{`§now() > event.age`, "function"},
	{`§any([1, 2], true)`, "function"},
	{`§all([1], all([2], all([3], true)))`, "function"},
	{`§len(action.kind) > 3`, "function"},
	{`§filter([1], true) == []`, "function"},
	{`§user.held()`, "function"},
	{`user.held | §get("x")`, "function"},
	{`§hours(24)`, "function"},
	{`event.age < §duration("24h")`, "function"},
	{`event.age < §weeks(1)`, "function"},
	{`§event["age"] < hours(1)`, "index"},
	{`§user["held"]`, "index"},
	{`§user.held.x`, "index"},
	{`§[user.held][0]`, "index"},
	// Operators and lists.
	{`event.lang §matches "en"`, "operator"},
	{`event.lang §contains "e"`, "operator"},
	{`event.lang §startsWith "e"`, "operator"},
	{`§"reply" in action`, "operator"},
	{`event.lang in §"en"`, "list"},
	{`event.lang in §[]`, "list"},
	{`user.dms_sent in §1..3`, "list"},
	{`event.lang in §lists.office`, "unknown-list"},
	{`event.lang in §lists["office"]`, "list"},
	{`event.lang in §lists`, "list"},
	{`§event.lang == lists.office`, "two-fields"},
	{`§lists.office`, "list"},
	{`event.lang in ["en", §"en"]`, "duplicate-value"},
	{`user.dms_sent in [1, §user.dms_received]`, "two-fields"},
	{`§user.held in [true]`, "boolean"},
	{`§[1, 2] == [1, 2]`, "not-a-condition"},
	// Names.
	{`§action.kid == "reply"`, "unknown-field"},
	{`§opted_out`, "unknown-field"},
	{`§action`, "unknown-field"},
	{`§users.held`, "unknown-field"},
	{`§feature.asks_refund`, "unknown-feature"},
	{`§budget.day_left_usd > 1`, "unfilled-field"},
	{`§draft.url_mismatch`, "unfilled-field"},
	{`not §user.consent_dm_storage`, "unfilled-field"},
	// Types and domains.
	{`action.kind == §"replly"`, "enum"},
	{`bot.local_weekday in ["sat", §"sunday"]`, "enum"},
	{`action.kind == §1`, "type"},
	{`action.kind == §reply`, "type"},
	{`action.kind §< "reply"`, "type"},
	{`event.lang == §"English"`, "language"},
	{`§event.age`, "type"},
	{`not §action.kind`, "type"},
	{`event.age < §24`, "type"},
	{`event.age < hours(2§4`, "syntax"},
	{`event.age < §hours(user.dms_sent)`, "unit"},
	{`event.age < §hours("24")`, "unit"},
	{`event.age < §hours(1.5)`, "unit"},
	{`event.age < §hours()`, "unit"},
	{`event.age < §days(10000)`, "range"},
	{`bot.local_minute < §2000`, "range"},
	{`user.dms_sent_24h < §20`, "range"},
	{`user.dms_sent > §-1`, "range"},
	{`user.dms_sent == §1.5`, "type"},
	{`user.dms_sent == §"1"`, "type"},
	{`user.dms_sent == 9999999999999999999§9`, "syntax"},
	{`action.kind == §b"reply"`, "not-a-condition"},
	{`§user.opted_out == true`, "boolean"},
	// Constants.
	{`§true`, "constant"},
	{`§1 < 2`, "constant"},
	{`user.held and (§1 == 1)`, "constant"},
	{`§"yes"`, "not-a-condition"},
	{`§1`, "not-a-condition"},
	{`§bot.local_minute >= 0`, "constant"},
	{`§user.held or not user.held`, "constant"},
	{`user.held and (§bot.tier == "enterprise" and bot.tier == "self_serve")`, "constant"},
	{`§event.age < hours(1) and event.age > hours(2)`, "constant"},
	{`§event.from_automated in ["yes", "no", "unknown"]`, "constant"},
	{`§action.kind != "dm" or action.kind != "reply"`, "constant"},
	{`§event.age < event.age`, "two-fields"},
	{`§user.held == user.held`, "two-fields"},
	{`§user.dms_sent == user.dms_received`, "two-fields"},
	{`§hours(1) < hours(2)`, "constant"},
	// Form and size.
	{`user.held §= true`, "syntax"},
	{`user.held §AND user.opted_out`, "syntax"},
	{`user.held an§d`, "syntax"},
	{`user.held §user.opted_out`, "syntax"},
	{strings.Repeat("(", 32) + "§(user.held" + strings.Repeat(")", 33), "nesting"},
	{"§" + strings.Repeat("(", 200_000), "too-long"},
	{"§user.held" + strings.Repeat(" and user.held", 200), "too-long"},
	{"§" + manyFlags(18), "too-complex"},
}

// manyFlags joins n different boolean fields by and.
func manyFlags(n int) string {
	var names []string
	for _, f := range fields {
		if f.domain == boolean && !f.unfilled && len(names) < n {
			names = append(names, f.name)
		}
	}
	return strings.Join(names, " and ")
}

const head = "schema: beckon.rules/v1\npack: acme\nlayer: account\nversion: 1.4.0\n"

// ruleWith is a rule that loads, and one more line.
func ruleWith(line string) string {
	return account("  - id: acme.reply\n    effect: permit\n    actions: [reply]\n    because: We answer.\n" + line + "\n")
}

// Files that look like packs and are none.
var fileTraps = []trap{
	{"§", "empty"},
	{"§# nothing but a comment\n", "empty"},
	{"§- schema: beckon.rules/v1\n", "not-a-map"},
	{"§hello\n", "not-a-map"},
	{account("  - id: a\n    effect: permit\n    §\tactions: [reply]\n"), "tab"},
	{account("  - id: acme.reply\n    effect: permit\n    §actions: [rep"), "yaml"},
	{account("  - id: acme.reply\n    effect: permit\n    actions: [reply]\n    §because: \"We"), "yaml"},
	{account("  - §id: acme.reply\n    effect: permit\n    actions: [reply]\n"), "missing-key"},
	{"§schema: beckon.rules/v1\npack: acme\nlayer: account\nversion: 1.4.0\n", "missing-key"},
	{account("  §[]\n"), "not-a-list"},
	{ruleWith("") + "§---\nschema: beckon.rules/v1\n", "several-documents"},
	{"schema: §beckon.rules/v2\n" + strings.TrimPrefix(ruleWith(""), "schema: beckon.rules/v1\n"), "unknown-value"},
	{strings.Replace(ruleWith(""), "layer: account", "layer: §platform", 1), "layer"},
	{strings.Replace(ruleWith(""), "version: 1.4.0", "version: §1.4", 1), "not-a-string"},
	{strings.Replace(ruleWith(""), "pack: acme", "pack: §Acme Support", 1), "bad-name"},
	{strings.Replace(ruleWith(""), "rules:", "§lint: on\nrules:", 1), "unknown-key"},
	{withLists("  §office: [en, de]\n", "user.held"), "unused-list"},
	{withLists("  office: [en, de]\n", "event.lang in §lists.ofice"), "unknown-list"},
	{withLists("  office: [en, de, §en]\n", "event.lang in lists.office"), "duplicate-value"},
	{withLists("  office: [en]\n  §office: [de]\n", "event.lang in lists.office"), "duplicate-key"},
	{withLists("  §Office: [en]\n", "event.lang in lists.office"), "bad-name"},
	{withLists("  office: §[]\n", "event.lang in lists.office"), "empty"},
	{withLists("  office: §en\n", "event.lang in lists.office"), "not-a-list"},
	{withLists("  office: [en, §1]\n", "event.lang in lists.office"), "mixed-list"},
	{withLists("  office: [en, §[de]]\n", "event.lang in lists.office"), "not-a-constant"},
	{withLists("  office: [en, §~]\n", "event.lang in lists.office"), "not-a-constant"},
	{withLists("  few: [1, §0x2]\n", "user.dms_sent in lists.few"), "not-a-constant"},
	{withLists("  few: [1, §2.5]\n", "user.dms_sent in lists.few"), "not-a-constant"},
	{withLists("  many: §["+strings.Repeat("1, ", maxList)+"1]\n", "user.dms_sent in lists.many"), "too-many"},
	{withLists("  office: [en, English]\n", "event.lang in §lists.office"), "language"},
	{withLists("  days: [sat, sunday]\n", "bot.local_weekday in §lists.days"), "enum"},
	{withLists("  few: [1, -1]\n", "user.dms_sent in §lists.few"), "range"},
	{withLists("  few: [1, 2]\n", "event.lang in §lists.few"), "type"},
	{withLists("  office: [en]\n", "user.dms_sent in §lists.office"), "type"},
	{withLists("  few: [1, 2]\n", "event.age in §lists.few"), "type"},
	{withLists("  all: [yes, no, unknown]\n", "§event.from_automated in lists.all"), "constant"},
	{strings.Replace(ruleWith(""), "rules:", "§pack: other\nrules:", 1), "duplicate-key"},
	{ruleWith("    §on: [reply]"), "unknown-key"},
	{ruleWith("    §unles:\n      held: user.held"), "unknown-key"},
	{ruleWith("    §because: Again."), "duplicate-key"},
	{strings.Replace(ruleWith("    mode: shadow"), "effect: permit", "effect: §shadow", 1), "unknown-value"},
	{ruleWith("    mode: §on"), "unknown-value"},
	{ruleWith("    obligations: §[append_opt_out_hint]"), "misplaced-key"},
	{ruleWith("    owner: §" + strings.Repeat("long ", 70)), "too-long"},
	{ruleWith("    owner: §{name: bob}"), "not-a-string"},
	{ruleWith("    tags: §support"), "not-a-list"},
	{ruleWith("    when: §{}"), "empty"},
	{ruleWith("    when: §[user.held]"), "not-a-map"},
	{ruleWith("    when:\n      a: user.held\n      §a: user.opted_out"), "duplicate-key"},
	{ruleWith("    when:\n      §Not Held: not user.held"), "bad-name"},
	// YAML that means something else than it shows.
	{ruleWith("    when:\n      held: §!user.held"), "tag"},
	{ruleWith("    when:\n      held: §!!str user.held"), "tag"},
	{ruleWith("    when:\n      held: §>\n        user.held"), "scalar-style"},
	{ruleWith("    when:\n      held: §\"user.held\""), "scalar-style"},
	{ruleWith("    when:\n      held: §'user.held'"), "scalar-style"},
	{ruleWith("    when:\n      held: §user.held\n        and user.opted_out"), "scalar-style"},
	{ruleWith("    when:\n      held: user.held §# and not user.opted_out"), "comment"},
	{ruleWith("    when:\n      held: | §# and not user.opted_out\n        user.held"), "comment"},
	{ruleWith("    when:\n      fresh: event.age < §24"), "type"},
	{ruleWith("    when: {fresh: event.age < §24}"), "type"},
	{ruleWith("    when:\n      held: |2\n        user.held\n\n        or §usr.held"), "unknown-field"},
	{ruleWith("    when:\n      held: §true"), "not-a-condition"},
	{ruleWith("    when:\n      held: §1"), "not-a-condition"},
	{ruleWith("    when:\n      held: §~"), "empty"},
	{ruleWith("    when:\n      held: §[user.held]"), "not-a-string"},
	{ruleWith("    when: §&w\n      held: user.held"), "alias"},
	{ruleWith("    when:\n      held: §&h user.held"), "alias"},
	{head + "a: §&a [x, x]\nb: [*a, *a]\nrules: []\n", "alias"},
	{head + "rules: [[[[[[[[[[[§[x]]]]]]]]]]]]\n", "depth"},
	{ruleWith("    owner: \"caf§\xe9\""), "encoding"},
	{ruleWith("    owner: bob§\u0085    mode: off"), "encoding"},
	{ruleWith("    owner: bob§\r    mode: off"), "encoding"},
	{ruleWith("    owner: bob§\x00"), "encoding"},
	{"§\ufeff" + ruleWith(""), "encoding"},
	{strings.Repeat("# a comment\n", 30_000), "file-too-large"},
	// Rules.
	{account("  - id: §x.reply\n    effect: permit\n    actions: [reply]\n    because: Mine.\n"), "reserved-id"},
	{account("  - id: §Acme Reply\n    effect: permit\n    actions: [reply]\n    because: Mine.\n"), "bad-name"},
	{account("  - id: a\n    effect: §allow\n    actions: [reply]\n    because: Mine.\n"), "unknown-value"},
	{account("  - id: a\n    effect: permit\n    actions: §reply\n    because: Mine.\n"), "not-a-list"},
	{account("  - id: a\n    effect: permit\n    actions: [§replies]\n    because: Mine.\n"), "unknown-value"},
	{account("  - id: a\n    effect: permit\n    actions: [reply, §reply]\n    because: Mine.\n"), "duplicate-value"},
	{account("  - id: a\n    effect: permit\n    actions: §[]\n    because: Mine.\n"), "empty"},
	{account("  - id: a\n    effect: permit\n    actions: [reply]\n    because: §\"\"\n"), "empty"},
	{account("  - §id: a\n    effect: require\n    actions: [reply]\n    because: Mine.\n"), "missing-key"},
	{account("  - id: a\n    effect: require\n    actions: [dm]\n    because: Mine.\n    obligations: [§append_optout_hint]\n"), "unknown-value"},
	{account("  - id: a\n    effect: require\n    actions: [dm]\n    because: Mine.\n    obligations: §[mark_made_with_ai]\n"), "obligation"},
	{ruleWith("") + "  - §id: acme.reply\n    effect: forbid\n    actions: [reply]\n    because: Mine.\n", "duplicate-id"},
	// What X forbids to derive or store about a person.
	{withFeature("§asks_health: {field: event.text, any_of: [opening hours]}"), "sensitive"},
	{withFeature("asks_hours: {field: event.text, any_of: [opening hours, §diabetes]}"), "sensitive"},
	{withFeature("asks_hours: {field: event.text, any_of: [§\"can't pay\"]}"), "sensitive"},
	{withLists("  §unions: [en]\n", "event.lang in lists.unions"), "sensitive"},
	{withLists("  office: [en, §church]\n", "user.held"), "sensitive"},
	{account("  - id: §acme.no-politics\n    effect: forbid\n    actions: [reply]\n    because: Mine.\n"), "sensitive"},
	{ruleWith("    when:\n      §criminal: user.held"), "sensitive"},
	{strings.Replace(ruleWith(""), "pack: acme", "pack: §acme-debt-help", 1), "sensitive"},
	// Features.
	{strings.Replace(ruleWith(""), "rules:", "features:\n  asks: {field: §draft.text, any_of: [refund]}\nrules:", 1), "unknown-value"},
	{strings.Replace(ruleWith(""), "rules:", "features:\n  asks: {field: event.text, any_of: [§\"!!\"]}\nrules:", 1), "no-words"},
	{strings.Replace(ruleWith(""), "rules:", "features:\n  asks: {field: event.text, any_of: §[]}\nrules:", 1), "empty"},
	{strings.Replace(ruleWith(""), "rules:", "features:\n  asks: §{field: event.text}\nrules:", 1), "missing-key"},
	{strings.Replace(ruleWith(""), "rules:", "features:\n  §Asks-Refund: {field: event.text, any_of: [refund]}\nrules:", 1), "bad-name"},
}

// withFeature is a pack with one feature, which no rule reads.
func withFeature(feature string) string {
	return strings.Replace(ruleWith(""), "rules:", "features:\n  "+feature+"\nrules:", 1)
}

// TestR9Traps: what could fail, is constant, or reads as something else than
// it says is refused, at the place where it stands.
func TestR9Traps(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	check := func(i int, what, src, code string) {
		clean, line, col := unmark(src)
		set, err := Load([]Source{{"trap.yaml", []byte(clean)}}, Options{})
		diags, ok := err.(Diagnostics)
		if !ok || set != nil {
			t.Errorf("%s %d loads, want %s:\n%.200s", what, i, code, src)
			return
		}
		d := diags[0]
		if d.Code != code || d.Line != line || d.Col != col {
			t.Errorf("%s %d: got %s at %d:%d, want %s at %d:%d\n%s\nin %.300s", what, i, d.Code, d.Line, d.Col, code, line, col, err, src)
		}
		if d.Line > 0 && d.Snippet == "" {
			t.Errorf("%s %d: no snippet: %s", what, i, err)
		}
		fmt.Fprintf(&text, "%s\n\n", diags.Error())
	}
	for i, c := range conditionTraps {
		check(i, "condition", withCondition(c.src), c.code)
	}
	for i, f := range fileTraps {
		check(i, "file", f.src, f.code)
	}
	golden(t, "diagnostics.golden", text.String())
	if n := len(conditionTraps) + len(fileTraps); n < 60 {
		t.Errorf("%d traps, want at least 60", n)
	}
}

// TestR9Deep: 800,000 parentheses end the process inside expr's parser.
func TestR9Deep(t *testing.T) {
	t.Parallel()
	_, err := parseCondition(strings.Repeat("(", 800_000), scope{})
	if p, ok := err.(*problem); !ok || p.code != "too-long" {
		t.Errorf("got %v, want too-long", err)
	}
}

// Conditions that load.
var goodConditions = []string{
	`user.opted_out`,
	`not user.opted_out`,
	`!user.opted_out`,
	`not (user.held or user.handed_off)`,
	`interaction.mentioned or interaction.replied or interaction.quoted`,
	`interaction.mentioned && !interaction.quoted || interaction.summoned`,
	`event.age < hours(24)`,
	`event.age <= minutes(5)`,
	`days(1) > event.age`,
	`event.age >= hours(1) and event.age < hours(2)`,
	`hours(1) <= event.age < hours(2)`,
	`user.last_dm_age < days(30)`,
	`event.lang == "en"`,
	`event.lang in ["en", "de", "pt-BR"]`,
	`event.lang not in ["en", "und", ""]`,
	`event.lang != 'en'`,
	`"en" == event.lang`,
	`action.kind == "reply"`,
	`action.purpose in ["answer", "notice"]`,
	`bot.local_weekday not in ["sat", "sun"]`,
	`bot.local_minute >= 540 and bot.local_minute < 1020`,
	`not (bot.local_minute < 540)`,
	`user.dms_sent == 0`,
	`user.dms_sent != 3`,
	`user.dms_sent in [1, 2, 3]`,
	`user.dms_sent_24h < 3`,
	`0 < user.dms_sent < 5`,
	`user.dms_sent < 1_000`,
	`event.from_automated != "yes" or interaction.summoned`,
	`((user.blocked_us))`,
	"user.held\nor user.handed_off",
	`user.initiated in ["dm", "opt_in"] and (event.kind == "dm" or user.dms_received > 1)`,
	`draft.approval == "approved"`,
	`not not user.held`,
	`feature.asks_refund and not feature.asks_hours`,
	manyFlags(12),
}

func TestGoodConditions(t *testing.T) {
	t.Parallel()
	if len(goodConditions) < 30 {
		t.Errorf("%d good conditions, want at least 30", len(goodConditions))
	}
	features := map[string]int{"asks_refund": 0, "asks_hours": 1}
	for _, src := range goodConditions {
		got, err := parseCondition(src, scope{features: features})
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		again, err := parseCondition(got.String(), scope{features: features})
		if err != nil || again.String() != got.String() {
			t.Errorf("%s: canonical form %s does not read as itself: %v", src, got, err)
		}
	}
}
