"""The root of every error that has a message for a person. Knows nothing of what raises it.

OgAssetsError
├── SettingError       settings: a value that cannot be used
├── OrdergrooveError   ordergroove/errors.py: reading the API
├── WarehouseError     warehouse/errors.py: the warehouse file
├── DropError          ordergroove/drops/errors.py: a file drop, or where they lie
├── WebhookError       webhooks/errors.py: the receiver and its inbox
├── SweepRefused       sync/sweep.py: a sweep that would not be safe
├── CannotForget       sync/forgetting.py: a person who cannot be forgotten yet
├── ExportRefused      commands/export.py: an export that cannot be written there
├── ReportRefused      report/report.py: a report that cannot be written there
├── PortTaken          commands/ports.py: another program listens there
├── NoSuchDocument     commands/documents.py: `og docs` has none of that name
└── StatementFailed    commands/query.py: DuckDB refused a statement
"""


class OgAssetsError(Exception):
    """What happened, to what, and what to do next, in words for a person; no secret, nothing of a record."""


class SettingError(OgAssetsError, ValueError):
    """A setting has a value that cannot be used; the message names the setting and what it takes."""


def what_stopped(error: BaseException) -> BaseException | None:
    """What stops the process (KeyboardInterrupt, or what Dagster raises), where that is the reason for `error`.

    DuckDB answers a signal that comes in the middle of a statement by an exception of its own, with it as the cause.
    """
    for reason in (error, error.__cause__):
        if reason is not None and not isinstance(reason, Exception):
            return reason
    return None


def message_of(error: BaseException) -> str:
    """What may be logged of an error: our own message, and of a foreign one its class, for it may quote a record."""
    return str(error) if isinstance(error, OgAssetsError) else type(error).__name__
