-- What is known of file drops. Their own tables, in schema drops, are made when there are any.

ALTER TABLE ops.quarantine ADD COLUMN file VARCHAR;
ALTER TABLE ops.quarantine ADD COLUMN line BIGINT;
COMMENT ON COLUMN ops.quarantine.file IS 'File that it came in (ops.drop_files.name); null for a record of the API.';
COMMENT ON COLUMN ops.quarantine.line IS 'Its first line in that file, counted from 1, the header included.';

CREATE TABLE ops.drop_files (
    name          VARCHAR     NOT NULL,
    size          BIGINT      NOT NULL,
    modified_at   TIMESTAMPTZ NOT NULL,
    place         VARCHAR     NOT NULL,
    report        VARCHAR,
    business_day  DATE,
    stamped_at    TIMESTAMPTZ,
    stamp_order   VARCHAR,
    is_full       BOOLEAN,
    sha256        VARCHAR,
    rows          BIGINT,
    loaded        BIGINT,
    overtaken     BIGINT,
    quarantined   BIGINT,
    noted         BIGINT,
    problem       VARCHAR,
    archived      VARCHAR,
    fetched_at    TIMESTAMPTZ,
    loaded_at     TIMESTAMPTZ NOT NULL,
    sync_id       BIGINT
);
COMMENT ON TABLE ops.drop_files IS 'Every dropped file that was seen, once per name, size and time: a changed file has another row.';
COMMENT ON COLUMN ops.drop_files.name IS 'Name of the file.';
COMMENT ON COLUMN ops.drop_files.size IS 'Bytes, as listed.';
COMMENT ON COLUMN ops.drop_files.modified_at IS 'When it last changed, the clock of the place where it lies.';
COMMENT ON COLUMN ops.drop_files.place IS 'Where it lay: the folder, or the address of the server.';
COMMENT ON COLUMN ops.drop_files.report IS 'The report, which is also its table in schema drops; null for a file that is none.';
COMMENT ON COLUMN ops.drop_files.business_day IS 'Day that the file tells about: the one before its stamp, Central time.';
COMMENT ON COLUMN ops.drop_files.stamped_at IS 'When the file was finished, as its name says.';
COMMENT ON COLUMN ops.drop_files.stamp_order IS 'How the stamp was read: month first, day first or year first.';
COMMENT ON COLUMN ops.drop_files.is_full IS 'Whether the name says that it is a full export.';
COMMENT ON COLUMN ops.drop_files.sha256 IS 'Hash of its bytes.';
COMMENT ON COLUMN ops.drop_files.rows IS 'Rows in it, refused ones included; the header and blank lines are none.';
COMMENT ON COLUMN ops.drop_files.loaded IS 'Rows that went into the table.';
COMMENT ON COLUMN ops.drop_files.overtaken IS 'Rows that were left out because a later file tells of the same key.';
COMMENT ON COLUMN ops.drop_files.quarantined IS 'Rows that went to ops.quarantine.';
COMMENT ON COLUMN ops.drop_files.noted IS 'Rows loaded with a note about a value that did not fit its column.';
COMMENT ON COLUMN ops.drop_files.problem IS 'Why nothing of it was loaded; null when it was.';
COMMENT ON COLUMN ops.drop_files.archived IS 'Where in the archive its copy is; null when none was kept.';
COMMENT ON COLUMN ops.drop_files.fetched_at IS 'When it was fetched, our clock.';
COMMENT ON COLUMN ops.drop_files.loaded_at IS 'When it was last loaded, our clock.';
COMMENT ON COLUMN ops.drop_files.sync_id IS 'The run that loaded it last (ops.sync_runs).';

