"""What must hold before a person is moved: each rule is one function that says why not, or None."""

from collections.abc import Callable

from dispatch.request import CrisisRequest
from dispatch.words import Consent, CrewAnswer, FacilityAnswer, Transporter

Rule = Callable[[CrisisRequest], str | None]


def facility_has_accepted(request: CrisisRequest) -> str | None:
    """Nobody is driven to an involuntary or secure place before its facility accepted by name."""
    bound = request.involuntary or "secure" in request.needs.words
    if bound and request.facility_answer is not FacilityAnswer.ACCEPTED:
        return "the facility has not accepted yet: ask it by telephone"
    return None


def place_is_claimed(request: CrisisRequest) -> str | None:
    """A person is taken to a place that is kept for them."""
    return None if request.held.place else "no place is claimed: ask for one first"


def transporter_is_authorised(request: CrisisRequest) -> str | None:
    """An involuntary person is driven only by who may: a secure van is no authority by itself."""
    if not request.involuntary:
        return None
    if request.custody is None:
        return "involuntary without a legal basis: record basis, custody and who may transport"
    if not _drivers(request) & request.custody.transport_by:
        return "who drives may not transport under this custody"
    return None


def _drivers(request: CrisisRequest) -> frozenset[Transporter]:
    """Who drives: the claimed van, else the team; without either it is police or EMS."""
    if request.held.van:
        return frozenset({Transporter.VAN})
    if request.held.team:
        return frozenset({Transporter.TEAM})
    return frozenset({Transporter.LAW_ENFORCEMENT, Transporter.EMS})


def minor_is_accompanied(request: CrisisRequest) -> str | None:
    """A minor rides with an escort, and with the guardian's consent or in a declared emergency."""
    if not request.needs.minor:
        return None
    guardianship = request.guardianship
    if guardianship is None or guardianship.escort is None:
        return "a minor needs an escort: record who rides along"
    if guardianship.consent not in (Consent.GIVEN, Consent.EMERGENCY):
        return "the guardian's consent is missing"
    return None


def person_may_refuse(request: CrisisRequest) -> str | None:
    """An involuntary person's refusal does not end the request: whoever has custody decides."""
    if request.involuntary:
        return "an involuntary status stands: whoever has custody ends it"
    return None


def nobody_has_answered(request: CrisisRequest) -> str | None:
    """An acceptance is taken back only while neither crew nor facility relies on it."""
    if request.crew_answer is CrewAnswer.ACKNOWLEDGED:
        return "the crew has its task already: call it before you change anything"
    if request.facility_answer is FacilityAnswer.ACCEPTED:
        return "the facility has accepted already: call it before you change anything"
    return None
