-- PostgreSQL: the instant of the next free request, by host. What it says is worth a second, so nothing logs it.
-- The lock: of two sessions that make a schema at once one would fail.
SELECT pg_advisory_lock(hashtextextended('og_assets//pace', 0));
CREATE SCHEMA IF NOT EXISTS og_assets;
CREATE UNLOGGED TABLE IF NOT EXISTS og_assets.pace (name TEXT PRIMARY KEY, next_start TIMESTAMPTZ NOT NULL);
SELECT pg_advisory_unlock(hashtextextended('og_assets//pace', 0));
SET synchronous_commit = off;
