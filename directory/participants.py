"""Those who take part. Positions are degrees (lon, lat); words are the vocabulary's."""

from dataclasses import dataclass
from datetime import date

EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Organization:
    """Who runs facilities and crews. `fictional` ones exist for a demonstration only."""

    id: str
    name: str
    phone: str = ""
    fictional: bool = False


@dataclass(frozen=True, slots=True)
class Facility:
    """A place that receives people, or a provider's clinic. `zone` is the zone that it lies in."""

    id: str
    organization: str
    name: str
    zone: str
    lon: float
    lat: float
    phone: str
    kind: str
    fictional: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """What a facility offers, and to whom: `type` is a pool type or a slot mode."""

    id: str
    facility: str
    name: str
    type: str
    takes: tuple[str, ...] = ()
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A facility takes people of a zone (or of everywhere) into these types of pools."""

    facility: str
    zone: str
    pool_types: tuple[str, ...]

    def covers(self, zone: str, pool_type: str) -> bool:
        """Whether a person of `zone` may be sent there for a place of this type."""
        return self.zone in (zone, EVERYWHERE) and pool_type in self.pool_types


@dataclass(frozen=True, slots=True)
class Credential:
    """What a crew member is certified for, in a crew word; valid through the day `expires_on`."""

    word: str
    expires_on: date

    def __str__(self) -> str:
        return f"{self.word} until {self.expires_on}"

    def lapsed(self, today: date) -> bool:
        """Whether it has run out; `today` is the calendar day in the region's own zone."""
        return today > self.expires_on


@dataclass(frozen=True, slots=True)
class CrewMember:
    """A member of a mobile crisis team's crew, or a driver; `team` None is nobody's crew now."""

    id: str
    name: str
    team: str | None
    credentials: tuple[Credential, ...] = ()

    def lapsed(self, today: date) -> tuple[Credential, ...]:
        """The credentials that have run out: they warn, and need a supervisor's reason."""
        return tuple(credential for credential in self.credentials if credential.lapsed(today))
