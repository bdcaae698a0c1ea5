package rules

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	schemaV1      = "beckon.rules/v1"
	layerPlatform = "platform"
	layerAccount  = "account"
	longestLine   = 300 // characters of because, owner and the like
)

// What a rule does when it fires.
const (
	permit  = "permit"
	forbid  = "forbid"
	hold    = "hold"
	require = "require"
)

// Whether a rule decides. Rules of the platform always do.
const (
	enforce = "enforce" // the default
	shadow  = "shadow"  // evaluated and reported, decides nothing
	off     = "off"
)

// pack is a rule file after checking. Its JSON is the canonical content that
// the hash of a set covers: no comments, no layout, no order that means nothing.
type pack struct {
	Pack     string    `json:"pack"`
	Layer    string    `json:"layer"`
	Version  string    `json:"version"`
	Features []feature `json:"features,omitempty"`
	Rules    []*rule   `json:"rules"`
}

type rule struct {
	ID          string      `json:"id"`
	Effect      string      `json:"effect"`
	Actions     []string    `json:"actions"`
	Because     string      `json:"because"`
	When        []condition `json:"when,omitempty"`
	Unless      []condition `json:"unless,omitempty"`
	Obligations []string    `json:"obligations,omitempty"`
	Mode        string      `json:"mode,omitempty"`
	Tags        []string    `json:"tags,omitempty"`
	Owner       string      `json:"owner,omitempty"`
	Cite        string      `json:"cite,omitempty"`

	layer string
	node  *yaml.Node
	whens []string // names of When
}

// condition is one named expression. Expr is its canonical form.
type condition struct {
	Name string `json:"name"`
	Expr string `json:"expr"`

	term  *term
	prog  program[env]
	reads slots // the features it reads
}

var (
	idForm      = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)
	featureForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	citeForm    = regexp.MustCompile(`^.+, read \d{4}-\d{2}-\d{2}$`)
)

// name reads an identifier of the given form, at most 64 characters. Names
// reach the decision records of users.
func (r *reader) name(n *yaml.Node, what string, form *regexp.Regexp) string {
	s := r.str(n, what)
	if s != "" && (!form.MatchString(s) || len(s) > 64) {
		r.at(n, "bad-name", "use lower-case letters, digits and separators, at most 64", "%s cannot be %q", what, s)
		return ""
	}
	if s != "" {
		r.sensitive(n, what)
	}
	return s
}

// line reads a text that people read.
func (r *reader) line(n *yaml.Node, what string) string {
	s := r.str(n, what)
	if len([]rune(s)) > longestLine {
		r.at(n, "too-long", "say it in fewer words", "%s has at most %d characters", what, longestLine)
		return ""
	}
	return s
}

// pack reads a whole file. It returns nil where the root cannot be read; with
// diagnostics the pack may lack parts.
func (r *reader) pack(data []byte, layer string) *pack {
	root := r.parse(data)
	if root == nil {
		return nil
	}
	m := r.keys(root, "a pack", []string{"schema", "pack", "layer", "version", "rules"}, []string{"lists", "features"})
	r.word(m["schema"], "schema", []string{schemaV1})
	p := &pack{
		Pack:    r.name(m["pack"], "pack", idForm),
		Layer:   r.word(m["layer"], "layer", []string{layerPlatform, layerAccount}),
		Version: r.line(m["version"], "version"),
	}
	if p.Layer != "" && p.Layer != layer {
		r.at(m["layer"], "layer", "write layer: "+layer, "the platform layer is part of Beckon; a file cannot claim it")
	}
	in := scope{features: map[string]int{}, lists: map[string]*list{}}
	var lists []*list
	if n := m["lists"]; n != nil {
		lists = r.lists(n)
	}
	for _, l := range lists {
		in.lists[l.name] = l
	}
	if n := m["features"]; n != nil {
		p.Features = r.features(n)
	}
	for i, f := range p.Features {
		in.features[f.Name] = i
	}
	if n := m["rules"]; n != nil {
		p.Rules = r.rules(n, layer, in)
	}
	if len(r.diags) == 0 {
		r.unused(lists)
	}
	return p
}

