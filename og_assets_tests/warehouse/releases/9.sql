-- Whom the merchant was asked to forget, told by keyed hashes.

CREATE TABLE ops.forgotten (
    digest        VARCHAR     NOT NULL,
    forgotten_at  TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE ops.forgotten IS 'Customers who were forgotten (og forget): what a later sync or webhook brings of them is masked before it is written.';
COMMENT ON COLUMN ops.forgotten.digest IS 'HMAC-SHA256 of the customer id with the key of ops.forgotten_key.';
COMMENT ON COLUMN ops.forgotten.forgotten_at IS 'When that was first asked for, our clock.';

CREATE TABLE ops.forgotten_key (key VARCHAR NOT NULL);
COMMENT ON TABLE ops.forgotten_key IS 'The key of the hashes in ops.forgotten, made at random with the first of them.';
COMMENT ON COLUMN ops.forgotten_key.key IS 'Hexadecimal digits.';
