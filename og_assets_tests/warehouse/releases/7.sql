-- How states came to be: what webhooks told, and what two syncs found different.

CREATE TABLE analytics.order_status_changes (
    "order"        VARCHAR     NOT NULL,
    step           INTEGER     NOT NULL,
    from_status    SMALLINT,
    to_status      SMALLINT    NOT NULL,
    changed_at     TIMESTAMPTZ NOT NULL,
    changed_after  TIMESTAMPTZ,
    changed_by     TIMESTAMPTZ,
    source         VARCHAR     NOT NULL,
    event_id       VARCHAR,
    event_type     VARCHAR
);
COMMENT ON TABLE analytics.order_status_changes IS 'One row per step of an order from status to status, in order of time. Each webhook of that kind is one step; what webhooks did not tell is there with bounds.';
COMMENT ON COLUMN analytics.order_status_changes."order" IS 'Order id; also of orders that came and went between two syncs.';
COMMENT ON COLUMN analytics.order_status_changes.step IS 'Number of the step, from 1.';
COMMENT ON COLUMN analytics.order_status_changes.from_status IS 'Status of the step before; null at the first.';
COMMENT ON COLUMN analytics.order_status_changes.to_status IS 'Status code then (ordergroove.order_statuses), by the type of the event; -1 when it was deleted.';
COMMENT ON COLUMN analytics.order_status_changes.changed_at IS 'When, as the event says; without one as history has it (valid_from), or when it was found gone.';
COMMENT ON COLUMN analytics.order_status_changes.changed_after IS 'Without an event: it happened after this instant; null when nothing bounds it.';
COMMENT ON COLUMN analytics.order_status_changes.changed_by IS 'Without an event: it happened at or before this instant.';
COMMENT ON COLUMN analytics.order_status_changes.source IS 'event, history (two syncs differ), record (the state when first seen, or seen again), tombstone.';
COMMENT ON COLUMN analytics.order_status_changes.event_id IS 'The event (ordergroove.events), for source event.';
COMMENT ON COLUMN analytics.order_status_changes.event_type IS 'Its type.';

CREATE TABLE analytics.subscription_changes (
    subscription   VARCHAR     NOT NULL,
    customer       VARCHAR,
    what           VARCHAR     NOT NULL,
    old_value      VARCHAR,
    new_value      VARCHAR,
    changed_at     TIMESTAMPTZ NOT NULL,
    changed_after  TIMESTAMPTZ,
    changed_by     TIMESTAMPTZ,
    source         VARCHAR     NOT NULL,
    event_id       VARCHAR
);
COMMENT ON TABLE analytics.subscription_changes IS 'One row per known change of a subscription: what, from what, to what, when or between when and when, and who says so.';
COMMENT ON COLUMN analytics.subscription_changes.subscription IS 'Subscription id.';
COMMENT ON COLUMN analytics.subscription_changes.customer IS 'Customer id in the shop; null when the subscription was never fetched.';
COMMENT ON COLUMN analytics.subscription_changes.what IS 'created, cancelled, reactivated, product, quantity, frequency (every x period), price, offer, components, payment, shipping_address, renewal, prepaid (left of each billing).';
COMMENT ON COLUMN analytics.subscription_changes.old_value IS 'Value before: ids and numbers; null when only an event tells, or there was none.';
COMMENT ON COLUMN analytics.subscription_changes.new_value IS 'Value after, likewise.';
COMMENT ON COLUMN analytics.subscription_changes.changed_at IS 'When, as the event says; without one as history has it.';
COMMENT ON COLUMN analytics.subscription_changes.changed_after IS 'Without an event: it happened after this instant; null when nothing bounds it.';
COMMENT ON COLUMN analytics.subscription_changes.changed_by IS 'Without an event: it happened at or before this instant.';
COMMENT ON COLUMN analytics.subscription_changes.source IS 'event+history (both tell of it), event (undone before the next sync, or the same value set again), history (no event came), record (as first seen).';
COMMENT ON COLUMN analytics.subscription_changes.event_id IS 'The event (ordergroove.events); null without one.';
