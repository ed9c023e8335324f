-- Which pull a first pull went on after, and what the two must have in common for it.

ALTER TABLE ops.sync_runs ADD COLUMN resume_key VARCHAR;
ALTER TABLE ops.sync_runs ADD COLUMN resumed_from BIGINT;
COMMENT ON COLUMN ops.sync_runs.resume_key IS 'Of a first sync that is not complete: a keyed hash of address, API key, time zone and masking. A sync for which these are the same may go on with it.';
COMMENT ON COLUMN ops.sync_runs.resumed_from IS 'Pull of an earlier run (sync_id) that this one went on with: its start is the start here, and its counts are in the counts here.';
COMMENT ON COLUMN ops.sync_runs.started_at IS 'Start of the pull, our clock; with clock_skew_seconds added, Ordergroove''s. With resumed_from: start of the first attempt.';
COMMENT ON TABLE ops.sync_runs IS 'One row per pull of one object; a pull that was resumed within its run keeps its row, one that a later run went on with has a row in each.';
