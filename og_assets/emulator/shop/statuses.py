"""The codes that tell where an order stands, and their names (reference: order-status-codes)."""

UNSENT, REJECTED, CANCELLED, SUCCESS, SEND_NOW = 1, 3, 4, 5, 6
PENDING_BATCH_RESPONSE, PENDING_VERIFICATION, PENDING_PLACEMENT, PREPARATION_FAILED = 9, 10, 11, 12
CONNECTION_ERROR, UNREADABLE_RESPONSE, GENERIC_ERROR, MERGED, CARD_RETRY = 13, 14, 15, 17, 18
AWAITING_INSTRUCTIONS, AWAITING_CLASSIFICATION = 19, 20

NAMES = {
    UNSENT: "Unsent",
    REJECTED: "Rejected",
    CANCELLED: "Cancelled",
    SUCCESS: "Success",
    SEND_NOW: "Send now",
    PENDING_BATCH_RESPONSE: "Pending batch response",
    PENDING_VERIFICATION: "Pending verification",
    PENDING_PLACEMENT: "Pending placement",
    PREPARATION_FAILED: "Exception during placement preparation",
    CONNECTION_ERROR: "Connection error during placement",
    UNREADABLE_RESPONSE: "Response processing error",
    GENERIC_ERROR: "Generic error response",
    MERGED: "Merged",
    CARD_RETRY: "Credit card retry",
    AWAITING_INSTRUCTIONS: "Awaiting retry instructions",
    AWAITING_CLASSIFICATION: "Awaiting response classification",
}

RETRIED = (
    PREPARATION_FAILED,
    CONNECTION_ERROR,
    GENERIC_ERROR,
    CARD_RETRY,
    AWAITING_INSTRUCTIONS,
    AWAITING_CLASSIFICATION,
)
"""Statuses that the next nightly placement takes up again."""

IN_PLACEMENT = (PENDING_BATCH_RESPONSE, PENDING_VERIFICATION, PENDING_PLACEMENT)
"""Statuses of an attempt that the shop has not answered yet."""

TO_BE_PLACED = (UNSENT, SEND_NOW, *RETRIED)
"""Statuses that the nightly placement looks at."""
