"""The keys of a policy's table: a misspelt one is refused, for nobody would see it ignored."""

from collections.abc import Iterable, Mapping
from typing import Any


class BadTable(ValueError):
    """A table of a policy file lacks a key, or has one that nothing reads."""


def check_keys(where: str, table: Any, needed: Iterable[str], optional: Iterable[str] = ()) -> None:
    """Raises BadTable naming the first key that is too many or too few."""
    if not isinstance(table, Mapping):
        raise BadTable(f"{where}: must be a table")
    required = set(needed)
    if strange := sorted(table.keys() - required - set(optional)):
        raise BadTable(f"{where}.{strange[0]}: there is no such key".removeprefix("."))
    if missing := sorted(required - table.keys()):
        raise BadTable(f"{where}.{missing[0]}: is missing".removeprefix("."))
