"""The codes that tell where an order stands, and their names (reference: order-status-codes)."""

UNSENT, REJECTED, CANCELLED, SUCCESS, SEND_NOW = 1, 3, 4, 5, 6
CONNECTION_ERROR, GENERIC_ERROR, MERGED, CARD_RETRY = 13, 15, 17, 18

NAMES = {
    UNSENT: "Unsent",
    REJECTED: "Rejected",
    CANCELLED: "Cancelled",
    SUCCESS: "Success",
    SEND_NOW: "Send now",
    CONNECTION_ERROR: "Connection error during placement",
    GENERIC_ERROR: "Generic error response",
    MERGED: "Merged",
    CARD_RETRY: "Credit card retry",
}

RETRIED = (CONNECTION_ERROR, GENERIC_ERROR, CARD_RETRY)
"""Statuses that the next nightly placement takes up again."""

TO_BE_PLACED = (UNSENT, SEND_NOW, *RETRIED)
"""Statuses that the nightly placement looks at."""
