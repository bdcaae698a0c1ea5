package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/beckon-bot/beckon/db"
)

const killedEnv = "BECKON_TEST_KILLED_DB"

// TestD2Killed kills a process that writes, and finds all that it had been
// told was stored. (The loss of power is what synchronous=FULL is for;
// TestQ1Pragmas holds that it is on.)
func TestD2Killed(t *testing.T) {
	if path := os.Getenv(killedEnv); path != "" {
		countUntilKilled(path)
		return
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	child := exec.Command(os.Args[0], "-test.run=^TestD2Killed$")
	child.Env = append(os.Environ(), killedEnv+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	told := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Errorf("the child said %q", lines.Text())
			break
		}
		if told = n; told == 50 {
			break
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Error(err)
	}
	for lines.Scan() { // what it said before it died
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			told = n
		}
	}
	_ = child.Wait() // killed: always an error
	if told < 50 {
		t.Fatalf("the child died by itself after %d writes", told)
	}

	s := open(t, path)
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
	err = s.Read(context.Background(), func(tx db.Tx) error {
		got, err := tx.Meta("n")
		if n, _ := strconv.Atoi(got); n < told {
			t.Errorf("the child was told that %d was stored; the file holds %q", told, got)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func countUntilKilled(path string) {
	s, err := Open(context.Background(), Options{Path: path})
	for n := 1; err == nil; n++ {
		err = s.Write(context.Background(), func(tx db.Tx) error { return tx.SetMeta("n", strconv.Itoa(n)) })
		if err == nil {
			fmt.Println(n)
		}
	}
	fmt.Println(err)
}
