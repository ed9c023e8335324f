-- Former states that ended before $before.
DELETE FROM {past} WHERE valid_to < $before;
