"""What a request asks of whoever helps, and what each resource offers, as labels.

Needs are matched to declared capability; which groups of the vocabulary concern a team, a van and a
place is policy. Insurance, residency and immigration status are no labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from directory.participants import Agreement
from dispatch.planning.bits import Authority, Label, OneOf, Seats, Serves, Speaks, Word
from dispatch.planning.policy import PlanningPolicy
from dispatch.request import CrisisRequest
from dispatch.words import Escort, Tier, Transporter
from registry.vocabulary import Vocabulary

LANGUAGE = "language"
INTERPRETER = "interpreter"
MUST_UNDERSTAND = "language_required"


@dataclass(frozen=True, slots=True)
class Asks:
    """The labels of a request, by the policy's groups."""

    policy: PlanningPolicy
    vocabulary: Vocabulary

    def team(self, request: CrisisRequest) -> list[Label]:
        """What the crew must have. A language is a wish unless the request insists; it leaves
        nobody at imminent risk alone."""
        labels = self._words(request, self.policy.team_groups)
        insists = MUST_UNDERSTAND in request.needs.words and request.tier is not Tier.IMMINENT
        return labels + (self._languages(request) if insists else [])

    def wished(self, request: CrisisRequest) -> list[Label]:
        """What would be better in a crew and costs minutes."""
        return self._words(request, self.policy.team_wished_groups)

    def van(self, request: CrisisRequest) -> list[Label]:
        """What a vehicle must offer, seats and authority among it."""
        labels = self._words(request, self.policy.van_groups)
        labels.append(seats(request))
        if not may_transport(request, Transporter.VAN):
            labels.append(Authority(Transporter.TEAM))
        return labels

    def place(self, request: CrisisRequest) -> list[Label]:
        """What a place must take; a bed is also bound by its type and its agreements."""
        labels = self._words(request, self.policy.place_groups)
        if request.needs.slot:
            return labels
        labels.append(Serves(request.zone))
        if request.needs.pool_types:
            labels.append(OneOf(request.needs.pool_types))
        return labels

    def _words(self, request: CrisisRequest, groups: Sequence[str]) -> list[Label]:
        asked = set(request.needs.words)
        if request.involuntary:
            asked = (asked - {"voluntary"}) | {"involuntary"}
        return [Word(word) for group in groups for word in self._group(group) if word in asked]

    def _languages(self, request: CrisisRequest) -> list[Label]:
        return [Speaks(word) for word in self._group(LANGUAGE) if word in request.needs.words]

    def _group(self, name: str) -> tuple[str, ...]:
        return self.vocabulary.needs[name]


def seats(request: CrisisRequest) -> Seats:
    """Seats for all who ride. A minor never rides alone: the escort has a seat, which is the
    crew's own where the team drives and escorts."""
    escort = request.guardianship.escort if request.guardianship else None
    if not request.needs.minor:
        return Seats(request.needs.seats)
    return Seats(max(2, request.needs.seats), crew=escort is Escort.CREW)


def may_transport(request: CrisisRequest, transporter: Transporter) -> bool:
    """An involuntary person is driven only by whom the custody names.

    Without a recorded basis the ride is planned, and refused until the basis is recorded.
    """
    if not request.involuntary or request.custody is None:
        return True
    return transporter in request.custody.transport_by


def somebody_of_ours_drives(request: CrisisRequest) -> bool:
    """Whether a van or the team may drive at all, or it is law enforcement or EMS alone."""
    return may_transport(request, Transporter.VAN) or may_transport(request, Transporter.TEAM)


@dataclass(frozen=True, slots=True)
class Offer:
    """What one resource says about itself; see `bits.Offer`."""

    words: frozenset[str] = frozenset()
    seats: int = 0
    type: str | None = None
    agreements: Sequence[Agreement] = ()
    transporter: Transporter | None = None

    def satisfies(self, label: Label) -> bool:
        """Whether the resource has what the label says."""
        match label:
            case Serves(zone):
                covers = (one.covers(zone, self.type or "") for one in self.agreements)
                return not self.agreements or any(covers)
            case OneOf(types):
                return self.type in types
            case Seats(count, crew):
                own = 1 if crew and self.transporter is Transporter.TEAM else 0
                return self.seats + own >= count
            case Authority(transporter):
                return self.transporter == transporter
            case Speaks(word):
                return word in self.words or INTERPRETER in self.words
            case Word(word):
                return word in self.words
