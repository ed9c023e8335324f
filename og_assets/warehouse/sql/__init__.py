"""The SQL that is fixed, one file per thing it makes."""
