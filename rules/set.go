package rules

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/vm"
	"go.yaml.in/yaml/v3"
)

// Set is a loaded rule set: immutable, and safe for concurrent use. A decision
// holds its set from start to end, so that a reload is the swap of a pointer.
type Set struct {
	hash     string
	platform string
	account  string
	sources  []Source
	byKind   map[string][]*rule // platform first, each layer by id
	byID     map[string]*rule   // those of byKind
	shadows  map[string][]*rule // by kind, by id: those in shadow mode, which are in neither of the above
	layers   []string           // the layers that must permit
	slots    map[string]int     // features by name
	features []string           // ids by slot
	matcher  matcher
	machines *sync.Pool // of *vm.VM
}

// Hash identifies what the set means: "sha256:" and hex over both layers,
// without comments and layout, and over the input tree. It is "" for a nil set.
func (s *Set) Hash() string {
	if s == nil {
		return ""
	}
	return s.hash
}

// Packs names the packs of each layer with their versions, such as
// "platform 2026-08-01" and "acme-support 1.4.0"; several are joined by a comma.
func (s *Set) Packs() (platform, account string) {
	if s == nil {
		return "", ""
	}
	return s.platform, s.account
}

// Permits reports whether any action of the kind could be allowed: each layer
// has a permit for it. A nil set permits nothing.
func (s *Set) Permits(kind string) bool { return s != nil && s.permits(kind) }

// Size counts the account's rules that decide, and its features.
func (s *Set) Size() (rules, features int) {
	if s == nil {
		return 0, 0
	}
	for _, u := range s.byID {
		if u.layer == layerAccount {
			rules++
		}
	}
	return rules, len(s.slots)
}

// Sources returns the account's files. Loaded again by the same version of
// Beckon, they give a set of the same hash. The platform pack is not among
// them: a file cannot claim its layer.
func (s *Set) Sources() []Source {
	if s == nil {
		return nil
	}
	out := make([]Source, len(s.sources))
	for i, src := range s.sources {
		out[i] = Source{src.Name, slices.Clone(src.Data)}
	}
	return out
}

// Features returns the names of the features that are true of an event's text,
// sorted. The host computes them once per event and keeps them, not the text.
func (s *Set) Features(text string) []string {
	if s == nil {
		return nil
	}
	return s.matcher.match(text)
}

// builder makes a set of files.
type builder struct {
	packs []*pack
	diags Diagnostics
	files map[*pack]*reader
}

func newBuilder() *builder { return &builder{files: map[*pack]*reader{}} }

// add reads one file of a layer.
func (b *builder) add(s Source, layer string) {
	r := &reader{file: s.Name, start: "a pack starts with schema: " + schemaV1}
	p := r.pack(s.Data, layer)
	b.diags = append(b.diags, r.diags...)
	if p == nil {
		return
	}
	p.Layer = layer
	b.packs = append(b.packs, p)
	r.diags = nil
	b.files[p] = r
}

// set checks what concerns several files, compiles, and returns the set or
// everything that is wrong.
func (b *builder) set(sources []Source) (*Set, error) {
	b.unique()
	s := &Set{byKind: map[string][]*rule{}, byID: map[string]*rule{}, shadows: map[string][]*rule{},
		slots: map[string]int{}, machines: &sync.Pool{New: func() any { return new(vm.VM) }}}
	for _, src := range sources {
		s.sources = append(s.sources, Source{src.Name, slices.Clone(src.Data)})
	}
	slices.SortStableFunc(b.packs, func(x, y *pack) int {
		return cmp.Or(-cmp.Compare(x.Layer, y.Layer), cmp.Compare(x.Pack, y.Pack))
	})
	var features []feature
	for _, p := range b.packs {
		for _, f := range p.Features {
			s.slots[f.Name] = len(features)
			features = append(features, f)
			s.features = append(s.features, f.id())
		}
	}
	if len(features) > maxFeatures {
		b.diags = append(b.diags, Diagnostic{Code: "too-many", File: sources[0].Name,
			Message: fmt.Sprintf("%d features in all files, at most %d", len(features), maxFeatures)})
	}
	if len(b.diags) == 0 {
		s.matcher = newMatcher(features)
		b.compile(s)
	}
	if len(b.diags) > 0 {
		b.diags.sort()
		return nil, b.diags
	}
	s.index(b.packs)
	return s, nil
}

