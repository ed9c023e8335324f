-- Plain records (ordergroove/plain.py) as rows: members are taken out of the records as they came. Amounts are taken as
-- text, because a number of JSON would go through a float.
SELECT
    {values},
    _row
FROM (
    SELECT _row, _synced_at, record, json_transform(record, {members}) AS taken
    FROM read_csv(
        {path},
        delim = '\t', quote = '', escape = '', comment = '', new_line = '\n', header = false, auto_detect = false,
        columns = {{_row: 'BIGINT', _synced_at: 'TIMESTAMPTZ', record: 'VARCHAR'}},
        max_line_size = {longest}, buffer_size = {buffer}
    )
)
