package xapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// Webhook is a URL to which X sends the app's events.
type Webhook struct {
	ID        string `json:"id"`
	URL       string `json:"url"`
	Valid     bool   `json:"valid"`
	CreatedAt string `json:"created_at"`
}

// Webhooks lists the app's webhooks.
func (c *Client) Webhooks(ctx context.Context) ([]Webhook, error) {
	var out struct {
		Data []Webhook `json:"data"`
	}
	err := c.Do(ctx, Request{Endpoint: ListWebhooks, Method: http.MethodGet, Path: "/2/webhooks"}, &out)
	return out.Data, err
}

// CreateWebhook registers a URL; X checks it with a challenge meanwhile.
func (c *Client) CreateWebhook(ctx context.Context, target string) (Webhook, error) {
	var out struct {
		Data Webhook `json:"data"`
	}
	err := c.Do(ctx, Request{Endpoint: CreateWebhook, Method: http.MethodPost, Path: "/2/webhooks", Body: struct {
		URL string `json:"url"`
	}{target}}, &out)
	return out.Data, err
}

// ValidateWebhook has X check a webhook again, and reports what it says.
func (c *Client) ValidateWebhook(ctx context.Context, id string) (valid bool, err error) {
	if !IsID(id) {
		return false, invalid(ValidateWebhook, errID)
	}
	var out struct {
		Data struct {
			Valid bool `json:"valid"`
		} `json:"data"`
	}
	err = c.Do(ctx, Request{Endpoint: ValidateWebhook, Method: http.MethodPut, Path: "/2/webhooks/" + id}, &out)
	return out.Data.Valid, err
}

// Replay asks X to send the events of a time span to a webhook again, both
// ends included, to the minute. X's bounds are the caller's to keep.
func (c *Client) Replay(ctx context.Context, webhook string, from, to time.Time) (job string, err error) {
	if !IsID(webhook) {
		return "", invalid(ReplayWebhook, errID)
	}
	const minutes = "200601021504"
	var out struct {
		Data struct {
			Job string `json:"job_id"`
		} `json:"data"`
	}
	err = c.Do(ctx, Request{Endpoint: ReplayWebhook, Method: http.MethodPost, Path: "/2/webhooks/replay", Body: struct {
		Webhook string `json:"webhook_id"`
		From    string `json:"from_date"`
		To      string `json:"to_date"`
	}{webhook, from.UTC().Format(minutes), to.UTC().Format(minutes)}}, &out)
	return out.Data.Job, err
}

// Subscription is what X tells the app of one account, or of a keyword.
type Subscription struct {
	ID      string     `json:"subscription_id"`
	Type    event.Type `json:"event_type"`
	Filter  SubFilter  `json:"filter"`
	Tag     string     `json:"tag,omitempty"`
	Webhook string     `json:"webhook_id,omitempty"` // "": the stream only
}

// SubFilter says of whom, or of what.
type SubFilter struct {
	User      string `json:"user_id,omitempty"`
	Keyword   string `json:"keyword,omitempty"`
	Direction string `json:"direction,omitempty"`
}

// Subscriptions lists all subscriptions of the app.
func (c *Client) Subscriptions(ctx context.Context) (list []Subscription, err error) {
	const pages = 10 // of 1,000; self-serve tiers have at most 1,500 subscriptions
	page := ""
	for range pages {
		var out struct {
			Data []Subscription `json:"data"`
			Meta meta           `json:"meta"`
		}
		q := url.Values{"max_results": {"1000"}}
		if page != "" {
			q.Set("pagination_token", page)
		}
		err = c.Do(ctx, Request{Endpoint: ListSubscriptions, Method: http.MethodGet, Path: "/2/activity/subscriptions", Query: q}, &out)
		if err != nil {
			return nil, err
		}
		list = append(list, out.Data...)
		if out.Meta.Next == "" || out.Meta.Next == page {
			break
		}
		page = out.Meta.Next
	}
	return list, nil
}

// Subscribe makes a subscription: in the bot's own name, which private events
// need, or with as empty in the app's.
func (c *Client) Subscribe(ctx context.Context, as As, s Subscription) (Subscription, error) {
	s.ID = ""
	var out struct {
		Data json.RawMessage `json:"data"`
	}
	err := c.Do(ctx, Request{Endpoint: CreateSubscription, As: as, Method: http.MethodPost, Path: "/2/activity/subscriptions", Body: struct {
		Type    event.Type `json:"event_type"`
		Filter  SubFilter  `json:"filter"`
		Tag     string     `json:"tag,omitempty"`
		Webhook string     `json:"webhook_id,omitempty"`
	}{s.Type, s.Filter, s.Tag, s.Webhook}}, &out)
	if err != nil {
		return Subscription{}, err
	}
	made, ok := subscriptionIn(out.Data)
	if !ok {
		return Subscription{}, &Error{Op: CreateSubscription, Status: http.StatusOK, Class: event.UnknownOutcome, Err: errShape}
	}
	return made, nil
}

// subscriptionIn reads the three shapes in which X gives what it made:
// {"subscription": {…}}, {…} and [{…}].
func subscriptionIn(data json.RawMessage) (Subscription, bool) {
	var wrapped struct {
		Subscription *Subscription `json:"subscription"`
	}
	var bare Subscription
	var list []Subscription
	switch {
	case json.Unmarshal(data, &list) == nil && len(list) > 0:
		bare = list[0]
	case json.Unmarshal(data, &wrapped) == nil && wrapped.Subscription != nil:
		bare = *wrapped.Subscription
	default:
		_ = json.Unmarshal(data, &bare) // judged by what it holds
	}
	return bare, bare.ID != ""
}

// DirectSubscription has a subscription deliver to another webhook.
func (c *Client) DirectSubscription(ctx context.Context, id, webhook string) error {
	if !IsID(id) || !IsID(webhook) {
		return invalid(UpdateSubscription, errID)
	}
	return c.Do(ctx, Request{Endpoint: UpdateSubscription, Method: http.MethodPut, Path: "/2/activity/subscriptions/" + id, Body: struct {
		Webhook string `json:"webhook_id"`
	}{webhook}}, nil)
}

// Unsubscribe deletes a subscription.
func (c *Client) Unsubscribe(ctx context.Context, id string) error {
	if !IsID(id) {
		return invalid(DeleteSubscription, errID)
	}
	return c.Do(ctx, Request{Endpoint: DeleteSubscription, Method: http.MethodDelete, Path: "/2/activity/subscriptions/" + id}, nil)
}
