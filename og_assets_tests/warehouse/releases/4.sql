-- Schema version 4. Quarantined records are told apart by what came, which `raw` need not show: it is masked.

ALTER TABLE ops.quarantine ADD COLUMN digest VARCHAR;
COMMENT ON COLUMN ops.quarantine.digest IS 'Keyed hash of the record as received, by which it is kept once; null in rows of older releases.';
COMMENT ON COLUMN ops.quarantine.raw IS 'The record as received, masked as ORDERGROOVE_PII says; text, because it need not be valid JSON or UTF-8.';
COMMENT ON TABLE ops.quarantine IS 'Records that could not be loaded, each once, whole, with the reason.';
