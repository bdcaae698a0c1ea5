package xsim

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Drift is how answers and events differ from what they mostly are, as X's do
// at times. The zero value is X's usual way.
type Drift struct {
	Unknown bool `json:"unknown"` // fields that nobody documents
	Posts   bool `json:"posts"`   // "post" where X mostly says "tweet"
	Wrapped bool `json:"wrapped"` // users in includes come as {"data": …}
	// Subscription is the shape of a new subscription's answer: "bare" or
	// "list"; "" as the contract has it.
	Subscription string `json:"subscription"`
}

func (d Drift) changes() bool { return d.Unknown || d.Posts || d.Wrapped }

// SetDrift changes how answers and events differ from now on.
func (s *Sim) SetDrift(d Drift) error {
	if d.Subscription != "" && d.Subscription != "bare" && d.Subscription != "list" {
		return fmt.Errorf(`xsim: subscription is "bare" or "list", not %q`, d.Subscription)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Drift = d
	return nil
}

func (s *Sim) drift() Drift {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opts.Drift
}

// apply rewrites JSON. What is none stays as it is.
func (d Drift) apply(b []byte) []byte {
	if !d.changes() {
		return b
	}
	var v any
	in := json.NewDecoder(bytes.NewReader(b))
	in.UseNumber()
	if in.Decode(&v) != nil {
		return b
	}
	out, err := marshal(d.walk(v, ""))
	if err != nil {
		return b
	}
	return out
}

func (d Drift) walk(v any, under string) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = d.walk(v[i], under)
			if u, ok := v[i].(map[string]any); ok && d.Wrapped && under == "includes.users" && u["data"] == nil {
				v[i] = map[string]any{"data": u}
			}
		}
	case map[string]any:
		out := map[string]any{}
		for k, inner := range v {
			at := k
			if under == "includes" {
				at = "includes." + k
			}
			inner = d.walk(inner, at)
			if d.Posts {
				k = respelled(k, under)
			}
			out[k] = inner
		}
		if _, ok := out["id"]; ok && d.Unknown {
			out["xf_experiment"] = map[string]any{"arms": []any{1, nil, "b"}, "id": nil}
		}
		return out
	}
	return v
}

// respelled is a key with X's other word for a post.
func respelled(key, under string) string {
	switch key {
	case "edit_history_tweet_ids":
		return "edit_history_post_ids"
	case "in_reply_to_tweet_id":
		return "in_reply_to_post_id"
	case "referenced_tweets":
		return "referenced_posts"
	case "retweet_count":
		return "repost_count"
	case "tweet_count":
		return "post_count"
	case "note_tweet":
		return "note_post"
	case "liked_tweet_id":
		return "liked_post_id"
	case "liked_tweet_author_id":
		return "liked_post_author_id"
	case "tweets":
		if under == "includes" {
			return "posts"
		}
	}
	return key
}
