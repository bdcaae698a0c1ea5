-- name: PruneInteractions :execrows
DELETE FROM interactions WHERE (bot, interaction) IN (
  SELECT i.bot, i.interaction FROM interactions AS i WHERE i.last_at < ? AND i.drafts_waiting = 0 LIMIT ?);

-- last_event_at is 0 where the user never wrote: an opt-in, or a DM of ours that
-- answered nothing we know.
-- name: PruneConversations :execrows
DELETE FROM conversations WHERE (bot, user_id) IN (
  SELECT c.bot, c.user_id FROM conversations AS c
  WHERE c.last_event_at > 0 AND c.last_event_at < sqlc.arg(before)
    AND c.held = 0 AND c.handed_off = 0 AND c.flow = '' AND c.blocked_us = 0 AND c.paused_until < sqlc.arg(before)
    AND c.initiated <> 'opt_in'
    AND NOT EXISTS (SELECT 1 FROM consents AS k WHERE k.bot = c.bot AND k.user_id = c.user_id AND k.withdrawn_at = 0)
    AND NOT EXISTS (SELECT 1 FROM matches AS x WHERE x.bot = c.bot AND x.user_id = c.user_id AND x.ended_at = 0)
  LIMIT sqlc.arg(max));

-- name: PruneSlots :exec
DELETE FROM slots WHERE NOT EXISTS (
  SELECT 1 FROM conversations AS c WHERE c.bot = slots.bot AND c.user_id = slots.user_id);

-- name: PruneDeadLetters :execrows
DELETE FROM dead_letters WHERE id IN (
  SELECT l.id FROM dead_letters AS l WHERE l.at < ? ORDER BY l.at, l.id LIMIT ?);
