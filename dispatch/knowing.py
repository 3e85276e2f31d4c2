"""A request as it is opened, and as it is known better later. Pure.

Whatever is learnt, tier and target follow from the policy, and custody starts its clock when it
began, not when it was written down.
"""

from dataclasses import replace
from typing import Any

from dispatch.commands import OpenRequest, Triage
from dispatch.errors import Invalid
from dispatch.joining import joined_hazards, joined_risk
from dispatch.policy import Policy
from dispatch.request import CrisisRequest, Guardianship, Needs
from dispatch.triage import triage
from dispatch.words import State
from registry.vocabulary import UnknownWord, Vocabulary

AHEAD_MS = 30_000
"""How far a clock at the edge may be ahead of ours."""

LEARNT = ("risk", "urgency", "needs", "custody", "guardianship", "hazards")


def opened(command: OpenRequest, policy: Policy, now_ms: int) -> CrisisRequest:
    """The first version of a request. Raises Invalid when custody begins in the future."""
    opened_ms = _opened_ms(command, now_ms)
    graded = triage(command.risk, command.urgency, opened_ms, policy)
    request = CrisisRequest(
        id=command.request,
        version=1,
        state=State.REQUESTED,
        opened_ms=opened_ms,
        stepped_ms=opened_ms,
        zone=command.zone,
        place=command.place,
        lon=command.lon,
        lat=command.lat,
        needs=command.needs,
        risk=command.risk,
        urgency=command.urgency,
        tier=graded.tier,
        target_ms=graded.target_ms,
        policy=policy.version,
        owner=command.owner,
        custody=command.custody,
        guardianship=command.guardianship,
        hazards=command.hazards,
        changed_ms=now_ms,
    )
    return _in_custody(_with_guardian(request), policy, now_ms)


def _opened_ms(command: OpenRequest, now_ms: int) -> int:
    """When the call came. Raises Invalid for one of the future, or by hand without its time."""
    if command.at_ms is None:
        if command.downtime:
            raise Invalid("what was written by hand has a time of its own")
        return now_ms
    if command.at_ms > now_ms + AHEAD_MS:
        raise Invalid("nobody calls in the future")
    return min(command.at_ms, now_ms)


def learnt(request: CrisisRequest, command: Triage, policy: Policy, now_ms: int) -> CrisisRequest:
    """The request with what is known now; None leaves as it was. Raises Invalid as `opened`."""
    given = {name: getattr(command, name) for name in LEARNT}
    known = replace(request, **{name: value for name, value in given.items() if value is not None})
    return _in_custody(_with_guardian(_graded(known, policy)), policy, now_ms)


def happened_ms(
    request: CrisisRequest, at_ms: int | None, now_ms: int, *, downtime: bool = False
) -> int:
    """When what is told happened: `at_ms`, or now where none is given.

    Raises Invalid for a time in the future or before the request was opened, and, for what was
    written by hand in a downtime, before the last step that is known or with no time at all.
    """
    if at_ms is None:
        if downtime:
            raise Invalid("what was written by hand has a time of its own")
        return now_ms
    if at_ms > now_ms + AHEAD_MS:
        raise Invalid("what happened cannot have happened in the future")
    if at_ms < request.opened_ms:
        raise Invalid("nothing can have happened before the request was opened")
    if downtime and at_ms < request.stepped_ms:
        raise Invalid("the step before it happened later: check the times")
    return min(at_ms, now_ms)


def told_late(at_ms: int | None, happened_ms: int, *, downtime: bool) -> dict[str, Any]:
    """What the audit says besides of something that was told with its time."""
    if at_ms is None:
        return {}
    return {"happened_ms": happened_ms} | ({"downtime": True} if downtime else {})


def took_over(stays: CrisisRequest, duplicate: CrisisRequest, policy: Policy) -> CrisisRequest:
    """The request that stays, with the risk and the urgency of both, and the custody of either."""
    joined = replace(
        stays,
        risk=joined_risk(stays.risk, duplicate.risk),
        urgency=max(stays.urgency, duplicate.urgency),
        custody=stays.custody or duplicate.custody,
        custody_due_ms=stays.custody_due_ms or duplicate.custody_due_ms,
        guardianship=stays.guardianship or duplicate.guardianship,
        hazards=joined_hazards(stays.hazards, duplicate.hazards),
    )
    return _graded(joined, policy)


def check_needs(needs: Needs, vocabulary: Vocabulary) -> None:
    """Raises Invalid for a word that the vocabulary does not have."""
    try:
        vocabulary.check_needs(needs.words)
        for pool_type in needs.pool_types:
            vocabulary.check_code("pool_type", pool_type)
    except UnknownWord as error:
        raise Invalid(str(error)) from error


def _graded(request: CrisisRequest, policy: Policy) -> CrisisRequest:
    graded = triage(request.risk, request.urgency, request.opened_ms, policy)
    return replace(request, tier=graded.tier, target_ms=graded.target_ms, policy=policy.version)


def _with_guardian(request: CrisisRequest) -> CrisisRequest:
    """A minor has a guardian to be asked, even while nothing is known of them."""
    missing = request.needs.minor and request.guardianship is None
    return replace(request, guardianship=Guardianship()) if missing else request


def _in_custody(request: CrisisRequest, policy: Policy, now_ms: int) -> CrisisRequest:
    if request.custody is None:
        return request
    if request.custody.since_ms > now_ms + AHEAD_MS:
        raise Invalid("custody cannot begin in the future")
    limit_ms = policy.clocks.custody_s * 1000
    return replace(request, custody_due_ms=request.custody.since_ms + limit_ms)
