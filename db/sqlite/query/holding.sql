-- Ids of posts that anything is kept of: what users wrote, and what we did.
-- name: HeldPosts :many
SELECT i.interaction AS id FROM interactions AS i WHERE i.kind = 'post' AND i.interaction <> ''
UNION SELECT m.message FROM interactions AS m WHERE m.kind = 'post' AND m.message <> ''
UNION SELECT o.remote_id FROM actions AS o WHERE o.remote_id <> '' AND o.kind IN ('reply', 'post', 'quote')
UNION SELECT t.reply_to FROM actions AS t WHERE t.reply_to <> '' AND t.kind <> 'dm'
UNION SELECT x.event_id FROM matches AS x WHERE x.basis = 'provided_by_user' AND x.source = 'post' AND x.ended_at = 0
UNION SELECT d.post FROM desk_told AS d WHERE d.post <> ''
ORDER BY 1;

-- name: HeldUsers :many
SELECT c.user_id AS id FROM conversations AS c WHERE c.user_id <> ''
UNION SELECT i.user_id FROM interactions AS i WHERE i.user_id <> ''
UNION SELECT a.user_id FROM actions AS a WHERE a.user_id <> ''
  AND NOT EXISTS (SELECT 1 FROM erased_actions AS e WHERE e.action_id = a.id)
UNION SELECT k.user_id FROM consents AS k
UNION SELECT s.user_id FROM slots AS s
UNION SELECT r.user_id FROM reminders AS r
UNION SELECT x.user_id FROM matches AS x
UNION SELECT d.user_id FROM desk_told AS d
ORDER BY 1;

-- name: NextHeldBot :one
SELECT CAST(COALESCE(MIN(bot), '') AS TEXT) FROM interactions WHERE bot > ?;

-- name: InteractionsByMessage :many
SELECT * FROM interactions WHERE message = ? AND version > 0 ORDER BY bot, interaction;

-- name: PostsOfUser :many
SELECT * FROM interactions WHERE user_id = ? AND kind = 'post' ORDER BY bot, interaction;

-- name: UnpostDeskNotices :execrows
UPDATE desk_notices SET post = '', interaction = '' WHERE bot = sqlc.arg(bot) AND interaction = sqlc.arg(interaction);

-- name: OpenActionsOfBot :many
SELECT id FROM actions WHERE (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND (state = 'hold' OR state = 'pending' OR state = 'unknown') ORDER BY id LIMIT sqlc.arg(max);

-- name: WipeTexts :execrows
DELETE FROM action_texts WHERE action_id IN (
  SELECT a.id FROM actions AS a WHERE (CAST(sqlc.arg(bot) AS TEXT) = '' OR a.bot = sqlc.arg(bot)) AND a.state <> 'attempting');

-- name: WipeFingerprints :execrows
DELETE FROM fingerprints WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot);

-- name: WipeLookups :execrows
DELETE FROM lookups WHERE action_id IN (
  SELECT a.id FROM actions AS a WHERE (CAST(sqlc.arg(bot) AS TEXT) = '' OR a.bot = sqlc.arg(bot)) AND a.state <> 'attempting');

-- name: WipeQuestionTexts :execrows
DELETE FROM question_texts WHERE question_id IN (
  SELECT q.id FROM questions AS q WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR q.bot = sqlc.arg(bot));

-- name: WipeQuestions :execrows
DELETE FROM questions WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot);

-- name: WipeEchoes :execrows
DELETE FROM echoes WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot);

-- name: WipeReminders :execrows
DELETE FROM reminders WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot);

-- name: WipeDeskNotices :execrows
DELETE FROM desk_notices WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot);

-- name: WipeConsents :execrows
DELETE FROM consents WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot);

-- name: WipeSlots :execrows
DELETE FROM slots WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot);

-- name: WipeDeadLetters :execrows
DELETE FROM dead_letters WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot);

-- name: WipeConversations :execrows
DELETE FROM conversations WHERE (bot, user_id) IN (
  SELECT c.bot, c.user_id FROM conversations AS c WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR c.bot = sqlc.arg(bot) LIMIT sqlc.arg(max));

-- name: WipeInteractions :execrows
DELETE FROM interactions WHERE (bot, interaction) IN (
  SELECT i.bot, i.interaction FROM interactions AS i WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR i.bot = sqlc.arg(bot) LIMIT sqlc.arg(max));

-- name: WipeActions :many
DELETE FROM actions WHERE id IN (
  SELECT a.id FROM actions AS a WHERE (CAST(sqlc.arg(bot) AS TEXT) = '' OR a.bot = sqlc.arg(bot))
    AND (a.state = 'sent' OR a.state = 'failed' OR a.state = 'denied' OR a.state = 'cancelled')
  ORDER BY a.seq LIMIT sqlc.arg(max))
RETURNING id;

-- name: WipeDecisions :many
DELETE FROM decisions WHERE seq IN (
  SELECT d.seq FROM decisions AS d WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR d.bot = sqlc.arg(bot) ORDER BY d.seq LIMIT sqlc.arg(max))
RETURNING id;
