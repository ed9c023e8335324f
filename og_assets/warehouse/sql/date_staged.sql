-- Since when the staged rows that replace others are as they are; one that differs in nothing that is tracked goes on.
UPDATE staged
SET _valid_from = CASE WHEN superseded.differs THEN superseded.changed_at ELSE superseded.old_from END
FROM superseded
WHERE superseded._row = staged._row;
DROP TABLE superseded;
