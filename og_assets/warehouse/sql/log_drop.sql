-- A dropped file in ops.drop_files, in the place of what was known of the same one.
INSERT INTO ops.drop_files BY NAME
SELECT
    $name          AS name,
    $size          AS size,
    $modified_at   AS modified_at,
    $place         AS place,
    $report        AS report,
    $business_day  AS business_day,
    $stamped_at    AS stamped_at,
    $stamp_order   AS stamp_order,
    $is_full       AS is_full,
    $sha256        AS sha256,
    $rows          AS rows,
    $loaded        AS loaded,
    $overtaken     AS overtaken,
    $quarantined   AS quarantined,
    $noted         AS noted,
    $problem       AS problem,
    $archived      AS archived,
    $fetched_at    AS fetched_at,
    now()          AS loaded_at,
    $sync_id       AS sync_id;
