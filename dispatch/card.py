"""The public face of a request: ids and states, never identity, address or risk answers."""

from collections.abc import Mapping
from typing import Any

from dispatch.clocks import calls
from dispatch.request import CrisisRequest

FIRST = frozenset(
    {"id", "version", "state", "tier", "urgency", "zone", "opened_ms", "target_ms", "owner"}
)
"""What a card has had from the beginning."""

LATER: Mapping[str, Any] = {
    "place": None,
    "alarm_heard": None,
    "team": None,
    "van": None,
    "pool": None,
    "slot": None,
    "backup": None,
    "place_need": "possible",
    "van_need": "possible",
    "place_claimed": False,
    "eta_ms": None,
    "arrive_ms": None,
    "crew_answer": None,
    "crew_due_ms": None,
    "facility_answer": None,
    "answer_due_ms": None,
    "escalated": False,
    "overdue": [],
    "raised": [],
    "calls": [],
    "custody_due_ms": None,
    "needs": [],
    "check_in_from_ms": None,
    "check_in_due_ms": None,
    "check_in_taken_by": None,
    "rescue": None,
    "rescue_due_ms": None,
    "shared_le": False,
    "self_transport": False,
    "joined_to": None,
    "ended_ms": None,
    "follow_up_due_ms": None,
    "settled": None,
}
"""What a card says that an older release made without the field."""


def complete(card: Mapping[str, Any]) -> dict[str, Any]:
    """The card as this release would have made it, whichever release did."""
    return {**LATER, **card}


def card(request: CrisisRequest) -> dict[str, Any] | None:
    """The face that screens keep showing; None when nothing is owed any more.

    An ended request keeps its card until its follow-up is settled and a rescue confirmed.
    """
    return face(request) if request.owed else None


def face(request: CrisisRequest) -> dict[str, Any]:
    """What may be shown of a request to those who dispatch."""
    return {
        "id": request.id,
        "version": request.version,
        "state": request.state.value,
        "tier": request.tier.value,
        "urgency": int(request.urgency),
        "zone": request.zone,
        "place": request.place,
        "opened_ms": request.opened_ms,
        "target_ms": request.target_ms,
        "owner": request.owner,
        "alarm_heard": _heard(request),
        "team": request.plan.team,
        "van": request.plan.van,
        "pool": request.plan.pool,
        "slot": request.plan.slot,
        "backup": request.plan.backup,
        "place_need": request.needs.place.value,
        "van_need": request.needs.van.value,
        "place_claimed": request.held.place is not None,
        "eta_ms": request.eta_ms,
        "arrive_ms": request.arrive_ms,
        "crew_answer": request.crew_answer,
        "crew_due_ms": request.crew_due_ms,
        "facility_answer": request.facility_answer,
        "answer_due_ms": request.answer_due_ms,
        "escalated": bool(request.overdue),
        "overdue": sorted(request.overdue),
        "raised": sorted(request.raised),
        "calls": calls(request),
        "check_in_from_ms": request.check_in_from_ms,
        "check_in_due_ms": request.check_in_due_ms,
        "check_in_taken_by": request.check_in_taken_by,
        "custody_due_ms": request.custody_due_ms,
        "needs": sorted(request.needs.words),
        "rescue": request.rescue,
        "rescue_due_ms": request.rescue_due_ms,
        "shared_le": request.shared_le,
        "self_transport": request.self_transport,
        "joined_to": request.joined_to,
        "ended_ms": request.ended_ms,
        "follow_up_due_ms": request.follow_up_due_ms if request.follow_up_owed else None,
        "settled": request.settled,
    }


def _heard(request: CrisisRequest) -> dict[str, Any] | None:
    """Who has heard the alarm, and until when it is quiet."""
    silence = request.silence
    if silence is None or not request.alarms:
        return None
    return {"by": silence.by, "at_ms": silence.at_ms, "until_ms": silence.until_ms}
