-- Schema version 1. ordergroove: one table per object, as last fetched. analytics: what is derived from the objects.
-- ops: how the syncs went and where they stand.

CREATE SCHEMA IF NOT EXISTS ordergroove;
CREATE SCHEMA IF NOT EXISTS analytics;
CREATE SCHEMA IF NOT EXISTS ops;

CREATE TABLE ops.schema_versions (
    version     INTEGER     NOT NULL,
    applied_at  TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE ops.schema_versions IS 'Changes of the warehouse schema, one row per version applied.';
COMMENT ON COLUMN ops.schema_versions.version IS 'Version, counted from 1.';
COMMENT ON COLUMN ops.schema_versions.applied_at IS 'When it was applied.';

CREATE TABLE ops.sync_runs (
    sync_id                   BIGINT      NOT NULL,
    object                    VARCHAR     NOT NULL,
    run_id                    VARCHAR,
    mode                      VARCHAR     NOT NULL,
    window_start              TIMESTAMPTZ,
    window_end                TIMESTAMPTZ,
    filters                   JSON,
    watermark_before          TIMESTAMPTZ,
    watermark_after           TIMESTAMPTZ,
    pages                     BIGINT,
    requests                  BIGINT,
    retries                   JSON,
    records                   BIGINT,
    inserted                  BIGINT,
    updated                   BIGINT,
    unchanged                 BIGINT,
    quarantined               BIGINT,
    noted                     BIGINT,
    bytes                     BIGINT,
    slowest_response_seconds  DOUBLE,
    clock_skew_seconds        DOUBLE,
    started_at                TIMESTAMPTZ NOT NULL,
    finished_at               TIMESTAMPTZ,
    outcome                   VARCHAR     NOT NULL,
    error                     VARCHAR,
    next_url                  VARCHAR
);
COMMENT ON TABLE ops.sync_runs IS 'One row per pull of one object; a pull that was resumed within its run keeps its row.';
COMMENT ON COLUMN ops.sync_runs.sync_id IS 'Number of the pull over all objects; a later pull has a greater one.';
COMMENT ON COLUMN ops.sync_runs.object IS 'Name of the object, which is also its table in schema ordergroove.';
COMMENT ON COLUMN ops.sync_runs.run_id IS 'Dagster run that pulled.';
COMMENT ON COLUMN ops.sync_runs.mode IS 'What was asked for: since the watermark, a window of days, or the whole history.';
COMMENT ON COLUMN ops.sync_runs.window_start IS 'Earliest change that was asked for; null when there is no lower bound.';
COMMENT ON COLUMN ops.sync_runs.window_end IS 'Latest change that was asked for; null when there is no upper bound.';
COMMENT ON COLUMN ops.sync_runs.filters IS 'Parameters of the first page as sent, times on Ordergroove''s clock.';
COMMENT ON COLUMN ops.sync_runs.watermark_before IS 'Watermark of the object when the pull began.';
COMMENT ON COLUMN ops.sync_runs.watermark_after IS 'Watermark of the object after the pull; null until it succeeded.';
COMMENT ON COLUMN ops.sync_runs.pages IS 'Pages loaded.';
COMMENT ON COLUMN ops.sync_runs.requests IS 'HTTP requests sent, retries included; a look-up of a sweep counts once.';
COMMENT ON COLUMN ops.sync_runs.retries IS 'Retried requests: how many per status code or kind of failure.';
COMMENT ON COLUMN ops.sync_runs.records IS 'Records received, quarantined ones and repetitions included.';
COMMENT ON COLUMN ops.sync_runs.inserted IS 'Keys that the table did not have.';
COMMENT ON COLUMN ops.sync_runs.updated IS 'Keys whose row was replaced.';
COMMENT ON COLUMN ops.sync_runs.unchanged IS 'Keys whose row was left: the same already, or written by a later pull.';
COMMENT ON COLUMN ops.sync_runs.quarantined IS 'Records that could not be loaded and went to ops.quarantine.';
COMMENT ON COLUMN ops.sync_runs.noted IS 'Records loaded with a note about a value that did not fit its column.';
COMMENT ON COLUMN ops.sync_runs.bytes IS 'Bytes of response bodies, uncompressed.';
COMMENT ON COLUMN ops.sync_runs.slowest_response_seconds IS 'Longest time that one response took.';
COMMENT ON COLUMN ops.sync_runs.clock_skew_seconds IS 'Ordergroove''s clock minus ours at the first response.';
COMMENT ON COLUMN ops.sync_runs.started_at IS 'Start of the pull, our clock; with clock_skew_seconds added, Ordergroove''s.';
COMMENT ON COLUMN ops.sync_runs.finished_at IS 'When the pull succeeded or failed, our clock; null while running or when it died.';
COMMENT ON COLUMN ops.sync_runs.outcome IS 'running, succeeded, failed, canceled (somebody stopped it), or abandoned (died and was followed by another pull).';
COMMENT ON COLUMN ops.sync_runs.error IS 'Why it failed.';
COMMENT ON COLUMN ops.sync_runs.next_url IS 'Where the pull goes on after its last loaded page; null at the end.';

CREATE TABLE ops.sync_state (
    object     VARCHAR     NOT NULL,
    watermark  TIMESTAMPTZ NOT NULL,
    sync_id    BIGINT      NOT NULL,
    moved_at   TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE ops.sync_state IS 'Where each object stands: one row per object that was pulled completely.';
COMMENT ON COLUMN ops.sync_state.object IS 'Name of the object.';
COMMENT ON COLUMN ops.sync_state.watermark IS 'All that changed before this instant is loaded: the start of the last complete pull.';
COMMENT ON COLUMN ops.sync_state.sync_id IS 'Pull that moved it.';
COMMENT ON COLUMN ops.sync_state.moved_at IS 'When it was moved, our clock.';

CREATE TABLE ops.quarantine (
    object          VARCHAR     NOT NULL,
    reason          VARCHAR     NOT NULL,
    raw             VARCHAR     NOT NULL,
    sync_id         BIGINT      NOT NULL,
    quarantined_at  TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE ops.quarantine IS 'Records that could not be loaded, each once, with the reason.';
COMMENT ON COLUMN ops.quarantine.object IS 'Name of the object.';
COMMENT ON COLUMN ops.quarantine.reason IS 'Why the record could not be loaded.';
COMMENT ON COLUMN ops.quarantine.raw IS 'The record as received; text, because it need not be valid JSON.';
COMMENT ON COLUMN ops.quarantine.sync_id IS 'Pull that met it first (ops.sync_runs).';
COMMENT ON COLUMN ops.quarantine.quarantined_at IS 'When it was met first, our clock.';
