"""What can go wrong with receiving webhooks, each with a message for a person.

    WebhookError
    ├── InboxError     the inbox cannot be used: locked, full, damaged, unwritable, or not an inbox
    └── ListenError    host and port cannot be listened on

No message contains anything of an event or a key.
"""

from pathlib import Path

from og_assets.errors import OgAssetsError

SETTING = "ORDERGROOVE_WEBHOOK_INBOX"


class WebhookError(OgAssetsError):
    """The root of what the receiver and its inbox raise."""


class InboxError(WebhookError):
    """The inbox cannot be read or written now; nothing of what was asked for may be taken as done."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"The webhook inbox {path} cannot be used: {problem}. Check that {SETTING} names a file of its own in a "
            f"folder that this user may write to, with free space, and that no other program holds it locked. "
            f"If the file is damaged, move it away together with its -wal and -shm files; a new one is made."
        )
        self.path = path
        self.problem = problem


class ListenError(WebhookError):
    """The receiver cannot listen where it was told to."""

    def __init__(self, host: str, port: int, problem: str) -> None:
        super().__init__(
            f"Cannot listen for webhooks on {host} port {port}: {problem}. Choose another port, "
            f"or stop the program that uses this one."
        )
