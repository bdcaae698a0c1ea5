package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/beckon-bot/beckon/runtime/service"
	"github.com/beckon-bot/beckon/runtime/xsim"
)

// xsimCommand runs a simulated X on its own, for a bot in any language.
func xsimCommand(ctx context.Context, sys system, args []string) error {
	fs := flag.NewFlagSet("xsim", flag.ContinueOnError)
	addr := fs.String("listen", "127.0.0.1:8089", "loopback `address` to serve on")
	webhook := fs.String("webhook", "", "`URL` of the bot's webhook; none: nothing is delivered")
	secret := fs.String("consumer-secret", "simulated-consumer-secret", "`key` of the webhook's signatures; simulated, so no secret")
	account := fs.String("account", "acme_support:1000000000000000001:simulated-token", "`accounts` of bots as handle:user id:token, separated by commas")
	operator := fs.String("operator", "acme", "`handle` of the human account that operates the bots; their bios name it")
	appToken := fs.String("app-token", "simulated-app-token", "the app's bearer `token`, for webhooks, subscriptions and the activity stream")
	client := fs.String("client", "simulated-client:simulated-client-secret", "the app's `client` for OAuth 2.0 as id:secret; an id alone is a public client")
	strict := fs.Bool("strict", false, "deliver only what a subscription asks for, as X does; else everything")
	older := fs.Bool("older", false, "the webhook gets the older envelope, of the Account Activity API")
	seed := fs.Uint64("seed", 0, "`number` that changes event ids, t.co codes and tokens")
	scenario := fs.String("scenario", "", "`file` of what happens and when; its format stands in runtime/xsim/README.md")
	enterprise := fs.Bool("enterprise", false, "the app is on the Enterprise tier: replies need no summons")
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError(fmt.Sprintf("unexpected argument %q", rest[0]))
	}
	if host, _, err := net.SplitHostPort(*addr); err != nil || !isLoopback(host) {
		return usageError(fmt.Sprintf("--listen is a loopback host:port, not %q: whoever reaches it can do everything", *addr))
	}
	if u, err := url.Parse(*webhook); *webhook != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return usageError(fmt.Sprintf("--webhook is an address such as http://127.0.0.1:8080/x/webhook, not %q", *webhook))
	}
	accounts, err := parseAccounts(*account, *operator, *enterprise)
	if err != nil {
		return err
	}
	play, err := readScenario(*scenario)
	if err != nil {
		return err
	}
	log, err := newLogger(sys, "text", "info")
	if err != nil {
		return err
	}
	clientID, clientSecret, _ := strings.Cut(*client, ":")
	sim, err := xsim.New(xsim.Options{
		Accounts: accounts, Users: []xsim.User{{ID: "1000000000000000009", Username: *operator}}, ConsumerSecret: []byte(*secret), WebhookURL: *webhook, AppToken: *appToken, Strict: *strict,
		Older: *older, Seed: *seed,
		ClientID: clientID, ClientSecret: clientSecret,
		Now: sys.now, Log: log,
	})
	if err != nil {
		return err
	}
	srv, ln, err := listen(*addr, sim.Handler())
	if err != nil {
		return err
	}
	base := "http://" + ln.Addr().String()
	fmt.Fprintf(sys.stdout, "simulated X at %s, accounts %s\n", base, *account)
	fmt.Fprintf(sys.stdout, "a user writes:   curl -d '{\"from\":\"ann\",\"to\":\"%s\",\"text\":\"where is my order?\"}' %s/_sim/mention\n", accounts[0].Username, base)
	fmt.Fprintf(sys.stdout, "what X has seen: curl %s/_sim/seen\n", base)
	parts := []service.Service{
		{Name: "api", Run: func(ctx context.Context) error { return serveHTTP(ctx, srv, ln) }, Stop: func(ctx context.Context) error {
			_, _ = sim.BreakStreams(xsim.StreamDisconnect) // an error says that there are none; Shutdown would wait for them
			return srv.Shutdown(ctx)
		}},
		{Name: "deliveries", Run: sim.Run},
	}
	if *scenario != "" {
		parts = append(parts, service.Service{Name: "scenario", Run: func(ctx context.Context) error {
			return play(ctx, sim, sys)
		}})
	}
	if err := (service.Group{Log: log, Services: parts}).Run(ctx); !errors.Is(err, errPlayed) {
		return err
	}
	return nil
}

// errPlayed ends the command after a scenario that said "end".
var errPlayed = errors.New("the scenario has ended")

// readScenario reads a scenario, and returns what plays it: nothing for "".
func readScenario(file string) (func(context.Context, *xsim.Sim, system) error, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, usageError(err.Error())
	}
	defer f.Close() //nolint:errcheck // nothing was written
	sc, err := xsim.ParseScenario(file, f)
	if err != nil {
		return nil, usageError(err.Error())
	}
	return func(ctx context.Context, sim *xsim.Sim, sys system) error {
		err := sim.Play(ctx, sc, sys.now(), func(line string) { fmt.Fprintln(sys.stdout, line) })
		switch {
		case err != nil:
			return err
		case ctx.Err() == nil && sc.Ends():
			return errPlayed
		}
		<-ctx.Done()
		return nil
	}, nil
}

func parseAccounts(list, operator string, enterprise bool) ([]xsim.Account, error) {
	var out []xsim.Account
	for one := range strings.SplitSeq(list, ",") {
		p := strings.SplitN(one, ":", 3)
		if len(p) != 3 || p[0] == "" || p[1] == "" || p[2] == "" {
			return nil, usageError(fmt.Sprintf("--account is handle:user id:token, not %q", one))
		}
		out = append(out, xsim.Account{User: xsim.User{Username: p[0], ID: p[1], Automated: true, Bio: "Bot by @" + operator}, Token: p[2], Enterprise: enterprise})
	}
	return out, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
