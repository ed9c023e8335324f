"""What can go wrong between a file drop and its rows, as a tree. No message holds a secret or anything of a row.

DropError
├── DropsUnreachable    no connection, or it is cut again and again; another try may do
├── WrongHostKey        the server is not the one that the setting names
├── LoginRefused        user, password or key
├── NoDropFolder        the folder is not there or may not be read
├── DropChanged         a file is no longer the one that was listed
├── DropGone            a file is neither in the archive nor at its source any more
└── DropUnreadable      a file cannot be unpacked
"""

from og_assets.errors import OgAssetsError


class DropError(OgAssetsError):
    """The root of everything that reading file drops raises."""


class DropsUnreachable(DropError):
    """The place where drops lie does not answer, or stops to."""


class WrongHostKey(DropError):
    """The server showed another key than ORDERGROOVE_DROPS_HOST_KEY names; nothing was sent to it."""


class LoginRefused(DropError):
    """The server knows neither the password nor the key."""


class NoDropFolder(DropError):
    """The folder of the drops is not there, or may not be read."""


class DropChanged(DropError):
    """A file changed while it was fetched; the next run takes it as it is then."""


class DropGone(DropError):
    """A file that is to be read again is neither in the archive nor at its source."""


class DropUnreadable(DropError):
    """A file is cut short or is no archive of one report; it is taken again when it changes."""
