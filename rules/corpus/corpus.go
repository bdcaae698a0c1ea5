// Package corpus is what the rule loader is held to: conditions and files that
// must be refused, each with its place and code, and conditions that must load.
// The tests of package rules check all of it, and `beckon rules figures` counts
// it, in the program as it is shipped. It knows nothing of package rules.
package corpus

import "strings"

// Mark stands in a trap before the character that the diagnostic points at.
const Mark = "§"

// Trap is a condition or a file that must be refused.
type Trap struct {
	Source string // with a Mark where the diagnostic points, where it has a place
	Code   string
}

// Unmark takes the mark out of a file and returns its line and column; zeros
// where there is none.
func Unmark(src string) (clean string, line, col int) {
	before, after, found := strings.Cut(src, Mark)
	if !found {
		return src, 0, 0
	}
	line = 1 + strings.Count(before, "\n")
	col = 1 + len([]rune(before[strings.LastIndex(before, "\n")+1:]))
	return before + after, line, col
}

// Account is a pack with the given rules, indented by two spaces.
func Account(rules string) string {
	return "schema: beckon.rules/v1\npack: acme\nlayer: account\nversion: 1.4.0\nrules:\n" + rules
}

// WithCondition is a pack with one rule of one condition.
func WithCondition(cond string) string {
	return Account("  - id: acme.reply\n    effect: permit\n    actions: [reply]\n    because: We answer.\n    when:\n" +
		"      it: |\n        " + strings.ReplaceAll(cond, "\n", "\n        ") + "\n")
}

const head = "schema: beckon.rules/v1\npack: acme\nlayer: account\nversion: 1.4.0\n"

// RuleWith is a rule that loads, and one more line.
func RuleWith(line string) string {
	return Account("  - id: acme.reply\n    effect: permit\n    actions: [reply]\n    because: We answer.\n" + line + "\n")
}

// WithFeature is a pack with one feature, which no rule reads.
func WithFeature(feature string) string {
	return strings.Replace(RuleWith(""), "rules:", "features:\n  "+feature+"\nrules:", 1)
}

// WithLists is a pack with lists and one rule of one condition.
func WithLists(lists, cond string) string {
	return strings.Replace(WithCondition(cond), "rules:", "lists:\n"+lists+"rules:", 1)
}

// flags joins n different boolean fields by and.
func flags(n int) string {
	names := strings.Fields(`user.opted_out user.held user.handed_off user.blocked_us interaction.mentioned interaction.replied
		interaction.quoted interaction.summoned action.is_first_dm action.has_url action.mentions_strangers action.too_long
		event.edited event.text_readable bot.label_on bot.bio_discloses bot.operator_linked bot.paused`)
	return strings.Join(names[:n], " and ")
}
