"""The tables that every warehouse has besides those of objects and what is derived: a row a column, with its meaning.

A column that a release adds stands at the end of its table, where an older warehouse gets it.
"""

from og_assets.warehouse.tables import stored_table

# fmt: off
EVENTS = stored_table("ordergroove", "events",
    "Webhook events as received, each once; unknown types too.", (
    ("event_id", "VARCHAR NOT NULL", "Ordergroove's id of the event."),
    ("type", "VARCHAR", "Event type, such as order.delete; null when the body has none."),
    ("family", "VARCHAR", "What the event is about: the type up to its point."),
    ("object_id", "VARCHAR", "Key of the object that the event is about; null when the body has none."),
    ("event_at", "TIMESTAMPTZ", "When it happened, Ordergroove's clock, whole seconds."),
    ("received_at", "TIMESTAMPTZ NOT NULL", "When the receiver had it, our clock."),
    ("raw", "VARCHAR NOT NULL", "Body as received; text, because it is never changed."),
    ("_sync_id", "BIGINT NOT NULL", "Reading of the inbox that brought it (ops.sync_runs)."),
))

SWEEP_FINDINGS = stored_table("ops", "sweep_findings",
    "Orders and items that a sweep found gone, each confirmed by a retrieve that answered 404.", (
    ("object", "VARCHAR NOT NULL", "orders or items."),
    ("id", "VARCHAR NOT NULL", "Its public_id."),
    ("source", "VARCHAR NOT NULL",
        "Why it was looked for: sweep (not among the open ones) or order_items (left out of its order's items)."),
    ("found_at", "TIMESTAMPTZ NOT NULL", "When the retrieve that answered 404 was sent, our clock."),
    ("last_seen_at", "TIMESTAMPTZ NOT NULL", "When it was last known to exist, our clock."),
    ("sync_id", "BIGINT NOT NULL", "The sweep (ops.sync_runs, mode sweep)."),
))

