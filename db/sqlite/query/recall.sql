-- name: PutExportMark :exec
INSERT INTO export_marks (mark, export) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: DropExportMark :execrows
DELETE FROM export_marks WHERE mark = ?;

-- name: DropExportMarks :exec
DELETE FROM export_marks WHERE export = ?;

-- name: ExportsWith :many
SELECT r.* FROM redistributions r JOIN export_marks m ON m.export = r.id
WHERE m.mark = ? ORDER BY r.at, r.id;

-- name: PutRecall :exec
INSERT INTO recalls (export, cause, asked_at, due_at, done_at, done_by) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: OpenRecalls :many
SELECT * FROM recalls WHERE done_at = 0 ORDER BY due_at, export, cause LIMIT ?;

-- name: RecallsOf :many
SELECT * FROM recalls WHERE cause = ? ORDER BY due_at, export;

-- name: EndRecalls :execrows
UPDATE recalls SET done_at = ?, done_by = ? WHERE export = ? AND done_at = 0;

-- name: Redistribution :one
SELECT * FROM redistributions WHERE id = ?;
