package xsim

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestXDK lets X's official TypeScript SDK talk to the simulated X. It is in
// the folder that BECKON_XDK names, where .ci/run installs it as testdata/xdk
// has it locked; there, it must be usable.
func TestXDK(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("BECKON_XDK")
	if dir == "" {
		t.Skip("X's SDK does not talk to the simulator: BECKON_XDK is unset (npm ci a copy of testdata/xdk, and name it)")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@xdevplatform", "xdk")); err != nil {
		t.Fatal(err)
	}
	// The script has to stand beside node_modules, or node does not find them.
	script, err := os.ReadFile(filepath.Join("testdata", "xdk", "talk.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	if installed, err := os.ReadFile(filepath.Join(dir, "talk.mjs")); err != nil || string(installed) != string(script) {
		t.Fatalf("%s is no copy of testdata/xdk: talk.mjs differs, %v", dir, err)
	}

	w := newWorld(t, nil)
	post := w.do(Act{Kind: ActMention, From: "ann", To: "HelpDesk", Text: "hi"}).ID
	w.do(Act{Kind: ActDM, From: "ann", To: "HelpDesk", Text: "hi"})
	srv := httptest.NewServer(w.Handler())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		srv.CloseClientConnections()
		srv.Close()
	})

	cmd := exec.CommandContext(ctx, "node", "talk.mjs", srv.URL, "t-desk", "t-app", post, annID)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the SDK: %v: %s\ncalls: %+v", err, out, w.Seen())
	}
	type result struct {
		Username, Label, Post, Reply, DM string
		Refused                          int
		Events                           []string
	}
	var got result
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	posts := w.Posts()
	if len(posts) != 2 || len(w.DMs()) != 1 {
		t.Fatalf("posts %+v, DMs %+v", posts, w.DMs())
	}
	want := result{"HelpDesk", "Automated", posts[0].ID, posts[1].ID, w.DMs()[0].ID, 403, []string{"post.create", "post.create", "dm.sent"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the SDK saw (-want +got):\n%s", diff)
	}
	if posts[1].ReplyTo != post {
		t.Errorf("a reply to %q", posts[1].ReplyTo)
	}
}
