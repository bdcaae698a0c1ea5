package main

import (
	"context"
	"flag"
	"fmt"
	"net"
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
	appToken := fs.String("app-token", "simulated-app-token", "the app's bearer `token`, for webhooks, subscriptions and the activity stream")
	client := fs.String("client", "simulated-client:simulated-client-secret", "the app's `client` for OAuth 2.0 as id:secret; an id alone is a public client")
	strict := fs.Bool("strict", false, "deliver only what a subscription asks for, as X does; else everything")
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
	accounts, err := parseAccounts(*account, *enterprise)
	if err != nil {
		return err
	}
	log, err := newLogger(sys, "text", "info")
	if err != nil {
		return err
	}
	clientID, clientSecret, _ := strings.Cut(*client, ":")
	sim, err := xsim.New(xsim.Options{
		Accounts: accounts, ConsumerSecret: []byte(*secret), WebhookURL: *webhook, AppToken: *appToken, Strict: *strict,
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
		{Name: "api", Run: func(ctx context.Context) error { return serveHTTP(ctx, srv, ln) }, Stop: srv.Shutdown},
		{Name: "deliveries", Run: sim.Run},
	}
	return service.Group{Log: log, Services: parts}.Run(ctx)
}

func parseAccounts(list string, enterprise bool) ([]xsim.Account, error) {
	var out []xsim.Account
	for one := range strings.SplitSeq(list, ",") {
		p := strings.SplitN(one, ":", 3)
		if len(p) != 3 || p[0] == "" || p[1] == "" || p[2] == "" {
			return nil, usageError(fmt.Sprintf("--account is handle:user id:token, not %q", one))
		}
		out = append(out, xsim.Account{User: xsim.User{Username: p[0], ID: p[1], Automated: true}, Token: p[2], Enterprise: enterprise})
	}
	return out, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
