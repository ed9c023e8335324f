"""What can go wrong between us and Ordergroove, as a tree. Knows nothing of HTTP libraries.

    OrdergrooveError
    ├── Refused                a final answer: asking again would not change it
    │   ├── BadParameter         400
    │   ├── WrongKey             401, or a key that no header can carry
    │   ├── MissingPermission    403
    │   ├── NotFoundOnList       404 where a list should be
    │   └── Redirected           3xx
    ├── StillFailing           every try failed: 423, 429, 5xx, time-outs, broken connections
    │   └── Unreachable          no connection at all
    ├── UnexpectedPage         an answer that is neither a page nor a record
    ├── PagingFailed           the way from page to page cannot be followed
    │   ├── CursorLoop           a `next` seen before, or empty pages without end
    │   ├── ForeignNext          a `next` that leaves the configured host
    │   └── CursorExpired        400 or 404 on a `next`: start this pull again from its first page
    ├── StoppedByAnother       another step of the run looked first and could not read
    │   └── DelayedByAnother     the same, and another try may succeed (a StillFailing too)
    └── Closed                 the client was closed while it was reading

No message contains the API key, an address with its query, or anything of a record.
"""

from typing import ClassVar

from og_assets.errors import OgAssetsError


class OrdergrooveError(OgAssetsError):
    """The root of everything that reading Ordergroove raises.

    `where` names what was being read ("orders, page 3"), `detail` what was seen there. The class
    adds what that means (`happened`) and what a person can do about it (`advice`).
    """

    happened: ClassVar[str] = "Ordergroove could not be read"
    advice: ClassVar[str] = ""

    def __init__(self, where: str, detail: str = "") -> None:
        super().__init__(where, detail)
        self.where = where
        self.detail = detail

    def __str__(self) -> str:
        """One paragraph: where, what happened, what was seen, what to do."""
        seen = f" ({self.detail})" if self.detail else ""
        return f"{self.where}: {self.happened}{seen}. {self.advice}".rstrip()


class Refused(OrdergrooveError):
    """Ordergroove answered with a status that a retry does not change."""

    happened = "Ordergroove refuses the request"
    advice = "Check that ORDERGROOVE_BASE_URL is the REST API (https://restapi.ordergroove.com or its staging host)."


class BadParameter(Refused):
    """400: a query parameter is wrong. The detail has the names Ordergroove gave, no values."""

    happened = "Ordergroove does not accept a query parameter"
    advice = "Compare the parameters of this object in og_assets/ordergroove/objects.py with its API reference page."


class WrongKey(Refused):
    """401: the API key is missing, mistyped or revoked."""

    happened = "Ordergroove does not know the API key"
    advice = (
        "Set ORDERGROOVE_API_KEY to a key of the same environment as ORDERGROOVE_BASE_URL; "
        "keys are issued at https://rc3.ordergroove.com/keys/."
    )


class MissingPermission(Refused):
    """403: the key is not allowed to read this, or the authentication failed."""

    happened = "Ordergroove does not let this API key read here"
    advice = (
        "Check that ORDERGROOVE_API_KEY is an Application API key with the Bulk Operations permission, "
        "and of the same environment as ORDERGROOVE_BASE_URL."
    )


class NotFoundOnList(Refused):
    """404 where a list should be: the configuration is wrong, nothing is deleted."""

    happened = "there is no such list at this address"
    advice = "Check ORDERGROOVE_BASE_URL: it is scheme and host only, for example https://restapi.ordergroove.com."


class Redirected(Refused):
    """3xx: the API never redirects, and a redirect could carry the key elsewhere, so none is followed."""

    happened = "the server answers with a redirect, which is not followed"
    advice = "Set ORDERGROOVE_BASE_URL to the final address of the REST API, with https."


class StillFailing(OrdergrooveError):
    """All tries were used up. The detail has the faults by kind."""

    happened = "Ordergroove kept failing until the retries were used up"
    advice = "Nothing of this pull is lost: run it again later. If it lasts, ask Ordergroove's support."


class Unreachable(StillFailing):
    """No connection to the host: name, port, certificate, firewall or proxy."""

    happened = "no connection to Ordergroove"
    advice = (
        "Check ORDERGROOVE_BASE_URL, the network, and that no proxy or firewall stands in between; then run it again."
    )


class StoppedByAnother(OrdergrooveError):
    """Not tried: another step of the same run looked at Ordergroove first and failed. The detail names that step."""

    happened = "not tried, because another step of this run looked at Ordergroove first and could not read it"
    advice = "The message of that step says why."


class DelayedByAnother(StoppedByAnother, StillFailing):
    """As StoppedByAnother, for a fault that may pass."""


class UnexpectedPage(OrdergrooveError):
    """An answer with status 200 that is not what the API reference describes."""

    happened = "the answer is not a page of records"
    advice = (
        "Check that ORDERGROOVE_BASE_URL is the REST API and that no proxy rewrites its answers; "
        "if it is, Ordergroove's format has changed."
    )


class PagingFailed(OrdergrooveError):
    """A pull cannot go on from the page it has reached."""

    happened = "the next page cannot be read"
    advice = "Run it again: it starts from the first page."


class CursorLoop(PagingFailed):
    """The pages lead back to a page already read, or stay empty without end."""

    happened = "the pages go round in a circle"
    advice = "Run it again; if it lasts, report the object and the time to Ordergroove's support."


class ForeignNext(PagingFailed):
    """The next page is said to be on another scheme, host or port; the key is not sent there."""

    happened = "the next page is said to be on another host, where the API key is never sent"
    advice = (
        "If that host is right, set ORDERGROOVE_BASE_URL to it, exactly as Ordergroove writes it; "
        "otherwise a proxy or an attacker changes the answers."
    )


class CursorExpired(PagingFailed):
    """Ordergroove no longer accepts the address of the next page."""

    happened = "Ordergroove no longer accepts the cursor of the next page"
    advice = "Run it again: it starts from the first page."


class Closed(OrdergrooveError):
    """The client was closed, by the end of its `with` block, while a request was on its way."""

    happened = "the reading was stopped before its end"
    advice = "Nothing of this page was used."
