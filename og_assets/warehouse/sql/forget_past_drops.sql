-- Rows of files of which a later one told before $before.
DELETE FROM {past}
WHERE (_file, _line) IN (SELECT (_file, _line) FROM history.drops_{report} WHERE told_until < $before);
