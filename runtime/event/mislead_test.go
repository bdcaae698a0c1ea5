package event

import "testing"

func TestMisleads(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":                                  false,
		"Our shoes: https://acme.com/shoes": false,
		"See acme.com/shoes.":               false,
		"Read www.acme.co.uk (https://shop.acme.co.uk/x).":                false,
		"acme.com: https://acme.com/shoes?ref=beckon&utm_source=x":        false,
		"[acme.com](https://www.acme.com/shoes)":                          false,
		"Node.js (https://nodejs.org) is fine":                            false, // no domain that X knows
		"https://a.example - https://b.example":                           false,
		"acme.com and https://globex.com":                                 false, // two links, neither shown for the other
		"Share it: https://x.com/intent/post?url=https%3A%2F%2Facme.com":  false,
		"https://acme.com/login?next=/orders":                             false,
		"https://acme.com/login?next=https://shop.acme.com/orders":        false,
		"https://acme.com/search?q=https://globex.com":                    false, // q leads nowhere
		"Write to help@bit.ly.example, or to me@bit.ly":                   false, // addresses
		"https://münchen.de and https://почта.рф and https://日本語.jp":      false, // one alphabet each
		"It costs 3.50, see chapter 2.1":                                  false,
		"The file is bit.ly.md":                                           false,
		"https://habit.ly/shoes":                                          false, // ends alike, and is another
		"https://bit.ly/3xYz":                                             true,
		"bit.ly/3xYz":                                                     true,
		"HTTPS://BIT.LY/3xYz.":                                            true,
		"See (https://www.tinyurl.com/abc).":                              true,
		"https://t.co/AbCdEf":                                             true,
		"https://acme.com@evil.example/":                                  true,
		"https://acme.com:443@evil.example/":                              true,
		`https://evil.example\@acme.com`:                                  false, // browsers read \ as /
		"https://go.partner.example/c?url=https%3A%2F%2Facme.com%2Fshoes": true,
		"https://go.partner.example/c?id=7&target=//acme.com/shoes":       true,
		"https://go.partner.example/c?URL=http://acme.com":                true,
		"https://xn--pple-43d.com":                                        true,
		"https://аpple.com":                                               true, // a Cyrillic а
		"https://сосо.com":                                                true, // all Cyrillic
		"acme.com (https://evil.example/acme.com)":                        true,
		"[acme.com](https://evil.example/)":                               true,
		"acme.com → https://evil.example":                                 true,
		"First https://acme.com/a, then https://bit.ly/x":                 true,
		"https://acme.com/50%off?url=https://globex.com&broken=%zz":       true,
	} {
		if got := Misleads(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

func FuzzMisleads(f *testing.F) {
	f.Add("acme.com (https://evil.example/?url=//x)")
	f.Fuzz(func(t *testing.T, s string) {
		if Misleads(s) != Misleads(s) {
			t.Error("it depends on something else")
		}
		if !Misleads(s + " https://bit.ly/x") {
			t.Error("a text hides a shortened link")
		}
	})
}
