"""Who does it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or process behind a command; kept with every audit line.

    `role` is a role of the accounts (`dispatcher`, `facility`, …) or `system`; `scope` is the id of
    the facility, provider or team that the role is limited to, or None.
    """

    id: str
    role: str
    scope: str | None
    name: str


def system(name: str) -> Actor:
    """A process of ours, such as the keeper, acting by a rule and for nobody in particular."""
    return Actor(id=f"system:{name}", role="system", scope=None, name=name)
