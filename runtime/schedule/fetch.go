package schedule

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"strings"
	"time"
	"unicode"

	"github.com/mmcdole/gofeed"
	"golang.org/x/text/encoding/htmlindex"
)

// Bounds of a feed (J6).
const (
	maxFeed      = 4 << 20 // bytes
	maxDepth     = 64      // elements inside one another
	maxItems     = 2000
	maxRedirects = 3
	userAgent    = "beckon (feed reader; automated accounts on X)"
)

var errFeed = errors.New("no feed that this version reads")

// item is one entry of a feed.
type item struct {
	key         string // what it is known by
	title, link string
	at          time.Time // zero: the feed does not say
}

// fetched is what a look at a feed found.
type fetched struct {
	same           bool // nothing has changed since
	etag, modified string
	items          []item
}

// fetch looks at a feed, and takes it only if it changed since (conditional
// GET).
func fetch(ctx context.Context, c *http.Client, url, etag, modified string) (fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fetched{}, err
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8")
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	if modified != "" {
		req.Header.Set("If-Modified-Since", modified)
	}
	resp, err := c.Do(req)
	if err != nil {
		if u := (*neturl.Error)(nil); errors.As(err, &u) {
			err = u.Err // the address may carry a token of the feed's
		}
		return fetched{}, err
	}
	defer resp.Body.Close()
	f := fetched{etag: resp.Header.Get("ETag"), modified: resp.Header.Get("Last-Modified")}
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return fetched{same: true, etag: etag, modified: modified}, nil
	case resp.StatusCode != http.StatusOK:
		return fetched{}, fmt.Errorf("the server answered %s", resp.Status)
	}
	// Of what is compressed, what comes out counts.
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFeed+1))
	if err != nil {
		return fetched{}, err
	}
	if len(body) > maxFeed {
		return fetched{}, fmt.Errorf("%w: larger than %d bytes", errFeed, maxFeed)
	}
	f.items, err = parse(body)
	return f, err
}

// parse reads RSS or Atom. A panic of the parser is a fault of the feed.
func parse(body []byte) (items []item, err error) {
	defer func() {
		if p := recover(); p != nil {
			items, err = nil, fmt.Errorf("%w: the parser gave up on it", errFeed)
		}
	}()
	switch gofeed.DetectFeedType(bytes.NewReader(body)) {
	case gofeed.FeedTypeAtom, gofeed.FeedTypeRSS:
	default:
		return nil, fmt.Errorf("%w: neither RSS nor Atom", errFeed)
	}
	if err := shallow(body); err != nil {
		return nil, err
	}
	feed, err := gofeed.NewParser().Parse(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFeed, err)
	}
	if len(feed.Items) > maxItems {
		return nil, fmt.Errorf("%w: more than %d items", errFeed, maxItems)
	}
	for _, i := range feed.Items {
		if it, ok := itemOf(i); ok {
			items = append(items, it)
		}
	}
	return items, nil
}

// shallow refuses what is nested so deep that a parser that calls itself would
// run out of stack, which nothing can recover from.
func shallow(body []byte) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.Strict = false
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		enc, err := htmlindex.Get(label)
		if err != nil {
			return nil, err
		}
		return enc.NewDecoder().Reader(in), nil
	}
	for depth := 0; ; {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errFeed, err)
		}
		switch t.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return fmt.Errorf("%w: more than %d elements inside one another", errFeed, maxDepth)
			}
		case xml.EndElement:
			depth--
		}
	}
}

// itemOf is an item that can be posted: it has a key, and a title or a link.
func itemOf(i *gofeed.Item) (item, bool) {
	it := item{key: i.GUID, title: line(i.Title), link: strings.TrimSpace(i.Link)}
	if !strings.HasPrefix(it.link, "https://") && !strings.HasPrefix(it.link, "http://") || strings.ContainsAny(it.link, " \n\t") {
		it.link = ""
	}
	switch {
	case i.PublishedParsed != nil:
		it.at = i.PublishedParsed.UTC()
	case i.UpdatedParsed != nil:
		it.at = i.UpdatedParsed.UTC()
	}
	if it.key == "" {
		it.key = it.link
	}
	if it.key == "" {
		it.key = it.title
	}
	return it, it.key != "" && (it.title != "" || it.link != "")
}

// line is a title as one line of plain text, without what would turn around the
// direction of a post.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == 0x2028, r == 0x2029:
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, plain(s))
	return strings.Join(strings.Fields(s), " ")
}
