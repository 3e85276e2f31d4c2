"""Who is left without, and the one change that would serve them."""

from typing import Any

from dispatch.planning.recommendation import plan_view
from dispatch.planning.serving import would_serve
from dispatch.request import CrisisRequest
from dispatch.words import Need, Tier
from optimizer.solve import solve
from optimizer.worth import worths
from tests.dispatch.planning.situation import (
    MIN_MS,
    NOW_MS,
    Minutes,
    a_pool,
    a_request,
    a_team,
    a_van,
    asked,
    by,
    riding,
    waiting,
)


def unserved(request: CrisisRequest, minutes: Minutes | None = None, **given: Any) -> Any:
    """The recommendation with what would serve the person."""
    put = asked(minutes, requests=[request, *given.pop("others", [])], **given)
    plan = solve(put.problem)
    serving = would_serve(put, plan, [one.id for one in put.problem.requests])
    worth = worths(put.problem, plan, [one.id for one in put.problem.requests])
    view = plan_view(put, plan, 1, (1, 1), serving=serving, worth=worth)
    return view.recommendations[request.id]


def test_one_bed_more_would_serve_and_is_told_with_what_the_region_spares() -> None:
    best = unserved(riding(), teams=by(a_team()), vans=by(a_van()), pools=by(a_pool(free=0)))
    (told,) = best.would_serve
    assert (told.resource, told.change, told.id, told.by_s) == ("place", "room", "P1", None)
    assert told.text == "One more bed in Unit P1."
    assert told.saves_min > 0


def test_a_van_by_a_moment_would_serve_and_is_told_with_what_it_must_offer() -> None:
    request = riding(words={"adult", "wheelchair"}, seats=2)
    pools = by(a_pool(takes=("adult", "wheelchair")))
    best = unserved(request, teams=by(a_team()), vans=by(a_van()), pools=pools)
    (told,) = best.would_serve
    assert (told.resource, told.change) == ("van", "new")
    # Vans that come after the horizon of 3 h and the 40 min on scene are not planned.
    assert told.by_s == 220 * 60
    assert told.text == (
        "One van that offers wheelchair, has 2 seats, with the person within 3 h 40 min."
    )


def test_a_longer_shift_would_serve() -> None:
    van = a_van(shift_end_ms=NOW_MS + 20 * MIN_MS)
    best = unserved(riding(), teams=by(a_team()), vans=by(van), pools=by(a_pool()))
    told = {one.change: one for one in best.would_serve}
    # 10 min there, 40 on scene, 5 to board, 10 to the place, 10 home; 30 are allowed after it.
    assert told["shift"].text == "Van V1 on duty for another 45 min."
    assert told["shift"].by_s == 45 * 60


def test_a_place_that_nobody_has_is_described_by_what_it_must_take() -> None:
    request = waiting(need=Need.NEEDED, team=False, words={"adult", "withdrawal"})
    best = unserved(request, pools=by(a_pool()))
    assert [told.text for told in best.would_serve] == [
        "One place that takes adult and withdrawal and people of weber, as near as Unit P1."
    ]


def test_what_a_team_must_have_is_told() -> None:
    request = a_request(words={"designated_examiner", "lang_es", "language_required"})
    best = unserved(request)
    (told,) = best.would_serve
    assert told.text == (
        "One team that offers designated examiner, speaks Spanish or brings an interpreter,"
        " with the person within 3 h."
    )


def test_whoever_lacks_two_things_is_told_that_no_single_change_serves() -> None:
    assert unserved(riding(), pools=by(a_pool())).would_serve == []


def test_whoever_is_served_and_whoever_was_not_looked_at_are_told_nothing() -> None:
    assert unserved(a_request(), teams=by(a_team())).would_serve is None
    put = asked(requests=[a_request()])
    plan = solve(put.problem)
    assert would_serve(put, plan, ["R1"], is_late=lambda: True) == {}
    assert plan_view(put, plan, 1, (1, 1)).recommendations["R1"].would_serve is None


def test_what_would_serve_stays_on_the_screen_while_the_same_is_missing() -> None:
    put = asked(requests=[a_request()])
    plan = solve(put.problem)
    shown = plan_view(put, plan, 1, (1, 1), serving=would_serve(put, plan, ["R1"]))
    again = plan_view(put, plan, 2, (1, 2), shown)
    assert again.recommendations["R1"].would_serve == shown.recommendations["R1"].would_serve
    more = asked(requests=[a_request()], teams=by(a_team(request="R9")))
    other = plan_view(more, solve(more.problem), 3, (1, 3), shown)
    assert other.recommendations["R1"].would_serve is None


def test_who_holds_what_is_missing_is_told_with_its_price() -> None:
    other = a_request("R2", tier=Tier.IMMINENT)
    best = unserved(a_request(), teams=by(a_team()), others=[other], names={"weber": "Weber"})
    (told,) = best.unserved
    assert (told.reason, told.id, told.holder) == ("taken", "T1", "R2")
    assert told.worth_min is not None
    assert told.worth_min > 0
    assert told.text == (
        "Team T1 goes to a person of the tier imminent in Weber"
        f" (one more would spare the region {told.worth_min:.0f} weighted minutes)"
    )


def test_what_one_more_spares_is_told_of_who_is_planned_first_whatever_the_others_pay() -> None:
    put = asked(requests=[a_request(), a_request("R2", tier=Tier.IMMINENT)], teams=by(a_team()))
    plan, worth = solve(put.problem), {"T1": ((0, 15), (1, -22700))}
    (told,) = plan_view(put, plan, 1, (1, 1), worth=worth).recommendations["R1"].unserved
    assert (told.worth_min, told.spared_first) == (-2268.5, "imminent +1.5")
    assert told.text.endswith(
        "(one more would spare the tier imminent, planned first, 2 weighted minutes;"
        " all tiers together would pay 2268 more)"
    )
