-- name: PutQuestion :exec
INSERT INTO questions (id, bot, user_id, event_id, interaction, handler, state, asked_at, deadline, next_at, attempts, reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
  bot = excluded.bot,
  user_id = excluded.user_id,
  event_id = excluded.event_id,
  interaction = excluded.interaction,
  handler = excluded.handler,
  state = excluded.state,
  asked_at = excluded.asked_at,
  deadline = excluded.deadline,
  next_at = excluded.next_at,
  attempts = excluded.attempts,
  reason = excluded.reason;

-- name: Question :one
SELECT * FROM questions WHERE id = ?;

-- name: DueQuestions :many
SELECT * FROM questions WHERE state = 'open' AND next_at <= ? ORDER BY next_at, id LIMIT ?;

-- name: NextQuestion :one
SELECT CAST(COALESCE(MIN(next_at), 0) AS INTEGER) FROM questions WHERE state = 'open';

-- name: OpenQuestionsTo :many
SELECT * FROM questions WHERE state = 'open' AND user_id = ? ORDER BY id;

-- name: PutQuestionText :exec
INSERT INTO question_texts (question_id, sealed) VALUES (?, ?)
ON CONFLICT (question_id) DO UPDATE SET sealed = excluded.sealed;

-- name: QuestionText :one
SELECT sealed FROM question_texts WHERE question_id = ?;

-- name: DropQuestionText :exec
DELETE FROM question_texts WHERE question_id = ?;

-- name: PruneQuestionTexts :exec
DELETE FROM question_texts WHERE question_id IN (
  SELECT q.id FROM questions AS q WHERE q.state <> 'open' AND q.asked_at < ? ORDER BY q.asked_at, q.id LIMIT ?);

-- name: PruneQuestions :execrows
DELETE FROM questions WHERE id IN (
  SELECT q.id FROM questions AS q WHERE q.state <> 'open' AND q.asked_at < ? ORDER BY q.asked_at, q.id LIMIT ?);

-- name: AddHandout :exec
INSERT INTO handouts (question_id, attempt, at, bot, recipient, what, bytes)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (question_id, attempt) DO NOTHING;

-- name: CountHandouts :one
SELECT COUNT(*) FROM handouts WHERE recipient = ? AND at >= ?;

-- name: ListHandouts :many
SELECT * FROM handouts ORDER BY at DESC, question_id DESC, attempt DESC LIMIT ?;
