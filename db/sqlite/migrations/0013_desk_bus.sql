-- The desk is told by the bus and by a webhook. What one has taken is not told
-- it again while the other is still to take it.
ALTER TABLE desk_notices ADD COLUMN on_bus INTEGER NOT NULL DEFAULT 0 CHECK (on_bus IN (0, 1));
ALTER TABLE desk_notices ADD COLUMN posted INTEGER NOT NULL DEFAULT 0 CHECK (posted IN (0, 1));
