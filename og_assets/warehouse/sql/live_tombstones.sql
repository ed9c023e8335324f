-- What is deleted now: tombstones that no later fetch has lifted.
CREATE OR REPLACE TEMP VIEW live_tombstones AS
SELECT object, id FROM analytics.deletion_tombstones WHERE lifted_at IS NULL;
