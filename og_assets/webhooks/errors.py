"""What can go wrong with receiving webhooks, each with a message for a person.

    WebhookError
    ├── InboxError     the inbox cannot be used: locked, full, damaged, unwritable, or not an inbox
    └── ListenError    host and port cannot be listened on

No message contains anything of an event or a key.
"""

from typing import Protocol

from og_assets.errors import OgAssetsError


class WebhookError(OgAssetsError):
    """The root of what the receiver and its inbox raise."""


class InboxPlace(Protocol):
    """Where an inbox is, as far as a message tells."""

    @property
    def advice(self) -> str:
        """What to look at when it cannot be used."""


class InboxError(WebhookError):
    """The inbox cannot be read or written now; nothing of what was asked for may be taken as done."""

    def __init__(self, place: InboxPlace, problem: str) -> None:
        super().__init__(f"The webhook inbox {place} cannot be used: {problem}. {place.advice}")
        self.problem = problem


class ListenError(WebhookError):
    """The receiver cannot listen where it was told to."""

    def __init__(self, host: str, port: int, problem: str) -> None:
        super().__init__(
            f"Cannot listen for webhooks on {host} port {port}: {problem}. Choose another port, "
            f"or stop the program that uses this one."
        )
