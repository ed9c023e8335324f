"""Starts commands as a shell without job control starts them in the background: with signals that are ignored."""


def ignoring(*signals: str) -> list[str]:
    """What stands before a command that is to ignore these signals (INT, TERM), as its children would."""
    return ["sh", "-c", f"trap '' {' '.join(signals)}; exec \"$@\"" if signals else 'exec "$@"', "sh"]
