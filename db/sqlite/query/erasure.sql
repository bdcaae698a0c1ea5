-- name: PutErasure :exec
INSERT INTO erasures (id, bot, user_id, step, asked_by, asked_at, start_by, after_id, erased_at, done_at, position, counts, cause, due_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
  bot = excluded.bot,
  user_id = excluded.user_id,
  step = excluded.step,
  asked_by = excluded.asked_by,
  asked_at = excluded.asked_at,
  start_by = excluded.start_by,
  after_id = excluded.after_id,
  erased_at = excluded.erased_at,
  done_at = excluded.done_at,
  position = excluded.position,
  counts = excluded.counts,
  cause = excluded.cause,
  due_at = excluded.due_at;

-- name: Erasure :one
SELECT * FROM erasures WHERE id = ?;

-- name: OpenErasures :many
SELECT * FROM erasures WHERE step <> 'done' ORDER BY asked_at, id;

-- name: ListErasures :many
SELECT * FROM erasures ORDER BY asked_at DESC, id DESC LIMIT ?;

-- name: EraseActions :many
UPDATE actions SET
  user_id = sqlc.arg(as_user), reply_to = '', event_id = '', reason = 'the user was erased', text_hash = '',
  decision_id = '', draft = '', decision = ''
WHERE user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND created_at < sqlc.arg(before)
  AND (state = 'sent' OR state = 'failed' OR state = 'denied' OR state = 'cancelled')
RETURNING id;

-- name: PutErased :exec
INSERT INTO erased_actions (action_id, erased_at) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: PruneErased :execrows
DELETE FROM actions WHERE id IN (
  SELECT e.action_id FROM erased_actions AS e WHERE e.erased_at < ? ORDER BY e.action_id LIMIT ?);

-- name: PruneErasedMarks :exec
DELETE FROM erased_actions WHERE NOT EXISTS (SELECT 1 FROM actions WHERE actions.id = erased_actions.action_id);

-- name: UnendedTo :many
SELECT id FROM actions
WHERE user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND created_at < sqlc.arg(before)
  AND state IN ('hold', 'pending', 'attempting', 'unknown')
ORDER BY id;

-- name: EraseTexts :execrows
DELETE FROM action_texts WHERE action_id IN (
  SELECT a.id FROM actions AS a WHERE a.user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR a.bot = sqlc.arg(bot))
    AND a.created_at < sqlc.arg(before) AND a.state <> 'attempting');

-- name: EraseFingerprints :execrows
DELETE FROM fingerprints WHERE action_id IN (
  SELECT a.id FROM actions AS a WHERE a.user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR a.bot = sqlc.arg(bot))
    AND a.created_at < sqlc.arg(before));

-- name: EraseLookups :execrows
DELETE FROM lookups WHERE action_id IN (
  SELECT a.id FROM actions AS a WHERE a.user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR a.bot = sqlc.arg(bot))
    AND a.created_at < sqlc.arg(before));

-- name: EraseConversations :execrows
DELETE FROM conversations WHERE user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND last_event_at < sqlc.arg(before);

-- name: EraseInteractions :execrows
DELETE FROM interactions WHERE user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND last_at < sqlc.arg(before);

-- name: EraseEchoes :execrows
DELETE FROM echoes WHERE user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND at < sqlc.arg(before);

-- name: EraseSlots :execrows
DELETE FROM slots WHERE user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot));

-- name: EraseReminders :execrows
DELETE FROM reminders WHERE user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND since < sqlc.arg(before);

-- name: EraseConsents :execrows
DELETE FROM consents WHERE user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND at < sqlc.arg(before);

-- name: EraseQuestionTexts :execrows
DELETE FROM question_texts WHERE question_id IN (
  SELECT q.id FROM questions AS q WHERE q.user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR q.bot = sqlc.arg(bot))
    AND q.asked_at < sqlc.arg(before));

-- name: EraseQuestions :execrows
DELETE FROM questions WHERE user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND asked_at < sqlc.arg(before);

-- name: LastDecision :one
SELECT CAST(COALESCE(MAX(seq), 0) AS INTEGER) FROM decisions;

-- Decisions have no index by user: a chunk of the log is looked through, so that
-- the writer is never held for long.
-- name: EraseDecisions :many
DELETE FROM decisions
WHERE seq > sqlc.arg(after) AND seq <= sqlc.arg(until) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND instr(record, CAST(sqlc.arg(mark) AS TEXT)) > 0
RETURNING id;

-- Whoever any row names, a decision's too. For who has to find the user behind a
-- hash, after a restore.
-- name: NamedUsers :many
SELECT a.user_id AS id FROM actions AS a WHERE a.user_id <> ''
  AND NOT EXISTS (SELECT 1 FROM erased_actions AS e WHERE e.action_id = a.id)
UNION SELECT c.user_id FROM consents AS c WHERE c.user_id <> ''
UNION SELECT v.user_id FROM conversations AS v WHERE v.user_id <> ''
UNION SELECT d.user_id FROM desk_notices AS d WHERE d.user_id <> ''
UNION SELECT t.user_id FROM desk_told AS t WHERE t.user_id <> ''
UNION SELECT e.user_id FROM echoes AS e WHERE e.user_id <> ''
UNION SELECT i.user_id FROM interactions AS i WHERE i.user_id <> ''
UNION SELECT m.user_id FROM matches AS m WHERE m.user_id <> ''
UNION SELECT q.user_id FROM questions AS q WHERE q.user_id <> ''
UNION SELECT r.user_id FROM reminders AS r WHERE r.user_id <> ''
UNION SELECT s.user_id FROM slots AS s WHERE s.user_id <> ''
UNION SELECT k.user_id FROM text_keys AS k WHERE k.user_id <> ''
UNION SELECT CAST(json_extract(l.record, '$.user') AS TEXT) FROM decisions AS l
  WHERE CASE WHEN json_valid(l.record) THEN json_extract(l.record, '$.user') <> '' ELSE 0 END
ORDER BY 1;