// features reads named phrases, in order of name.
func (r *reader) features(n *yaml.Node) []feature {
	var out []feature
	for _, e := range r.entries(n, "features") {
		f := feature{Name: r.name(e.key, "the name of a feature", featureForm)}
		m := r.keys(e.value, "a feature", []string{"field", "any_of"}, nil)
		f.Field = r.word(m["field"], "field", []string{"event.text"})
		f.AnyOf = r.list(m["any_of"], "any_of", nil)
		slices.Sort(f.AnyOf)
		if m["any_of"] != nil {
			for _, w := range m["any_of"].Content {
				if w.Kind != yaml.ScalarNode || strings.TrimSpace(w.Value) == "" {
					continue
				}
				if len(words(w.Value)) == 0 {
					r.at(w, "no-words", "use at least one letter or digit", "a phrase is whole words, %q has none", w.Value)
				}
				r.sensitive(w, "a phrase of "+f.Name)
			}
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b feature) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (r *reader) rules(n *yaml.Node, layer string, in scope) []*rule {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.at(n, "not-a-list", "write rules: and below it - id: …", "rules is a list of at least one rule")
		return nil
	}
	var out []*rule
	for _, e := range n.Content {
		out = append(out, r.rule(e, layer, in))
	}
	return out
}

func (r *reader) rule(n *yaml.Node, layer string, in scope) *rule {
	required, optional := []string{"id", "effect", "actions", "because"}, []string{"when", "unless", "obligations", "tags", "owner", "cite"}
	if layer == layerPlatform {
		required = append(required, "cite")
	} else {
		optional = append(optional, "mode")
	}
	m := r.keys(n, "a rule", required, optional)
	u := &rule{
		ID:      r.name(m["id"], "id", idForm),
		Effect:  r.word(m["effect"], "effect", []string{permit, forbid, hold, require}),
		Actions: r.list(m["actions"], "actions", fieldByName["action.kind"].enum),
		Because: r.line(m["because"], "because"),
		When:    r.conditions(m["when"], "when", in),
		Unless:  r.conditions(m["unless"], "unless", in),
		Mode:    r.word(m["mode"], "mode", []string{enforce, off, shadow}),
		Tags:    r.list(m["tags"], "tags", nil),
		Owner:   r.line(m["owner"], "owner"),
		Cite:    r.line(m["cite"], "cite"),
		layer:   layer,
		node:    n,
	}
	if u.ID != "" && layer != layerPlatform && strings.HasPrefix(u.ID, "x.") {
		r.at(m["id"], "reserved-id", "choose another prefix", "ids that start with x. belong to the platform pack")
		u.ID = ""
	}
	if u.Cite != "" && layer == layerPlatform && !citeForm.MatchString(u.Cite) {
		r.at(m["cite"], "bad-name", "write: source, read 2026-01-31", "a citation ends with the date on which it was read")
	}
	u.Obligations = r.obligations(n, m["obligations"], u)
	for _, c := range u.When {
		u.whens = append(u.whens, c.Name)
	}
	slices.Sort(u.Actions)
	slices.Sort(u.Tags)
	return u
}

// obligations belong to require rules, and each to what can carry it.
func (r *reader) obligations(ruleNode, n *yaml.Node, u *rule) []string {
	switch {
	case n == nil && u.Effect == require:
		r.at(ruleNode, "missing-key", "add obligations:", "a require rule needs the key obligations")
		return nil
	case n != nil && u.Effect != require && u.Effect != "":
		r.at(n, "misplaced-key", "write effect: require", "only a require rule has obligations, this one is a %s", u.Effect)
		return nil
	}
	out := r.list(n, "obligations", obligations())
	for _, o := range out {
		for _, kind := range u.Actions {
			switch {
			case strings.HasPrefix(o, "mark_") && !has([]string{"post", "reply", "quote"}, kind):
				r.at(n, "obligation", "leave "+kind+" out of actions", "a %s cannot carry %s: only posts have that mark", kind, o)
			case o == string(HandOff) && !has([]string{"dm", "reply"}, kind):
				r.at(n, "obligation", "leave "+kind+" out of actions", "a %s hands nobody over: only a reply or a DM goes to one user", kind)
			}
		}
	}
	slices.Sort(out)
	return out
}

// conditions reads named expressions, in order of name.
func (r *reader) conditions(n *yaml.Node, what string, in scope) []condition {
	if n == nil {
		return nil
	}
	var out []condition
	for _, e := range r.entries(n, what) {
		name := r.name(e.key, "the name of a condition", idForm)
		if t := r.condition(e.value, in); t != nil && name != "" {
			out = append(out, condition{Name: name, Expr: t.String(), term: t})
		}
	}
	slices.SortFunc(out, func(a, b condition) int { return strings.Compare(a.Name, b.Name) })
	return out
}
