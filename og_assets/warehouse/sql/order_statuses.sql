-- What each status of an order means: the same in every warehouse, made anew with its schema.
CREATE OR REPLACE TABLE ordergroove.order_statuses (
    code      SMALLINT NOT NULL,
    name      VARCHAR  NOT NULL,
    meaning   VARCHAR  NOT NULL,
    is_open   BOOLEAN  NOT NULL,
    is_final  BOOLEAN  NOT NULL
);
COMMENT ON TABLE ordergroove.order_statuses IS 'The documented order status codes (reference: order-status-codes). 2, 7, 8 and 16 are not documented.';
COMMENT ON COLUMN ordergroove.order_statuses.code IS 'orders.status.';
COMMENT ON COLUMN ordergroove.order_statuses.name IS 'Ordergroove''s name; 19 and 20 have none and are named by their meaning.';
COMMENT ON COLUMN ordergroove.order_statuses.meaning IS 'What it says about an order.';
COMMENT ON COLUMN ordergroove.order_statuses.is_open IS 'Whether the order is still to be placed or tried again, and so may be deleted.';
COMMENT ON COLUMN ordergroove.order_statuses.is_final IS 'Whether the order stays as it is.';
INSERT INTO ordergroove.order_statuses VALUES
    ( 1, 'UNSENT', 'Waits for its place date; may be deleted.', TRUE, FALSE),
    ( 3, 'REJECTED', 'Refused by the shop, or its retries are used up.', FALSE, TRUE),
    ( 4, 'CANCELLED', 'Cancelled or skipped before it was placed.', FALSE, TRUE),
    ( 5, 'SUCCESS', 'Placed.', FALSE, TRUE),
    ( 6, 'SEND_NOW', 'About to be placed; the next order exists already.', TRUE, FALSE),
    ( 9, 'PENDING_BATCH_RESPONSE', 'Placed by file; awaits the file of answers.', TRUE, FALSE),
    (10, 'PENDING_VERIFICATION', 'Awaits the confirmation of the shop.', TRUE, FALSE),
    (11, 'PENDING_PLACEMENT', 'Queued for placement.', TRUE, FALSE),
    (12, 'EXCEPTION_DURING_PLACEMENT_PREPARATION', 'Failed before an attempt; tried at the next placement.', TRUE, FALSE),
    (13, 'CONNECTION_ERROR_DURING_PLACEMENT', 'The outcome of the attempt is unknown; may be tried again.', TRUE, FALSE),
    (14, 'RESPONSE_PROCESSING_ERROR', 'The shop''s answer could not be read; not tried again.', FALSE, TRUE),
    (15, 'GENERIC_ERROR_RESPONSE', 'The shop answered 999; tried again.', TRUE, FALSE),
    (17, 'MERGED', 'Folded into the order that extra_data.merged_order_id names.', FALSE, TRUE),
    (18, 'CREDIT_CARD_RETRY', 'The card was declined; in the cycle of retries.', TRUE, FALSE),
    (19, 'AWAITING_RETRY_INSTRUCTIONS', 'Failed and classified; waits to be retried or rejected.', TRUE, FALSE),
    (20, 'AWAITING_RESPONSE_CLASSIFICATION', 'Failed; the failure is being classified.', TRUE, FALSE);
