"""One root of all errors that a person reads, drawn as a tree in og_assets/errors.py."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator

import og_assets
from og_assets import errors

FOR_CALLERS = {
    "BadEnvelope": "the receiver answers 400",
    "BadParameter": "the emulator answers 400",
    "BrokenBody": "the page is asked for again, or what is no JSON masked whole",
    "Misfit": "the value goes to _notes, or its record to quarantine",
    "NoInboxYet": "who looks finds nothing, who stores makes one",
    "SignatureError": "the receiver answers 401",
    "Transient": "the request is tried again",
    "WorldError": "whoever steers the emulator asked for what cannot be",
    "WrongShape": "becomes UnexpectedPage",
}
"""Caught by who calls, what for: these never reach a person."""


def raised() -> Iterator[type[Exception]]:
    """Every exception that the package defines for more than one module."""
    for module in pkgutil.walk_packages(og_assets.__path__, "og_assets."):
        if module.name.endswith(("__main__", "warm_up")):
            continue
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if found.__module__ == module.name and issubclass(found, Exception) and not found.__name__.startswith("_"):
                yield found


def test_every_error_has_the_one_root_or_never_reaches_a_person() -> None:
    others = {
        error.__name__
        for error in raised()
        if not issubclass(error, errors.OgAssetsError)
        and not {base.__name__ for base in error.__mro__[1:]} & FOR_CALLERS.keys()
    }
    assert others == FOR_CALLERS.keys()


def test_the_tree_shows_every_branch_of_the_root_and_where_it_is() -> None:
    tree = re.findall(r"^[├└]── (\w+) +(\S+?):? ", errors.__doc__ or "", re.MULTILINE)
    branches = [error for error in raised() if error.__bases__[0] is errors.OgAssetsError]
    found = {
        error.__name__: error.__module__.removeprefix("og_assets.").replace(".", "/") + ".py" for error in branches
    }
    assert {**dict(tree), "SettingError": "errors.py"} == found
