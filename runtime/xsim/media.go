package xsim

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
)

// file is something uploaded, to be attached within a day.
type file struct {
	account string
	size    int
	until   time.Time
}

const categories = " tweet_image tweet_video tweet_gif dm_image dm_video dm_gif subtitles "

// uploadMedia takes a whole file, as JSON or as a form.
func (s *Sim) uploadMedia(r *request) answer {
	var data []byte
	category := ""
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return badRequest("content-type: " + err.Error())
	case kind == "multipart/form-data":
		form, err := multipart.NewReader(bytes.NewReader(r.body), params["boundary"]).ReadForm(1 << 20)
		if err != nil {
			return badRequest(err.Error())
		}
		if v := form.Value["media_category"]; len(v) > 0 {
			category = v[0]
		}
		if v := form.Value["media"]; len(v) > 0 {
			data = []byte(v[0])
		}
		for _, f := range form.File["media"] {
			in, err := f.Open()
			if err != nil {
				return badRequest(err.Error())
			}
			if data, err = io.ReadAll(in); err != nil {
				return badRequest(err.Error())
			}
		}
	default:
		var in struct {
			Media    string `json:"media"`
			Category string `json:"media_category"`
			Owners   string `json:"additional_owners"`
		}
		if err := strict(r, &in); err != nil {
			return badRequest(err.Error())
		}
		category = in.Category
		if data, err = base64.StdEncoding.DecodeString(in.Media); err != nil {
			return badRequest("media is no base64")
		}
	}
	if len(data) == 0 || category == "" || !strings.Contains(categories, " "+category+" ") {
		return badRequest("media and one of X's media_category are needed")
	}
	id := s.newID(r.now)
	s.files[id] = file{r.account.ID, len(data), r.now.Add(window24)}
	return answer{status: http.StatusOK, made: id, body: object{{"data", object{
		{"id", id}, {"media_key", "3_" + id}, {"size", len(data)}, {"expires_after_secs", int(window24 / time.Second)},
	}}}}
}

// attach checks what a post or a DM carries.
func (s *Sim) attach(r *request, ids []string) (answer, bool) {
	for _, id := range ids {
		if f, ok := s.files[id]; !ok || f.account != r.account.ID || !r.now.Before(f.until) {
			return answer{status: http.StatusBadRequest, body: invalid("Your media IDs are invalid: " + id)}, false
		}
	}
	return answer{}, true
}
