"""A small region as the planning sees it, and what is planned for it."""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from dispatch.planning.driving import Cast, Drive, Times, Travel
from dispatch.planning.policy import load_planning_policy
from dispatch.planning.question import Question, question
from dispatch.planning.recommendation import PlanView, plan_view
from dispatch.planning.situation import Rules, Situation
from dispatch.policy import load_policy
from dispatch.request import CrisisRequest, Custody, Needs, Risk
from dispatch.words import Custodian, LegalBasis, Need, State, Tier, Transporter, Urgency
from optimizer.check import check
from optimizer.solve import solve
from registry.freshness import load_freshness
from registry.states import Pool, Slot, Team, Van
from registry.vocabulary import load_vocabulary

NOW_MS = 1_800_000_000_000
MIN_MS = 60_000
POLICY = Path(__file__).parents[3] / "policy"
RULES = Rules(
    planning=load_planning_policy(POLICY / "planning.toml", load_vocabulary()),
    freshness=load_freshness(),
    weight=load_policy(POLICY / "dispatch.toml").weight,
    vocabulary=load_vocabulary(),
)
STRICT = replace(RULES, planning=replace(RULES.planning, strict=True))
Minutes = Mapping[tuple[str, str], float]


def a_request(id_: str = "R1", **given: Any) -> CrisisRequest:
    needs = {name: given.pop(name) for name in [f.name for f in fields(Needs)] if name in given}
    if "words" in needs:
        needs["words"] = frozenset(needs["words"])
    needs.setdefault("place", Need.NONE)
    needs.setdefault("van", Need.NONE)
    values: dict[str, Any] = {
        "id": id_,
        "version": 1,
        "state": State.REQUESTED,
        "opened_ms": NOW_MS,
        "zone": "weber",
        "place": "Ogden",
        "lon": -112.0,
        "lat": 41.0,
        "risk": Risk(),
        "urgency": Urgency.URGENT,
        "tier": Tier.HIGH,
        "target_ms": NOW_MS + 40 * MIN_MS,
        "policy": "test",
    }
    # `place` is the town of a request and the need of a place in its needs.
    return CrisisRequest(needs=Needs(**needs), **{**values, **given})


def a_unit(kind: type[Any], id_: str, **given: Any) -> Any:
    values = {
        "id": id_,
        "zone": "weber",
        "name": f"{kind.__name__} {id_}",
        "seats": 3 if kind is Van else 0,
        "shift_start_ms": NOW_MS - 60 * MIN_MS,
        "shift_end_ms": NOW_MS + 600 * MIN_MS,
        "base_lon": -112.0,
        "base_lat": 41.0,
    }
    driver = {"driver": "D"} if kind is Van else {}
    return kind(**{**values, **driver, **given})


def a_team(id_: str = "T1", **given: Any) -> Team:
    return a_unit(Team, id_, **given)


def a_van(id_: str = "V1", **given: Any) -> Van:
    return a_unit(Van, id_, **given)


def a_pool(id_: str = "P1", **given: Any) -> Pool:
    values = {
        "id": id_,
        "facility": f"F-{id_}",
        "zone": "weber",
        "name": f"Unit {id_}",
        "type": "receiving",
        "takes": ("adult", "voluntary"),
        "lon": -112.0,
        "lat": 41.0,
        "capacity": 10,
        "free": 2,
        "updated_ms": NOW_MS,
        "confirmed_ms": NOW_MS,
        "phone": f"555-{id_}",
    }
    return Pool(**{**values, **given})


def a_slot(id_: str = "S1", **given: Any) -> Slot:
    values = {
        "id": id_,
        "provider": f"F-{id_}",
        "zone": "weber",
        "name": f"Clinic {id_}",
        "mode": "in_person",
        "takes": ("adult",),
        "lon": -112.0,
        "lat": 41.0,
        "starts_ms": NOW_MS + 180 * MIN_MS,
        "duration_s": 3000,
        "free": 1,
    }
    return Slot(**{**values, **given})


def by(*states: Any) -> dict[str, Any]:
    return {state.id: state for state in states}


def roads(minutes: Minutes, default_min: float = 10) -> Drive:
    """Travel times by (from, to); every other pair takes `default_min`."""

    def table(origins: list[str], destinations: list[str]) -> np.ndarray:
        rows = [[minutes.get((o, d), default_min) * 60 for d in destinations] for o in origins]
        return np.array(rows, dtype=np.float64).reshape(len(origins), len(destinations))

    def drive(cast: Cast, _: Mapping[str, tuple[float, float]]) -> Times:
        requests, teams, vans, places = (
            [part.id for part in parts]
            for parts in (cast.requests, cast.teams, cast.vans, cast.places)
        )
        return Times(
            table(teams, requests),
            table(vans, requests),
            table(requests, places),
            table(places, vans),
            Travel("test", "road"),
        )

    return drive


def asked(minutes: Minutes | None = None, **given: Any) -> Question:
    return question(Situation(now_ms=NOW_MS, **given), RULES, roads(minutes or {}))


def planned(minutes: Minutes | None = None, **given: Any) -> PlanView:
    put = asked(minutes, **given)
    plan = solve(put.problem, explain=[request.id for request in put.problem.requests])
    assert check(put.problem, plan) == ()
    return plan_view(put, plan, version=1, at=(1, 1))


def recommended(request: CrisisRequest, minutes: Minutes | None = None, **given: Any) -> Any:
    return planned(minutes, requests=[request], **given).recommendations[request.id]


def waiting(**needs: Any) -> CrisisRequest:
    """A request with needs; `need` is that of a place."""
    if "need" in needs:
        words = needs.pop("need")
        request = a_request(**needs)
        return replace(request, needs=replace(request.needs, place=words))
    return a_request(**needs)


def riding(**given: Any) -> CrisisRequest:
    return waiting(need=Need.NEEDED, van=Need.NEEDED, **given)


def involuntary(*may: Transporter, need: Need = Need.NEEDED) -> CrisisRequest:
    request = riding(words={"adult"})
    custody = Custody(LegalBasis.OFFICER_HOLD, Custodian.LAW_ENFORCEMENT, frozenset(may), NOW_MS)
    return replace(request, needs=replace(request.needs, place=need), custody=custody)
