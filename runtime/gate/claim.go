package gate

// What a bot must not say of itself: that a person is writing, or that it is
// no bot. The table knows the direct ways to say so in the languages below. It
// looks at words alone: a name, a signature or a made-up biography can pose as
// a person too, and stays the operator's duty (rules/README.md).
// X rule: an automated account never poses as a person (facts.md, read 2026-11-23)
var claimsHuman = newSayings(
	// "I really am a real person" says "I am a person".
	`really definitely actually indeed just only certainly absolutely truly still also totally honestly very simply
	 real actual genuine live living true fellow
	 echt echte echter echten wirklich wirklicher wirklichen tatsächlich definitiv ganz
	 realmente verdaderamente real reales verdadera vraiment vrai vraie réellement
	 davvero vera vero veramente reale verdade realmente mesmo
	 echte werkelijk`,
	// "a human-run bot", "a human error", "a person's bot": no claim.
	`run operated managed made error errors supervised controlled assisted readable friendly s`,
	[]saying{
		// English
		{`i am, i m, im, we are, we re, it s me, you are talking to, you re talking to, you are speaking to, you re speaking to,
		  you are speaking with, you re speaking with, you are chatting with, you re chatting with, you are talking with, you re talking with,
		  talking with, this was written by, this is written by, this message was written by, this reply was written by`,
			`human, a human, a human being, humans, a person, people, a man, a woman, an human, an person, flesh and blood`, ``},
		{`i am not, i m not, im not, i ain t, we are not, we re not, we aren t,
		  you are not talking to, you re not talking to, you aren t talking to, you are not chatting with, you re not chatting with, you are not speaking to, you re not speaking to`,
			`a bot, bots, a robot, robots, an ai, ai, a machine, machines, a chatbot, a computer, a program, a script, automated, an automated account`, ``},
		{`this is not, this isn t, this account is not, this account isn t, this reply is not, this reply isn t, this message is not, this message isn t`,
			`a bot, a robot, an ai, a chatbot, automated, an automated account, an automated reply, an automated message, an automated response`, ``},
		{`no bots here, no bot here, human here, this is a person`, ``, ``},
		// German
		{`ich bin, wir sind, hier schreibt, hier schreibt dir, hier schreibt ihnen, hier antwortet, hier ist,
		  du sprichst mit, sie sprechen mit, du schreibst mit, sie schreiben mit, du redest mit, sie reden mit`,
			`ein mensch, mensch, menschen, menschlich, einem menschen, eine person, einer person`, ``},
		{`ich bin, wir sind, hier schreibt, hier antwortet, das ist, dies ist, du sprichst mit, sie sprechen mit, du schreibst mit, sie schreiben mit,
		  du sprichst nicht mit, sie sprechen nicht mit, du schreibst nicht mit, sie schreiben nicht mit`,
			`kein bot, keine bots, kein roboter, keine maschine, keine ki, kein chatbot, nicht automatisiert,
			 keinem bot, keinem roboter, keiner maschine, keiner ki`, ``},
		{`du sprichst nicht mit, sie sprechen nicht mit, du schreibst nicht mit, sie schreiben nicht mit`,
			`einem bot, einem roboter, einer maschine, einer ki, einem computer`, ``},
		// Spanish
		{`soy, yo soy, somos, estás hablando con, está hablando con, hablas con, habla con, te atiende, le atiende`,
			`humano, humana, humanos, un humano, una humana, un ser humano, una persona, personas, persona`, `no`},
		{`no soy, yo no soy, no somos, esto no es, esta cuenta no es, no estás hablando con, no está hablando con, no hablas con, no habla con`,
			`un bot, bots, un robot, robots, una máquina, máquinas, una ia, una inteligencia artificial, una cuenta automatizada`, ``},
		// French
		{`je suis, nous sommes, vous parlez à, vous parlez avec, tu parles à, tu parles avec, vous échangez avec`,
			`humain, humaine, un humain, une humaine, un être humain, des humains, humains, une personne, des personnes`, ``},
		{`je ne suis pas, je suis pas, nous ne sommes pas, ce n est pas, c est pas, vous ne parlez pas à, vous ne parlez pas avec, tu ne parles pas à, tu ne parles pas avec, tu parles pas à`,
			`un bot, des bots, un robot, des robots, une machine, une ia, une intelligence artificielle, un compte automatisé, automatisé`, ``},
		// Italian
		{`sono, io sono, siamo, stai parlando con, sta parlando con, parli con, ti risponde`,
			`umano, umana, umani, un umano, un essere umano, una persona, persone`, `non`},
		{`non sono, io non sono, non siamo, questo non è, non stai parlando con, non sta parlando con, non parli con`,
			`un bot, dei bot, un robot, una macchina, un ia, un intelligenza artificiale, automatizzato`, ``},
		// Portuguese
		{`sou, eu sou, somos, você está falando com, está a falar com, você fala com, estás a falar com`,
			`humano, humana, humanos, um humano, uma humana, um ser humano, uma pessoa, pessoas`, `não`},
		{`não sou, eu não sou, não somos, isto não é, isso não é, você não está falando com, não está a falar com, não estás a falar com`,
			`um bot, bots, um robô, um robot, robôs, uma máquina, uma ia, uma inteligência artificial, automatizado`, ``},
		// Dutch
		{`ik ben, wij zijn, we zijn, je praat met, u praat met, je spreekt met, u spreekt met`,
			`een mens, mens, mensen, een persoon, menselijk`, ``},
		{`ik ben, wij zijn, we zijn, dit is, je praat met, u praat met, je spreekt met, u spreekt met`,
			`geen bot, geen bots, geen robot, geen robots, geen ai, geen chatbot, niet geautomatiseerd`, ``},
		// Japanese
		{`私は人間です, わたしは人間です, 人間が返信しています, 人間が対応しています, 本物の人間です, 人が書いています`, ``, ``},
		{`ボット, bot, ロボット, ai, 機械, チャットボット, 自動応答, 自動返信`, `ではありません, じゃありません, ではないです, じゃないです, ではない, じゃない`, ``},
	},
)
