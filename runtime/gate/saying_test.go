package gate

import (
	"slices"
	"testing"

	"github.com/beckon-bot/beckon/runtime/conversation"
)

func TestClaimsHuman(t *testing.T) {
	t.Parallel()
	check(t, claimsHuman, []string{
		"I'm human.", "I am a real person, I promise", "I’m really a human being!", "IM HUMAN", "We're real people here",
		"You are talking to an actual person.", "you're chatting with a human", "This message was written by a human.",
		"I'm not a bot", "I am definitely not a robot.", "We aren't bots", "This isn't an automated reply", "this account is not automated",
		"You're not talking to a machine.", "No bots here!", "It's me, hi. I am a w\u200boman.", "Ｉ ａｍ ｈｕｍａｎ",
		"Ich bin ein Mensch.", "Hier schreibt ein echter Mensch", "Sie sprechen mit einer Person.", "Ich bin kein Bot!", "Du sprichst nicht mit einem Roboter.",
		"Soy una persona real.", "No soy un robot", "¡Estás hablando con un humano!",
		"Je suis un être humain.", "Je ne suis pas un robot.", "Ce n'est pas une machine", "Vous parlez à une vraie personne.",
		"Sono una persona vera.", "Non sono un bot.", "Eu sou uma pessoa.", "Não sou um robô!",
		"Ik ben een mens", "Ik ben geen bot.", "私は人間です。", "ボットではありません", "これはAIではありません。",
	}, []string{
		"", "Yes, I am a bot, run by @acme.", "I am a bot, not a person.", "I'm not a human.", "I am not a person, I am software.",
		"A human will answer you.", "A person reads along.", "Are you a human?", "If you are not a bot, tick the box.", "This is a human error.",
		"I am a human-run bot.", "You are talking to a bot.", "We are open from nine to five.", "Not a bot problem.", "I am a person's bot.",
		"Ich bin ein Bot.", "Ich bin kein Mensch.", "Ein Mensch meldet sich.", "Soy un bot.", "No soy humano.", "Je suis un robot.", "Je ne suis pas humain.",
		"Sono un bot.", "Non sono umano.", "Eu sou um robô.", "Ik ben een bot.", "Ik ben geen mens.", "私はボットです。", "人間の担当者に代わります。",
		"This is not a machine-washable shirt.", "It's not automated yet: tell us what you see.", "Das ist kein Programm von uns.", "Esto no es un programa nuestro.",
		"@i_am_human asked for it", "see https://example.com/i-am-human",
	})
}

func TestAsksEngagement(t *testing.T) {
	t.Parallel()
	check(t, asksEngagement, []string{
		"Follow us for updates!", "Follow @acme to win a bike", "please RT this", "Like and retweet to enter", "LIKE & REPOST", "RT to win!",
		"Follow me back", "Give us a follow", "hit the like button", "Retweet if you agree", "Repost for a chance to win", "Like this post and share",
		"F4F?", "Folgt uns!", "Bitte folgen Sie uns", "Liken und teilen", "Síguenos", "Dale like", "Suivez-nous", "Abonnez-vous !", "RT pour gagner",
		"Seguiteci", "Metti mi piace", "Siga-nos", "Curta e compartilhe", "Volg ons", "フォローしてください", "フォロー＆リツイート", "リポストで応募",
	}, []string{
		"", "Follow these steps.", "Follow the link below.", "We will follow up.", "Would you like to enter your order number?", "I'd like to win too",
		"It looks like this post was deleted.", "Please repost your question as a reply.", "Reply with the phrase BIKE to enter.",
		"What would you like? We like helping.", "Our followers like shoes.", "Die Folgen sind klar.", "Wir folgen dem Gesetz.", "Seguimos trabajando en ello.",
		"Nous suivons votre commande.", "ご注文のフォローをいたします。", "Retweets are not endorsements.",
	})
}

func check(t *testing.T, s sayings, said, unsaid []string) {
	t.Helper()
	for i, text := range append(slices.Clone(said), unsaid...) {
		if got, want := s.in(slices.Collect(conversation.Words(text))), i < len(said); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// Each way in the tables is found as it is written there.
func TestSayingsFindThemselves(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]sayings{"claims": claimsHuman, "engagement": asksEngagement} {
		for _, heads := range s.heads {
			for _, h := range heads {
				tails := h.tails
				if len(tails) == 0 {
					tails = [][]string{nil}
				}
				for _, tail := range tails {
					if ws := slices.Concat(h.words, tail); !s.in(ws) {
						t.Errorf("%s: %q is not found", name, ws)
					}
				}
			}
		}
	}
}

func BenchmarkTextFacts(b *testing.B) {
	q := mention(nil)
	q.draft.Text = "We are open from nine to five, Monday to Friday. I am a bot, and a person reads along: ask for one at any time, or see https://acme.example/hours."
	b.ReportAllocs()
	for b.Loop() {
		textFacts(q.bot, q.event.Name, q.draft)
	}
}
