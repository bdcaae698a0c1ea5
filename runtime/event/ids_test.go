package event

import (
	"hash/fnv"
	"strconv"
	"testing"
	"time"
)

func TestActionID(t *testing.T) {
	t.Parallel()
	// A golden value: ids are stored, and must be the same in ten years.
	if got, want := ActionID("acme", "2028394881872822289", Reply, Answer, 0, 0), "a-c5bca66cd77064d2"; got != want {
		t.Errorf("ActionID: want %s, got %s", want, got)
	}
	seen := map[string]string{}
	add := func(what, id string) {
		if before, taken := seen[id]; taken {
			t.Errorf("%s and %s share the id %s", before, what, id)
		}
		if len(id) != 18 || id[:2] != "a-" {
			t.Errorf("%s: id %q is not a- and 16 hex digits", what, id)
		}
		seen[id] = what
	}
	add("base", ActionID("a", "bc", Reply, Answer, 0, 0))
	add("bot", ActionID("ab", "c", Reply, Answer, 0, 0))
	add("kind", ActionID("a", "bc", DM, Answer, 0, 0))
	add("purpose", ActionID("a", "bc", Reply, Notice, 0, 0))
	add("part", ActionID("a", "bc", Reply, Answer, 1, 0))
	add("version", ActionID("a", "bc", Reply, Answer, 0, 1))
	add("part 11", ActionID("a", "bc", Reply, Answer, 11, 0))
	add("part 1 version 10", ActionID("a", "bc", Reply, Answer, 1, 10))
}

func TestPartition(t *testing.T) {
	t.Parallel()
	used := map[int]bool{}
	for i := range 2000 {
		user := strconv.Itoa(7001002003 + i*7919)
		h := fnv.New32a()
		h.Write([]byte(user))
		want := int(h.Sum32() % Partitions)
		if got := Partition(user); got != want {
			t.Errorf("Partition(%s): want %d, got %d", user, want, got)
		}
		used[want] = true
	}
	if len(used) != Partitions {
		t.Errorf("2000 users fill %d of %d partitions", len(used), Partitions)
	}
	if p := Partition(""); p < 0 || p >= Partitions {
		t.Errorf("Partition of no user: %d", p)
	}
}

func TestSnowflake(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]time.Time{
		first:                  at("2026-03-02T09:00:00.25Z"),
		"20":                   {},
		"":                     {},
		"-" + first:            {},
		"+" + first:            {},
		"99999999999999999999": {},
		"6f1c0c52-33de-4f0a":   {},
	} {
		got, ok := Snowflake(id)
		if !got.Equal(want) || ok == want.IsZero() {
			t.Errorf("Snowflake(%q): %v, %v; want %v", id, got, ok, want)
		}
	}
}