FIXED_TABLES = (
    EVENTS,
    SWEEP_FINDINGS,
    stored_table("ops", "schema_versions",
        "Changes of the warehouse schema, one row per version applied.", (
        ("version", "INTEGER NOT NULL", "Version, counted from 1."),
        ("applied_at", "TIMESTAMPTZ NOT NULL", "When it was applied."),
    )),
    stored_table("ops", "schema_digest",
        "One row: which tables and views, with which columns and meanings, were last made here or grown.", (
        ("digest", "VARCHAR NOT NULL", "Hash of their values."),
    )),
    stored_table("ops", "sync_runs",
        "One row per pull of one object; a pull that was resumed within its run keeps its row, one that a later run "
        "went on with has a row in each.", (
        ("sync_id", "BIGINT NOT NULL", "Number of the pull over all objects; a later pull has a greater one."),
        ("object", "VARCHAR NOT NULL", "Name of the object, which is also its table in schema ordergroove."),
        ("run_id", "VARCHAR", "Dagster run that pulled."),
        ("mode", "VARCHAR NOT NULL",
            ("What was asked for: since the watermark, a window of days, the whole history; what was looked up by key "
            "because changed rows name it; or a sweep, which has a window when it listed nothing.")),
        ("window_start", "TIMESTAMPTZ", "Earliest change that was asked for; null when there is no lower bound."),
        ("window_end", "TIMESTAMPTZ", "Latest change that was asked for; null when there is no upper bound."),
        ("filters", "JSON", "Parameters of the first page as sent, times on Ordergroove's clock."),
        ("watermark_before", "TIMESTAMPTZ", "Watermark of the object when the pull began."),
        ("watermark_after", "TIMESTAMPTZ", "Watermark of the object after the pull; null until it succeeded."),
        ("pages", "BIGINT", "Pages loaded."),
        ("requests", "BIGINT", "HTTP requests sent, retries included; a look-up of a sweep counts once."),
        ("retries", "JSON", "Retried requests: how many per status code or kind of failure."),
        ("records", "BIGINT", "Records received, quarantined ones and repetitions included."),
        ("inserted", "BIGINT", "Keys that the table did not have."),
        ("updated", "BIGINT", "Keys whose row was replaced."),
        ("unchanged", "BIGINT", "Keys whose row was left: the same already, or written by a later pull."),
        ("quarantined", "BIGINT", "Records that could not be loaded and went to ops.quarantine."),
        ("noted", "BIGINT", "Records loaded with a note about a value that did not fit its column."),
        ("bytes", "BIGINT", "Bytes of response bodies, uncompressed."),
        ("slowest_response_seconds", "DOUBLE", "Longest time that one response took."),
        ("clock_skew_seconds", "DOUBLE", "Ordergroove's clock minus ours at the first response."),
        ("started_at", "TIMESTAMPTZ NOT NULL",
            ("Start of the pull, our clock; with clock_skew_seconds added, Ordergroove's. With resumed_from: start "
            "of the first attempt.")),
        ("finished_at", "TIMESTAMPTZ",
            "When the pull succeeded or failed, our clock; null while running or when it died."),
        ("outcome", "VARCHAR NOT NULL",
            ("running, succeeded, failed, canceled (somebody stopped it), or abandoned (died and was followed by "
            "another pull).")),
        ("error", "VARCHAR", "Why it failed."),
        ("next_url", "VARCHAR", "Where the pull goes on after its last loaded page; null at the end."),
        ("last_load", "BIGINT",
            "Number of the last batch of this pull that wrote a row; batches are numbered as they commit."),
        ("resume_key", "VARCHAR",
            ("Of a first sync that is not complete: a keyed hash of address, API key, time zone and masking. A sync "
            "for which these are the same may go on with it.")),
        ("resumed_from", "BIGINT",
            ("Pull of an earlier run (sync_id) that this one went on with: its start is the start here, and its counts "
            "are in the counts here.")),
    )),
    stored_table("ops", "loads",
        "One row, which each transaction of the sync log changes: a lake refuses the second of two at once, should "
        "both believe that it is their turn.", (
        ("number", "BIGINT NOT NULL", "How many there were."),
    )),
    stored_table("ops", "sync_state",
        "Where each object stands: one row per object that was pulled completely.", (
        ("object", "VARCHAR NOT NULL", "Name of the object."),
        ("watermark", "TIMESTAMPTZ NOT NULL",
            "All that changed before this instant is loaded: the start of the last complete pull."),
        ("sync_id", "BIGINT NOT NULL", "Pull that moved it."),
        ("moved_at", "TIMESTAMPTZ NOT NULL", "When it was moved, our clock."),
    )),
    stored_table("ops", "quarantine",
        "Records that could not be loaded, each once, whole, with the reason.", (
        ("object", "VARCHAR NOT NULL", "Name of the object."),
        ("reason", "VARCHAR NOT NULL", "Why the record could not be loaded."),
        ("raw", "VARCHAR NOT NULL",
            ("The record as received, masked as ORDERGROOVE_PII says; text, because it need not be valid JSON or "
            "UTF-8.")),
        ("sync_id", "BIGINT NOT NULL", "Pull that met it first (ops.sync_runs)."),
        ("quarantined_at", "TIMESTAMPTZ NOT NULL", "When it was met first, our clock."),
        ("digest", "VARCHAR",
            ("Keyed hash of the record as received, by which it is kept once; null in rows of older releases.")),
        ("file", "VARCHAR", "File that it came in (ops.drop_files.name); null for a record of the API."),
        ("line", "BIGINT", "Its first line in that file, counted from 1, the header included."),
    )),
    stored_table("ops", "seen_keys",
        "Keys that a running pull of a whole list has seen; emptied when the pull is complete.", (
        ("object", "VARCHAR NOT NULL", "Name of the object."),
        ("sync_id", "BIGINT NOT NULL", "The pull (ops.sync_runs)."),
        ("key", "VARCHAR NOT NULL", "The key as a JSON list of its columns."),
    )),
    stored_table("ops", "inbox_state",
        "How far each webhook inbox was read. A saving only: an event that is read twice is kept once.", (
        ("identity", "VARCHAR NOT NULL", "Name that the inbox keeps for life."),
        ("position", "BIGINT NOT NULL", "Position of the last event that was read."),
    )),
    stored_table("ops", "derived_state",
        "How far each derived table has come; a table without a row is derived anew.", (
        ("table_name", "VARCHAR NOT NULL", "Derived table."),
        ("through_load", "BIGINT NOT NULL", "Greatest ops.sync_runs.last_load that is in it."),
        ("derived_at", "TIMESTAMPTZ NOT NULL", "When it was derived, our clock."),
    )),
    stored_table("ops", "checked_tables",
        "Tables of which all was found good; checks then look at what was loaded since, until the next night.", (
        ("table_name", "VARCHAR NOT NULL", "The table, with its schema."),
        ("checks", "VARCHAR NOT NULL", "Hash of its checks: others look at all of it again."),
        ("checked_at", "TIMESTAMPTZ NOT NULL", "When all of it was looked at, our clock."),
        ("since", "BIGINT NOT NULL",
            ("Of an object's table: the first pull (ops.sync_runs) that may have loaded since. Of a derived one: "
            "ops.derived_state.through_load when it was last found good.")),
        ("rows", "BIGINT NOT NULL", "Rows that it had then."),
        ("inserted", "BIGINT NOT NULL", "Sum of ops.sync_runs.inserted of its object then; 0 of a derived one."),
    )),
    stored_table("ops", "orders_to_total",
        "Orders whose rows in analytics.items_orders_bridge changed since analytics.order_totals was derived.", (
        ("order", "VARCHAR NOT NULL", "Order id."),
    )),
    stored_table("ops", "drop_files",
        "Every dropped file that was seen, once per name, size and time: a changed file has another row.", (
        ("name", "VARCHAR NOT NULL", "Name of the file."),
        ("size", "BIGINT NOT NULL", "Bytes, as listed."),
        ("modified_at", "TIMESTAMPTZ NOT NULL", "When it last changed, the clock of the place where it lies."),
        ("place", "VARCHAR NOT NULL", "Where it lay: the folder, or the address of the server."),
        ("report", "VARCHAR", "The report, which is also its table in schema drops; null for a file that is none."),
        ("business_day", "DATE", "Day that the file tells about: the one before its stamp, Central time."),
        ("stamped_at", "TIMESTAMPTZ", "When the file was finished, as its name says."),
        ("stamp_order", "VARCHAR", "How the stamp was read: month first, day first or year first."),
        ("is_full", "BOOLEAN", "Whether the name says that it is a full export."),
        ("sha256", "VARCHAR", "Hash of its bytes."),
        ("rows", "BIGINT", "Rows in it, refused ones included; the header and blank lines are none."),
        ("loaded", "BIGINT", "Rows that went into the table."),
        ("overtaken", "BIGINT", "Rows that were left out because a later file tells of the same key."),
        ("quarantined", "BIGINT", "Rows that went to ops.quarantine."),
        ("noted", "BIGINT", "Rows loaded with a note about a value that did not fit its column."),
        ("problem", "VARCHAR", "Why nothing of it was loaded; null when it was."),
        ("archived", "VARCHAR", "Where in the archive its copy is; null when none was kept."),
        ("fetched_at", "TIMESTAMPTZ", "When it was fetched, our clock."),
        ("loaded_at", "TIMESTAMPTZ NOT NULL", "When it was last loaded, our clock."),
        ("sync_id", "BIGINT", "The run that loaded it last (ops.sync_runs)."),
    )),
    stored_table("ops", "forgotten",
        "Customers who were forgotten (og forget): what a later sync, webhook or file drop brings of them is masked "
        "before it is loaded.", (
        ("digest", "VARCHAR NOT NULL", "HMAC-SHA256, keyed by ops.forgotten_key, of an id or what else tells of one."),
        ("forgotten_at", "TIMESTAMPTZ NOT NULL", "When that was first asked for, our clock."),
    )),
    stored_table("ops", "forgotten_key",
        "The key of the hashes in ops.forgotten, made at random with the first of them.", (
        ("key", "VARCHAR NOT NULL", "Hexadecimal digits."),
    )),
)
# fmt: on
"""All of them."""
