-- name: Conversation :one
SELECT * FROM conversations WHERE bot = ? AND user_id = ?;

-- name: PutConversation :exec
INSERT INTO conversations (
  bot, user_id, version, initiated, initiated_at, initiated_by,
  dms_received, dms_sent, replies_sent, last_dm_at, sends,
  held, held_reason, handed_off, paused_until, flow, automated, blocked_us,
  confirmed_at, last_event_at, consent_dm_storage, consent_matching, refusals, missed,
  dms_aside, handed_off_at, handed_off_until, handed_off_why, lang
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (bot, user_id) DO UPDATE SET
  version = excluded.version,
  initiated = excluded.initiated,
  initiated_at = excluded.initiated_at,
  initiated_by = excluded.initiated_by,
  dms_received = excluded.dms_received,
  dms_sent = excluded.dms_sent,
  replies_sent = excluded.replies_sent,
  last_dm_at = excluded.last_dm_at,
  sends = excluded.sends,
  held = excluded.held,
  held_reason = excluded.held_reason,
  handed_off = excluded.handed_off,
  paused_until = excluded.paused_until,
  flow = excluded.flow,
  automated = excluded.automated,
  blocked_us = excluded.blocked_us,
  confirmed_at = excluded.confirmed_at,
  last_event_at = excluded.last_event_at,
  consent_dm_storage = excluded.consent_dm_storage,
  consent_matching = excluded.consent_matching,
  refusals = excluded.refusals,
  missed = excluded.missed,
  dms_aside = excluded.dms_aside,
  handed_off_at = excluded.handed_off_at,
  handed_off_until = excluded.handed_off_until,
  handed_off_why = excluded.handed_off_why,
  lang = excluded.lang;

-- name: WithPeople :many
SELECT * FROM conversations
WHERE (held = 1 OR handed_off = 1 OR paused_until > 0)
  AND (held = 1 OR paused_until > CAST(sqlc.arg(now) AS INTEGER)
    OR (handed_off = 1 AND (handed_off_until = 0 OR handed_off_until > CAST(sqlc.arg(now) AS INTEGER))))
  AND (CAST(sqlc.arg(only_bot) AS TEXT) = '' OR bot = CAST(sqlc.arg(only_bot) AS TEXT))
ORDER BY bot, user_id LIMIT CAST(sqlc.arg(most) AS INTEGER);

-- name: Interaction :one
SELECT * FROM interactions WHERE bot = ? AND interaction = ?;

-- name: PutInteraction :exec
INSERT INTO interactions (
  bot, interaction, user_id, kind, message, version, text_hash,
  mentioned, replied, quoted, summoned,
  replies_sent, dms_sent, drafts_waiting, first_at, last_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (bot, interaction) DO UPDATE SET
  user_id = excluded.user_id,
  kind = excluded.kind,
  message = excluded.message,
  version = excluded.version,
  text_hash = excluded.text_hash,
  mentioned = excluded.mentioned,
  replied = excluded.replied,
  quoted = excluded.quoted,
  summoned = excluded.summoned,
  replies_sent = excluded.replies_sent,
  dms_sent = excluded.dms_sent,
  drafts_waiting = excluded.drafts_waiting,
  first_at = excluded.first_at,
  last_at = excluded.last_at;
