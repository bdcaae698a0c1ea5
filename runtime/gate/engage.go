package gate

// Asking for follows, likes or reposts: what X calls engagement bait, and warns
// of in giveaways. The table knows the common ways to ask in the languages
// below; asking for a reply with a phrase, the form that X suggests, is none.
// X rule: giveaways that require follows or reposts are a warning (facts.md, read 2026-11-23)
var asksEngagement = newSayings(
	`please pls plz kindly just also simply bitte einfach`,
	``,
	[]saying{
		// English; mentions are no words, so "follow @acme to win" is "follow to win".
		{`follow us, follow me, follow our account, follow our page, follow this account, follow my account, follow for follow, follow back, follow 4 follow, f4f, l4l,
		  give us a follow, give us a like, give this a like, give this a repost, give this a retweet, drop a follow, drop a like, smash that like, smash that follow, smash that repost,
		  hit follow, hit like, hit the follow button, hit the like button, hit that like button, hit that follow button, like our page, like our post, like our posts, like our pinned post, like my post,
		  like for like, retweet this, rt this, rt if, retweet if, repost if, like if you, like this post if, repost this post, share this post to win, quote this post to win`, ``, ``},
		{`follow, following us, like, liking, retweet, rt, repost, reposting, retweeting, follow and like, like this, like this post, retweet this post, repost this`,
			`to win, to enter, to participate, for a chance, for your chance, to be entered, to qualify, to join the giveaway`, `you d would i we they t not never who`},
		{`follow, like, like this, like this post, and like, retweet, rt, repost`,
			`and follow, and like, and repost, and retweet, and rt, and share, and subscribe, repost, retweet, rt`, `you d would i we they t not never who`},
		// German
		{`folgt uns, folge uns, folg uns, folgen sie uns, folgt mir, folge mir, folg mir, folgt unserem account, folge unserem account, liked und teilt, like und teile, liken und teilen,
		  liken und folgen, folgen und liken, folgen und reposten, folgen und retweeten, like und repost, retweeten und gewinnen, teilen und gewinnen, liken und gewinnen, folgen und gewinnen, gebt uns ein like, lasst ein like da, lass ein like da, retweetet diesen, repostet diesen, teilt diesen post`, ``, ``},
		// Spanish
		{`síguenos, siguenos, sígueme, sigueme, síganos, siganos, danos like, dale like, danos un like, dale me gusta, haz rt, da rt, dale rt, haz retweet, retuitea, rt para ganar, sigue y comparte, sigue nuestra cuenta`, ``, ``},
		// French
		{`suivez nous, suivez moi, suis nous, abonnez vous, suivez notre compte, likez et, aimez et partagez, retweetez, rt pour gagner, rt et follow, follow et rt, suivre et rt`, ``, ``},
		// Italian
		{`seguiteci, seguici, seguimi, seguitemi, metti mi piace, mettete mi piace, lascia un like, lasciate un like, retwitta, retwittate, ritwitta, ricondividi per vincere`, ``, ``},
		// Portuguese
		{`siga nos, segue nos, sigam nos, nos siga, nos sigam, siga nossa conta, siga a nossa conta, curta e compartilhe, curta e siga, curtam, retweete, dê rt, rt para ganhar, deixe um like, deixa um like`, ``, ``},
		// Dutch
		{`volg ons, volg mij, volg me, volg ons account, like en deel, like en volg, like en win, volg en win, retweet en win, deel en win, geef ons een like, laat een like achter`, ``, ``},
		// Japanese
		{`フォローしてください, フォローをお願い, フォローお願い, フォロー してね, フォローしてね, フォロバ, 相互フォロー, フォローリツイート, フォローrt, フォロー リツイートで, リツイートしてください, リツイートで応募, リポストしてください, リポストで応募, rtで応募, いいねしてください, いいねお願い, いいねをお願い`, ``, ``},
	},
)
