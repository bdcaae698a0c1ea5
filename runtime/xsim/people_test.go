package xsim

import (
	"strings"
	"testing"
)

func TestPeople(t *testing.T) {
	t.Parallel()
	h := &hook{}
	w := hooked(t, h, nil)
	for _, step := range []struct {
		method, path, body string
		want               int
		says               string
		bodies             int // at the webhook by then
	}{
		{"POST", "/_sim/mention", `{"from":"dora","to":"helpdesk","text":"where is my order?"}`, 200, `"events":1`, 1},
		{"POST", "/_sim/dm", `{"from":"dora","to":"helpdesk","text":"hello"}`, 200, `"events":1`, 2},
		{"POST", "/_sim/follow", `{"from":"dora","to":"helpdesk"}`, 200, `"events":1`, 3},
		{"POST", "/_sim/block", `{"from":"dora","to":"helpdesk"}`, 200, `"events":0`, 3},
		{"POST", "/_sim/dm", `{"from":"dora","too":"helpdesk"}`, 400, `unknown field`, 3},
		{"POST", "/_sim/dance", `{"from":"dora"}`, 400, `no act`, 3},
		{"POST", "/_sim/reply", `{"from":"dora","post":"1"}`, 400, `no post`, 3},
		{"POST", "/_sim/raw", `{"data":{}}`, 200, `{"webhook":200}`, 4},
		{"POST", "/_sim/forge", `{"data":{}}`, 200, `{"webhook":401}`, 4},
		{"POST", "/_sim/fault", `{"op":"create_post","kind":"status","status":500}`, 200, `"fault":"status"`, 4},
		{"POST", "/_sim/fault", `{"kind":"explode"}`, 400, `no fault`, 4},
		{"POST", "/2/tweets", `{"text":"a"}`, 500, `about:blank`, 4},
		{"POST", "/2/tweets", `{"text":"b"}`, 201, `"data"`, 4},
		{"GET", "/_sim/seen", ``, 200, `"text":"b"`, 4},
		{"GET", "/_sim/seen", ``, 200, `"fault":"status"`, 4},
		{"GET", "/_sim/seen", ``, 200, `"dms":[]`, 4},
	} {
		status, _, body := w.call(step.method, step.path, "t-desk", step.body)
		if status != step.want || !strings.Contains(body, step.says) || len(h.bodies) != step.bodies {
			t.Errorf("%s %s: want %d %s and %d bodies, got %d %s and %d", step.path, step.body, step.want, step.says, step.bodies, status, body, len(h.bodies))
		}
	}
	h.wrongCRC = true
	w2 := hooked(t, h, nil)
	if status, _, body := w2.call("POST", "/_sim/mention", "", `{"from":"a","to":"helpdesk"}`); status != 502 || !strings.Contains(body, "CRC") {
		t.Errorf("a webhook that fails: %d %s", status, body)
	}
}
