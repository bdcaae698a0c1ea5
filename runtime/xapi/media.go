package xapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/beckon-bot/beckon/runtime/event"
)

// maxUpload is what one call takes of an image (practice). Videos and larger
// files need X's upload in chunks, which is not here.
const maxUpload = 5 << 20

// Media is a file for a post or a DM.
type Media struct {
	Category string // X's media_category: tweet_image, tweet_gif, dm_image, dm_gif
	Data     []byte
}

// UploadMedia gives X a file and returns the id for Outgoing.Media, and until
// when it holds; zero if X did not say. It reaches nobody: a lost answer leaves a
// file that nobody uses, and the upload may be repeated.
func (c *Client) UploadMedia(ctx context.Context, bot string, m Media) (id string, until time.Time, err error) {
	switch m.Category {
	case "tweet_image", "tweet_gif", "dm_image", "dm_gif":
	default:
		return "", time.Time{}, invalid(UploadMedia, fmt.Errorf("media category %q: want tweet_image, tweet_gif, dm_image or dm_gif", m.Category))
	}
	if len(m.Data) == 0 || len(m.Data) > maxUpload {
		return "", time.Time{}, invalid(UploadMedia, errors.New("a file has 1 byte to 5 MiB"))
	}
	var a struct {
		Data struct {
			ID      string `json:"id"`
			Expires int    `json:"expires_after_secs"`
		} `json:"data"`
	}
	err = c.Do(ctx, Request{
		Endpoint: UploadMedia, As: As{Bot: bot}, Method: http.MethodPost, Path: "/2/media/upload",
		Body: struct {
			Media    []byte `json:"media"` // base64
			Category string `json:"media_category"`
		}{m.Data, m.Category},
	}, &a)
	if err != nil {
		return "", time.Time{}, err
	}
	if !IsID(a.Data.ID) {
		return "", time.Time{}, &Error{Op: UploadMedia, Status: http.StatusOK, Class: event.UnknownOutcome, Err: errNoID}
	}
	if a.Data.Expires > 0 {
		until = c.now().Add(time.Duration(a.Data.Expires) * time.Second).UTC()
	}
	return a.Data.ID, until, nil
}
