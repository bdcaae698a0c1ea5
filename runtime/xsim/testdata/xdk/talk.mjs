// X's official SDK talks to a simulated X: who am I, a post, a reply, a DM, the
// activity stream. Prints one line of JSON with what came of it.
// node talk.mjs URL USER_TOKEN APP_TOKEN POST_TO_ANSWER USER_TO_WRITE_TO
import { Client } from "@xdevplatform/xdk";

const [baseUrl, accessToken, bearerToken, post, user] = process.argv.slice(2);
const client = new Client({ baseUrl, accessToken, bearerToken, retry: false });

const me = await client.users.getMe({ userFields: ["affiliation", "description"] });
const stream = await client.stream.activity();
const events = [];
const streamed = new Promise((resolve, reject) => {
  stream.on("data", (event) => {
    events.push(event.data.event_type ?? event.data.eventType);
    if (events.length === 3) resolve();
  });
  stream.on("error", (e) => reject(e.error ?? e));
});
const posted = await client.posts.create({ text: "We are open." });
const replied = await client.posts.create({ text: "Hello, how can I help?", reply: { inReplyToTweetId: post } });
const dm = await client.directMessages.createByParticipantId(user, { text: "Hello." });
let refused = 0;
try {
  await client.posts.create({ text: "Hello, how can I help?", reply: { inReplyToTweetId: post } });
} catch (e) {
  refused = e.status;
}
await streamed;
stream.close();
console.log(JSON.stringify({
  username: me.data.username, label: me.data.affiliation.description,
  post: posted.data.id, reply: replied.data.id, dm: dm.data.dmEventId ?? dm.data.dm_event_id, refused, events,
}));
process.exit(0);
