-- name: MarkSeen :execrows
INSERT INTO events_seen (bot, event_id, idx, seen_at)
VALUES (?, ?, ?, ?)
ON CONFLICT (bot, event_id, idx) DO NOTHING;

-- name: PruneSeen :execrows
DELETE FROM events_seen
WHERE (bot, event_id, idx) IN (
  SELECT s.bot, s.event_id, s.idx FROM events_seen s
  WHERE s.seen_at < sqlc.arg(before)
  ORDER BY s.seen_at
  LIMIT sqlc.arg(max)
);
