"""The doors of the whole application, on a real database and a real registry."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from api.roles import Role
from record.actor import system
from record.clock import wall_clock
from record.tables import audit
from tests.api.builders import command
from tests.api.house import HERE, METRICS_TOKEN, PASSWORD, House

OPERATOR = system("command line of uid 0")
pytestmark = [pytest.mark.slow]


async def accepted(house: House, **more: Any) -> str:
    """A request with a team on its way and a bed at facility-1."""
    request = await house.open(**more)
    bundle = {"team": "team-1", "pool": "pool-1", "van": "self"}
    await house.do("dispatcher", f"/v1/requests/{request}/accept", bundle=bundle)
    await house.until(lambda: (house.world.get("request", request) or {}).get("place_claimed"))
    return request


async def test_a_request_goes_from_the_call_to_attended_care(house: House) -> None:
    request = await accepted(house)
    at = f"/v1/requests/{request}"
    pad = await house.get("facility", "/v1/pad")
    assert [person["id"] for person in pad["incoming"]] == [request]
    assert (await house.get("neighbour", "/v1/pad"))["incoming"] == []
    answer = {"answer": "accepted", "by_name": "Nurse Kay"}
    done = await house.do("facility", f"{at}/facility-answer", **answer)
    assert done["card"] is None
    await house.do("crew", f"{at}/crew-answer", answer="acknowledged", by_name="Lee")
    for step in ("en_route", "on_scene", "transporting", "arrived", "handed_over"):
        done = await house.do("crew", f"{at}/steps", step=step)
    assert done["state"] == "handed_over"
    assert await ended_card(house, request) is not None
    assert (await house.get("facility", "/v1/pad"))["incoming"] == []
    assert (await house.call("crew", "GET", f"/v1/requests/{request}")).status_code == 403
    referral = await house.do(
        "dispatcher", "/v1/referrals", referral=command(), request=request, slot="slot-1"
    )
    assert referral["state"] == "requested"
    own = await house.get("provider", "/v1/referrals")
    assert [one["id"] for one in own["items"]] == [referral["id"]]
    assert (await house.get("other-provider", "/v1/referrals"))["items"] == []
    at = f"/v1/referrals/{referral['id']}"
    await house.refused("other-provider", f"{at}/attended", 403)
    await house.do("provider", f"{at}/acknowledge")
    closed = await house.do("provider", f"{at}/attended")
    assert (closed["state"], closed["closed"]) == ("completed", True)
    await house.until(lambda: house.world.get("request", request) is None)
    assert await ended_card(house, request) is None


async def ended_card(house: House, request: str) -> dict[str, Any] | None:
    shown = (await house.get("dispatcher", "/v1/requests"))["items"]
    return next((card for card in shown if card["id"] == request and card["ended_ms"]), None)


async def test_a_follow_up_is_settled_at_the_desk_with_a_coded_reason(house: House) -> None:
    request = await house.open()
    at = f"/v1/requests/{request}"
    await house.refused("dispatcher", f"{at}/settle", 409, how="declined")
    await house.do("dispatcher", f"{at}/resolve", outcome="resolved_by_phone")
    await house.refused("dispatcher", f"{at}/settle", 422, how="referred")
    await house.refused("crew", f"{at}/settle", 403, how="declined")
    done = await house.do("dispatcher", f"{at}/settle", how="declined")
    assert done["card"]["settled"] == "declined"
    await house.until(lambda: house.world.get("request", request) is None)


async def test_a_retry_gets_the_same_answer(house: House) -> None:
    request = await house.open()
    body = {"command_id": command(), "bundle": {"team": "team-1", "pool": "pool-1", "van": "self"}}
    first = await house.do("dispatcher", f"/v1/requests/{request}/accept", **body)
    again = await house.do("dispatcher", f"/v1/requests/{request}/accept", **body)
    assert first == again


async def test_one_bed_is_not_given_to_two_people(house: House) -> None:
    await accepted(house)
    second = await house.open()
    bundle = {"team": "team-1", "pool": "pool-1", "van": "self"}
    refusal = await house.refused("colleague", f"/v1/requests/{second}/accept", 409, bundle=bundle)
    assert refusal["resource"] == "team:team-1"


async def test_reading_a_person_is_in_the_audit(house: House) -> None:
    request = await house.open()
    known = await house.get("dispatcher", f"/v1/requests/{request}")
    assert known["person"]["name"] == "Planted Name"
    async with house.journal.engine.connect() as db:
        lines = (await db.execute(select(audit).where(audit.c.action == "request.read"))).all()
    assert [(line.actor_role, line.subject_id) for line in lines] == [("dispatcher", request)]


async def test_a_crew_reads_its_own_request_only(house: House) -> None:
    request = await accepted(house)
    assert (await house.call("crew", "GET", f"/v1/requests/{request}")).status_code == 200
    assert (await house.call("other-crew", "GET", f"/v1/requests/{request}")).status_code == 403
    assert (await house.call("officer", "GET", f"/v1/requests/{request}")).status_code == 403


async def test_law_enforcement_reads_place_and_safety_of_what_was_shared(house: House) -> None:
    request = await house.open()
    shared = f"/v1/requests/{request}/shared"
    assert (await house.call("officer", "GET", shared)).status_code == 404
    await house.do("dispatcher", f"/v1/requests/{request}/share", reason="a threat to the crew")
    await house.until(lambda: house.world.get("request", request)["shared_le"])
    known = await house.get("officer", shared)
    assert set(known) == {
        "id", "place", "address", "lon", "lat", "weapons", "dogs", "premises", "police_plan",
        "hazards",
    }  # fmt: skip
    assert set(known["hazards"]) == {"weapons", "dogs", "premises"}
    assert known["weapons"] == "planted shotgun"


FOREIGN: dict[str, dict[str, Any]] = {
    "/v1/pools/pool-2/counts": {"occupied": 1, "closed": 0, "at_ms": wall_clock()},
    "/v1/pools/pool-2/still-true": {},
    "/v1/pools/pool-2/walk-in": {},
    "/v1/pools/pool-2/pause": {"reason": "staffing"},
    "/v1/pools/pool-2/resume": {},
}


async def test_a_facility_cannot_change_another_ones_pool(
    house: House, subtests: pytest.Subtests
) -> None:
    before = house.world.get("pool", "pool-2")
    for path, body in FOREIGN.items():
        with subtests.test(path):
            await house.refused("facility", path, 403, **body)
            assert (await house.registry.snapshot()).pools["pool-2"].version == before["version"]


async def test_a_facility_sees_its_own_pools_only(house: House) -> None:
    items = (await house.get("facility", "/v1/pools"))["items"]
    assert [pool["id"] for pool in items] == ["pool-1"]


async def test_a_facility_cannot_answer_for_another_one(house: House) -> None:
    request = await accepted(house)
    answer = {"answer": "accepted", "by_name": "Nurse Kay"}
    await house.refused("neighbour", f"/v1/requests/{request}/facility-answer", 403, **answer)


async def test_a_count_that_contradicts_is_taken_and_named(house: House) -> None:
    request = await accepted(house)
    now_ms = house.app.state.services.clock()
    counted = await house.do(
        "facility", "/v1/pools/pool-1/counts", occupied=10, closed=0, at_ms=now_ms
    )
    assert counted["overcommitted"]
    assert counted["requests"] == [request]


async def test_a_crew_reports_its_own_unit_only(house: House) -> None:
    at_ms = house.app.state.services.clock()
    own = {"kind": "team", "id": "team-1", "lon": HERE[0], "lat": HERE[1], "at_ms": at_ms}
    taken = await house.do("crew", "/v1/positions", source="phone", positions=[own])
    assert [one["verdict"] for one in taken["items"]] == ["taken"]
    foreign = own | {"id": "team-2"}
    await house.refused("crew", "/v1/positions", 403, source="phone", positions=[own, foreign])
    await house.refused("crew", "/v1/teams/team-2/status", 403, status="available")
    await house.do("crew", "/v1/teams/team-1/status", status="out_of_service")


async def test_a_provider_offers_its_own_slots_only(house: House) -> None:
    offered = {
        "provider": "facility-2", "name": "x", "zone": "weber", "mode": "telehealth",
        "takes": ["adult"], "lon": HERE[0], "lat": HERE[1], "starts_ms": house.now_ms() + 3_600_000,
        "duration_s": 3600,
    }  # fmt: skip
    assert (await house.call("provider", "PUT", "/v1/slots/new", offered)).status_code == 403
    mine = offered | {"provider": "provider-1"}
    assert (await house.call("provider", "PUT", "/v1/slots/new", mine)).status_code == 200
    stolen = await house.call("other-provider", "PUT", "/v1/slots/slot-1", offered)
    assert stolen.status_code == 403


UNIT = {
    "name": "x", "zone": "weber", "seats": 1, "offers": ["adult"],
    "shift_start_ms": wall_clock(), "shift_end_ms": wall_clock() + 1_000,
    "base_lon": HERE[0], "base_lat": HERE[1],
}  # fmt: skip
POOL = {
    "facility": "facility-1", "name": "x", "zone": "weber", "type": "receiving",
    "takes": ["adult"], "lon": HERE[0], "lat": HERE[1], "capacity": 5,
}  # fmt: skip


UNREACHABLE: list[tuple[str, dict[str, Any]]] = [
    ("/v1/teams/x", UNIT | {"zone": "nowhere"}),
    ("/v1/teams/x", UNIT | {"base_lon": 0, "base_lat": 0}),
    ("/v1/teams/x", UNIT | {"offers": ["miracles"]}),
    ("/v1/vans/x", UNIT | {"shift_end_ms": wall_clock() - 1_000}),
    ("/v1/pools/x", POOL | {"facility": "nobody"}),
    ("/v1/pools/x", POOL | {"zone": "nowhere"}),
    ("/v1/pools/x", POOL | {"type": "zzz"}),
    ("/v1/pools/x", POOL | {"takes": ["zzz"]}),
    ("/v1/pools/x", POOL | {"lon": 0, "lat": 0}),
]


async def test_nothing_is_defined_to_which_nobody_could_be_sent(
    house: House, subtests: pytest.Subtests
) -> None:
    for path, body in UNREACHABLE:
        with subtests.test(path=path, body=body):
            answer = await house.call("supervisor", "PUT", path, body)
            assert answer.status_code == 422


async def test_what_the_region_knows_can_be_defined(house: House) -> None:
    for path, body in (("/v1/teams/x", UNIT), ("/v1/pools/x", POOL)):
        assert (await house.call("supervisor", "PUT", path, body)).status_code == 200


async def test_an_older_count_does_not_undo_a_newer_one(house: House) -> None:
    now_ms = house.now_ms()
    newer = {"occupied": 3, "closed": 0, "at_ms": now_ms}
    assert not (await house.do("facility", "/v1/pools/pool-1/counts", **newer))["late"]
    older = {"occupied": 0, "closed": 0, "at_ms": now_ms - 3_600_000}
    answer = await house.do("facility", "/v1/pools/pool-1/counts", **older)
    assert answer["late"]
    assert answer["pool"]["occupied"] == 3


async def test_all_open_requests_go_to_a_colleague_at_sign_out(house: House) -> None:
    requests = {await house.open(), await house.open()}
    colleagues = (await house.get("dispatcher", "/v1/colleagues"))["items"]
    to = next(one["id"] for one in colleagues if one["name"] == "colleague")
    handed = await house.do("dispatcher", "/v1/hand-over", to=to)
    assert set(handed["requests"]) == requests
    await house.refused("colleague", "/v1/hand-over", 422, to="nobody")


NONSENSE: list[tuple[str, str, str, dict[str, Any], int]] = [
    ("dispatcher", "POST", "/v1/requests", {"lon": 2.35, "lat": 48.85}, 422),
    ("dispatcher", "POST", "/v1/requests", {"lon": 999}, 422),
    ("dispatcher", "POST", "/v1/requests", {"urgency": 9}, 422),
    ("dispatcher", "POST", "/v1/requests", {"needs": {"words": ["unicorn"]}}, 422),
    ("dispatcher", "POST", "/v1/requests", {"place": "a\u0000b"}, 422),
    ("dispatcher", "POST", "/v1/requests", {"surprise": 1}, 422),
    ("facility", "POST", "/v1/pools/pool-1/counts", {"occupied": -1}, 422),
    ("facility", "POST", "/v1/pools/pool-1/counts", {"occupied": 10**30}, 422),
    ("facility", "POST", "/v1/pools/pool-1/counts", {"at_ms": 4_000_000_000_000}, 422),
    ("facility", "POST", "/v1/pools/none/counts", {}, 404),
    ("facility", "POST", "/v1/pools/pool-1/pause", {"reason": "boredom"}, 422),
    ("supervisor", "POST", "/v1/positions", {"positions": []}, 422),
    ("supervisor", "POST", "/v1/positions", {"lon": 2.35, "lat": 48.85}, 422),
    ("supervisor", "POST", "/v1/positions", {"at_ms": 4_000_000_000_000}, 422),
    ("dispatcher", "GET", "/v1/requests/not-an-id", {}, 422),
    ("dispatcher", "GET", "/v1/requests/01935f3a-7b1c-7000-8000-00000000dead", {}, 404),
    ("dispatcher", "GET", "/v1/nothing", {}, 404),
    ("dispatcher", "DELETE", "/v1/pools", {}, 405),
    ("wall", "GET", "/v1/pools", {}, 401),
]  # fmt: skip


async def test_nonsense_gets_a_clear_refusal(house: House, subtests: pytest.Subtests) -> None:
    for who, method, path, wrong, code in NONSENSE:
        with subtests.test(who=who, path=path, wrong=wrong):
            answer = await _nonsense(house, who, method, path, wrong)
            assert answer.status_code == code, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == code
            assert "Bearer" not in answer.text


async def _nonsense(
    house: House, who: str, method: str, path: str, wrong: dict[str, Any]
) -> httpx.Response:
    """A call that would be right but for `wrong`."""
    if who == "wall":
        forged = {"Authorization": "Bearer wall.x.y"}
        return await house.client.request(method, path, headers=forged)
    now_ms = house.now_ms()
    right: dict[str, Any] = {
        "/v1/requests": {
            "request": command(), "place": "Ogden", "lon": HERE[0], "lat": HERE[1], "urgency": 3,
        },
        "/v1/pools/pool-1/counts": {"occupied": 1, "closed": 0, "at_ms": now_ms},
        "/v1/pools/none/counts": {"occupied": 1, "closed": 0, "at_ms": now_ms},
        "/v1/pools/pool-1/pause": {"reason": "staffing"},
    }.get(path, {})  # fmt: skip
    if path == "/v1/positions":
        point = {"kind": "team", "id": "team-1", "lon": HERE[0], "lat": HERE[1], "at_ms": now_ms}
        points = wrong.get("positions", [point | wrong])
        right, wrong = {"source": "avl", "positions": points}, {}
    return await house.call(who, method, path, right | wrong if method == "POST" else None)


async def test_a_body_that_is_too_large_is_refused(house: House) -> None:
    headers = await house.as_("dispatcher") | {"content-type": "application/json"}
    body = b'{"text": "' + b"x" * 400_000 + b'"}'
    answer = await house.client.post("/v1/requests", content=body, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert answer.json()["type"] == "urn:caretower:content-too-large"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_that_is_too_large_is_refused_without_its_length_too(house: House) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 10_000

    headers = await house.as_("dispatcher") | {"content-type": "application/json"}
    answer = await house.client.post("/v1/requests", content=endless(), headers=headers)
    assert answer.json()["type"] == "urn:caretower:content-too-large"
    assert answer.status_code == 413


async def test_a_body_that_is_not_json_is_refused(house: House) -> None:
    headers = await house.as_("dispatcher") | {"content-type": "text/plain"}
    answer = await house.client.post("/v1/requests", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (415, 415)


async def test_a_broken_body_is_refused(house: House, subtests: pytest.Subtests) -> None:
    headers = await house.as_("dispatcher") | {"content-type": "application/json"}
    for body in (b"{", b"\xff\xfe", b"[[[[", b'"\\ud800"', b"NaN", b""):
        with subtests.test(body=body):
            answer = await house.client.post("/v1/requests", content=body, headers=headers)
            assert answer.status_code in (400, 422)
            assert answer.headers["content-type"] == "application/problem+json"


async def test_a_refusal_never_repeats_what_was_sent(house: House) -> None:
    secret = "Planted Secret Name"
    body = {"request": secret, "place": 7, "person": {"name": 5, secret: secret}}
    answer = await house.call("dispatcher", "POST", "/v1/requests", body)
    assert answer.status_code == 422
    assert answer.text.count(secret) <= 1, "only as the name of a field"


async def test_alive_ready_and_figures(house: House) -> None:
    assert (await house.client.get("/livez")).json() == {"alive": True}
    ready = await house.client.get("/readyz")
    assert ready.status_code == 200
    stores = {"registry": "ready", "record": "ready", "feed": "ready"}
    assert ready.json()["parts"] == stores | {"planner": "late"}, "nobody plans here"
    figures = await house.client.get("/metrics")
    assert "caretower_http_seconds" in figures.text
    assert "Planted" not in figures.text


async def test_figures_are_for_this_machine_or_by_token(house: House) -> None:
    from_elsewhere = {"X-Forwarded-For": "203.0.113.9"}

    async def code(**headers: str) -> int:
        told = from_elsewhere | headers
        return (await house.client.get("/metrics", headers=told)).status_code

    assert await code() == 401
    assert await code(authorization="Bearer nonsense") == 401
    assert await code(authorization=f"Bearer {METRICS_TOKEN}") == 200


async def test_the_region_and_its_facilities_can_be_read(house: House) -> None:
    assert (await house.get("facility", "/v1/region"))["simulated"] is True
    geojson = await house.get("officer", "/v1/region/map")
    assert geojson["type"] == "FeatureCollection"
    items = (await house.get("dispatcher", "/v1/facilities"))["items"]
    assert [one["id"] for one in items] == ["facility-1", "facility-2", "provider-1"]
    assert (await house.call("officer", "GET", "/v1/facilities")).status_code == 403


async def test_answers_are_never_kept_by_a_cache_and_nobody_may_frame_the_page(
    house: House,
) -> None:
    answer = await house.call("dispatcher", "GET", "/v1/me")
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "worker-src 'self' blob:" in policy
    assert "frame-ancestors 'none'" in policy


async def test_a_log_in_is_refused_without_saying_why(house: House) -> None:
    for name, password in (("dispatcher", "wrong"), ("nobody", PASSWORD)):
        answer = await house.client.post("/v1/sessions", json={"name": name, "password": password})
        assert answer.status_code == 401
        assert answer.json()["detail"] == "name or password is wrong"
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_logging_out_ends_the_token(house: House) -> None:
    headers = await house.as_("dispatcher")
    assert (await house.client.delete("/v1/sessions", headers=headers)).status_code == 204
    assert (await house.client.get("/v1/me", headers=headers)).status_code == 401


async def test_a_wall_gets_a_token_that_can_be_revoked(house: House) -> None:
    body = {"command_id": command(), "name": "North wall"}
    made = await house.do("supervisor", "/v1/wall-tokens", **body)
    assert await house.do("supervisor", "/v1/wall-tokens", **body) == made
    wall = {"Authorization": f"Bearer {made['token']}"}
    me = await house.client.get("/v1/me", headers=wall)
    assert me.json()["role"] == "wall"
    assert (await house.client.get("/v1/pools", headers=wall)).status_code == 403
    listed = await house.get("supervisor", "/v1/wall-tokens")
    assert [one["name"] for one in listed["items"]] == ["North wall"]
    assert "token" not in listed["items"][0]
    gone = await house.call("supervisor", "DELETE", f"/v1/wall-tokens/{made['id']}")
    assert gone.status_code == 204
    assert (await house.client.get("/v1/me", headers=wall)).status_code == 401
    async with house.journal.engine.connect() as db:
        lines = (await db.execute(select(audit).where(audit.c.subject_id == made["id"]))).all()
    assert sorted(line.action for line in lines) == ["wall.made", "wall.revoked"]
    await house.refused("dispatcher", "/v1/wall-tokens", 403, name="mine")


async def test_many_wrong_passwords_are_slowed_down(house: House) -> None:
    wrong = {"name": "supervisor", "password": "guess"}
    answers = await asyncio.gather(
        *(house.client.post("/v1/sessions", json=wrong) for _ in range(120))
    )
    codes = [answer.status_code for answer in answers]
    assert codes.count(401) == 100
    assert codes.count(429) == 20
    late = next(answer for answer in answers if answer.status_code == 429)
    assert int(late.headers["retry-after"]) > 0


async def test_the_audit_knows_who_came_who_went_and_who_was_refused(house: House) -> None:
    journal = house.journal
    await house.as_("colleague")
    wrong = {"name": "colleague", "password": "wrong"}
    assert (await house.client.post("/v1/sessions", json=wrong)).status_code == 401
    typed = {"name": "my secret password", "password": "x"}
    assert (await house.client.post("/v1/sessions", json=typed)).status_code == 401
    await house.client.delete("/v1/sessions", headers=await house.as_("colleague"))
    await house.accounts.put_account("colleague", Role.DISPATCHER, None, PASSWORD, OPERATOR)
    await house.accounts.revoke_account("colleague", OPERATOR)
    async with journal.engine.connect() as connection:
        lines = (await connection.execute(select(audit))).all()
    colleague = next(line.subject_id for line in lines if line.action == "account.disabled")
    about = [line for line in lines if line.subject_id == colleague]
    assert [line.action for line in sorted(about, key=lambda line: line.id)] == [
        "account.created", "session.opened", "session.refused", "session.closed",
        "account.changed", "account.disabled",
    ]  # fmt: skip
    assert {line.actor_id for line in about} >= {colleague, OPERATOR.id, "system:door"}
    refused = [line for line in lines if line.action == "session.refused"]
    assert {line.subject_id for line in refused} == {colleague, "unknown"}
    assert "my secret password" not in str(lines)