// unique reports packs, rules and features of the same name.
func (b *builder) unique() {
	packs, rules, features := map[string]string{}, map[string]string{}, map[string]string{}
	for _, p := range b.packs {
		r := b.files[p]
		taken := func(seen map[string]string, name, what string, n *yaml.Node) {
			where := r.file
			line, col := 1, 1
			if n != nil {
				line, col = n.Line, n.Column
				where = fmt.Sprintf("%s line %d", r.file, line)
			}
			if other, ok := seen[name]; ok && name != "" {
				r.report(line, col, "duplicate-id", "choose another name", "the %s %s stands in %s already", what, name, other)
				return
			}
			seen[name] = where
		}
		taken(packs, p.Layer+"/"+p.Pack, "pack", nil)
		for _, f := range p.Features {
			taken(features, f.Name, "feature", nil)
		}
		for _, u := range p.Rules {
			taken(rules, u.ID, "rule", u.node)
		}
		b.diags = append(b.diags, r.diags...)
	}
}

// compile makes every condition a program. The checker has accepted them all:
// a failure here is a fault of this package, and still refuses the set.
func (b *builder) compile(s *Set) {
	config := newConfig[env]()
	for _, p := range b.packs {
		for _, u := range p.Rules {
			for _, cs := range [][]condition{u.When, u.Unless} {
				for i := range cs {
					if err := cs[i].compile(config, s.slots); err != nil {
						b.files[p].at(u.node, "internal", "", "condition %s: %v", cs[i].Name, err)
						b.diags = append(b.diags, b.files[p].diags...)
					}
				}
			}
		}
	}
}

func (c *condition) compile(config *conf.Config, slots map[string]int) (err error) {
	c.term.resolve(slots)
	c.reads = c.term.features()
	c.prog, err = compile[env](config, c.Expr, c.term.lower())
	return err
}

// resolve turns a feature's slot in its file into its slot in the set.
func (t *term) resolve(slots map[string]int) {
	if t.op == opFeature {
		t.slot = slots[t.feature]
	}
	for _, k := range t.kids {
		k.resolve(slots)
	}
}

// features are the slots that a resolved term reads.
func (t *term) features() (out slots) {
	if t.op == opFeature {
		out.add(t.slot)
	}
	for _, k := range t.kids {
		out |= k.features()
	}
	return out
}

// index sorts the rules by what they are about, and seals the set.
func (s *Set) index(packs []*pack) {
	var platform, account []string
	for _, p := range packs {
		if !slices.Contains(s.layers, p.Layer) {
			s.layers = append(s.layers, p.Layer)
		}
		name := p.Pack + " " + p.Version
		if p.Layer == layerPlatform {
			platform = append(platform, name)
		} else {
			account = append(account, name)
		}
		slices.SortFunc(p.Rules, func(a, b *rule) int { return strings.Compare(a.ID, b.ID) })
		for _, u := range p.Rules {
			if u.Mode == off {
				continue
			}
			by := s.byKind
			if u.Mode == shadow {
				by = s.shadows
			} else {
				s.byID[u.ID] = u
			}
			for _, kind := range u.Actions {
				by[kind] = append(by[kind], u)
			}
		}
	}
	for _, by := range []map[string][]*rule{s.byKind, s.shadows} {
		for _, rules := range by {
			slices.SortFunc(rules, func(a, b *rule) int {
				return cmp.Or(-cmp.Compare(a.layer, b.layer), cmp.Compare(a.ID, b.ID))
			})
		}
	}
	s.platform, s.account = strings.Join(platform, ", "), strings.Join(account, ", ")
	s.hash = hash(packs)
}

func hash(packs []*pack) string {
	h := sha256.New()
	fmt.Fprintln(h, InputHash())
	// Encoding plain structs of strings into a hash does not fail.
	_ = json.NewEncoder(h).Encode(packs)
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
