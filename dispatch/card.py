"""The public face of a request: ids and states, never identity, address or risk answers."""

from typing import Any

from dispatch.clocks import calls
from dispatch.request import CrisisRequest


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
        "calls": calls(request),
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
