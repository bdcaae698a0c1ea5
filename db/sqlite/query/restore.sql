-- name: PutRestore :exec
INSERT INTO restores (id, backup_at, at, made_by, seq, chains, rewound_at, merged_at, merged_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
  backup_at = excluded.backup_at,
  at = excluded.at,
  made_by = excluded.made_by,
  seq = excluded.seq,
  chains = excluded.chains,
  rewound_at = excluded.rewound_at,
  merged_at = excluded.merged_at,
  merged_by = excluded.merged_by;

-- name: LastRestore :one
SELECT * FROM restores ORDER BY at DESC LIMIT 1;

-- name: ListRestores :many
SELECT * FROM restores ORDER BY at;