CREATE TABLE analytics.id_map (
    object          VARCHAR NOT NULL,
    ordergroove_id  VARCHAR NOT NULL,
    public_id       VARCHAR NOT NULL,
    report          VARCHAR NOT NULL,
    last_file       VARCHAR NOT NULL,
    business_day    DATE    NOT NULL,
    others          BIGINT  NOT NULL
);
COMMENT ON TABLE analytics.id_map IS 'Ordergroove''s own numbers, which only file drops tell, beside the ids that the API tells; the latest file counts.';
COMMENT ON COLUMN analytics.id_map.object IS 'customers, subscriptions or orders.';
COMMENT ON COLUMN analytics.id_map.ordergroove_id IS 'Ordergroove''s number, as text.';
COMMENT ON COLUMN analytics.id_map.public_id IS 'Key of the row in ordergroove.<object>.';
COMMENT ON COLUMN analytics.id_map.report IS 'Report that told it last.';
COMMENT ON COLUMN analytics.id_map.last_file IS 'File that told it last.';
COMMENT ON COLUMN analytics.id_map.business_day IS 'Day of that file.';
COMMENT ON COLUMN analytics.id_map.others IS 'How many other ids the number was told with; 0 when all files agree.';

CREATE TABLE analytics.drop_reconciliation (
    business_day  DATE    NOT NULL,
    report        VARCHAR NOT NULL,
    id            VARCHAR NOT NULL,
    difference    VARCHAR NOT NULL,
    field         VARCHAR,
    in_drops      VARCHAR,
    in_api        VARCHAR
);
COMMENT ON TABLE analytics.drop_reconciliation IS 'What file drops and API disagree on, one row per difference. Rows that the API may have changed since are not compared.';
COMMENT ON COLUMN analytics.drop_reconciliation.business_day IS 'Day of the drop, or, for what no drop has, the day on which it should have been in one.';
COMMENT ON COLUMN analytics.drop_reconciliation.report IS 'The report.';
COMMENT ON COLUMN analytics.drop_reconciliation.id IS 'What it is about: the order''s id in the shop for orders, else the subscription.';
COMMENT ON COLUMN analytics.drop_reconciliation.difference IS 'missing (the API does not have it), extra (no drop has it), other amount or other status.';
COMMENT ON COLUMN analytics.drop_reconciliation.field IS 'What differs; null where all of it is missing or extra.';
COMMENT ON COLUMN analytics.drop_reconciliation.in_drops IS 'What the drop says.';
COMMENT ON COLUMN analytics.drop_reconciliation.in_api IS 'What the API says.';

CREATE TABLE analytics.drop_reconciliation_days (
    business_day  DATE    NOT NULL,
    report        VARCHAR NOT NULL,
    files         BIGINT  NOT NULL,
    compared      BIGINT  NOT NULL,
    agreed        BIGINT  NOT NULL,
    differing     BIGINT  NOT NULL,
    waiting       BIGINT  NOT NULL,
    changed       BIGINT  NOT NULL
);
COMMENT ON TABLE analytics.drop_reconciliation_days IS 'How far file drops and API agree, one row per business day and report; analytics.drop_reconciliation has what they disagree on.';
COMMENT ON COLUMN analytics.drop_reconciliation_days.business_day IS 'Day that the drops tell about.';
COMMENT ON COLUMN analytics.drop_reconciliation_days.report IS 'The report.';
COMMENT ON COLUMN analytics.drop_reconciliation_days.files IS 'Files of that day.';
COMMENT ON COLUMN analytics.drop_reconciliation_days.compared IS 'Orders or subscriptions that were compared.';
COMMENT ON COLUMN analytics.drop_reconciliation_days.agreed IS 'Of these, the ones that agree in all that both tell.';
COMMENT ON COLUMN analytics.drop_reconciliation_days.differing IS 'Of these, the ones with a difference.';
COMMENT ON COLUMN analytics.drop_reconciliation_days.waiting IS 'Not compared: the API was not read since the file was finished.';
COMMENT ON COLUMN analytics.drop_reconciliation_days.changed IS 'Not compared: the API tells of a change after the file was finished.';
