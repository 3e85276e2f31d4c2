"""Whether the process lives and which of its parts answer."""

from typing import Literal

from api.schemas.edge import Answer


class Alive(Answer):
    alive: Literal[True]


class Readiness(Answer):
    ready: bool
    parts: dict[str, Literal["ready", "missing", "late"]]
