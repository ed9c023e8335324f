"""The SQL that is fixed, one file per thing it makes."""

from importlib.resources import files


def read_sql(name: str) -> str:
    """The text of the file `name` in this folder."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
