"""The field's doors: the unit that has the request, what a driver must not see, calls for help."""

from typing import Any

from record import audit
from tests.api.builders import command
from tests.api.house import House

PERSON = {
    "name": "Planted Name",
    "address": "17 Planted Street",
    "date_of_birth": "1980-02-03",
    "problem": "planted problem",
    "violence_history": "planted history",
    "substance_history": "planted substance",
    "weapons": "planted shotgun",
    "premises": "planted ice on the steps",
    "infection": "planted cough",
    "police_plan": "planted plan",
    "guardian_name": "Planted Guardian",
    "guardian_phone": "801-555-0166",
}
NEEDS = {"words": ["adult", "psychosis", "wheelchair", "lang_es"], "place": "needed"}
CLINICAL = (
    "1980-02-03", "planted problem", "planted history", "planted substance", "psychosis",
    "Planted Guardian", "imminent", "tier", "cssrs",
)  # fmt: skip


async def sent(house: House, *, van: str | None = "van-1") -> str:
    """A request with hazards whose team, van and bed were accepted."""
    needs = NEEDS | {"van": "needed" if van else "none"}
    hazards = {"weapons": "yes", "dogs": "no"}
    request = await house.open(needs=needs, person=PERSON, hazards=hazards)
    bundle = {"team": "team-1", "van": van, "pool": "pool-1"}
    await house.do("dispatcher", f"/v1/requests/{request}/accept", bundle=bundle)
    await house.until(lambda: house.world.get("team", "team-1")["request"] == request)
    return request


async def test_a_crew_reads_hazards_and_the_dispatch_packet(house: House) -> None:
    request = await sent(house)
    packet = await house.get("crew", f"/v1/requests/{request}/packet")
    assert packet["hazards"] == {
        "weapons": "yes", "violence": "unknown", "dogs": "no", "premises": "unknown",
        "infection": "unknown",
    }  # fmt: skip
    assert packet["weapons"] == "planted shotgun"
    assert packet["clinical"]["date_of_birth"] == "1980-02-03"
    assert packet["clinical"]["substance_history"] == "planted substance"
    assert packet["ride"]["needs"] == ["lang_es", "wheelchair"]


async def test_a_driver_reads_place_safety_and_ride_and_nothing_clinical(house: House) -> None:
    request = await sent(house)
    answer = await house.call("driver", "GET", f"/v1/requests/{request}/packet")
    assert answer.status_code == 200
    for secret in CLINICAL:
        assert secret not in answer.text, secret
    packet = answer.json()
    assert packet["clinical"] is None
    assert packet["violence"] is None
    assert packet["address"] == "17 Planted Street"
    assert packet["premises"] == "planted ice on the steps"
    assert packet["ride"]["needs"] == ["lang_es", "wheelchair"]
    whole = await house.call("driver", "GET", f"/v1/requests/{request}")
    assert whole.status_code == 403
    step = await house.do("driver", f"/v1/requests/{request}/notes", text="at the door")
    assert step["card"] is None


async def test_only_the_unit_that_has_the_request_reads_its_packet(house: House) -> None:
    request = await sent(house, van=None)
    for name in ("driver", "other-crew", "dispatcher", "facility", "officer"):
        answer = await house.call(name, "GET", f"/v1/requests/{request}/packet")
        assert answer.status_code == 403, name


async def test_each_reading_of_a_packet_is_in_the_audit(house: House) -> None:
    request = await sent(house)
    await house.get("crew", f"/v1/requests/{request}/packet")
    await house.get("driver", f"/v1/requests/{request}/packet")
    lines = await audit.of_subject(house.journal.engine, "request", request)
    read = [(line.actor_name, line.detail) for line in lines if line.action == "request.read"]
    assert read == [("crew", {"view": "packet"}), ("driver", {"view": "packet"})]


async def test_steps_from_a_dead_spot_are_sent_twice_and_happen_once_at_their_own_time(
    house: House,
) -> None:
    request = await sent(house)
    at = f"/v1/requests/{request}"
    opened_ms = (await house.get("dispatcher", at))["card"]["opened_ms"]
    queue: list[tuple[str, dict[str, Any]]] = [
        (f"{at}/crew-answer", {"answer": "acknowledged", "by_name": "Lee"}),
        (f"{at}/steps", {"step": "en_route"}),
        (f"{at}/steps", {"step": "on_scene"}),
        (f"{at}/resolve", {"outcome": "resolved_on_scene", "safety_plan": True}),
    ]
    kept = [
        (path, body | {"command_id": command(), "at_ms": opened_ms + n})
        for n, (path, body) in enumerate(queue)
    ]
    first = [await house.do("crew", path, **body) for path, body in kept]
    again = [await house.do("crew", path, **body) for path, body in kept]
    assert [done["version"] for done in first] == [done["version"] for done in again]
    known = await house.get("dispatcher", at)
    deeds = [deed for deed in known["timeline"] if deed["by"] == "crew"]
    assert [deed["at_ms"] - opened_ms for deed in deeds] == [0, 1, 2, 3]
    assert all(deed["told_ms"] > deed["at_ms"] for deed in deeds)
    assert known["card"]["ended_ms"] == opened_ms + 3


async def test_a_step_of_the_future_or_from_before_the_request_is_refused(house: House) -> None:
    request = await sent(house)
    for at_ms in (house.now_ms() + 120_000, 0):
        path = f"/v1/requests/{request}/steps"
        await house.refused("crew", path, 422, step="en_route", at_ms=at_ms)


async def test_a_crew_on_scene_says_that_all_is_well_and_nobody_else_does(house: House) -> None:
    request = await sent(house)
    at = f"/v1/requests/{request}"
    await house.refused("crew", f"{at}/all-well", 409)
    for step in ("en_route", "on_scene"):
        done = await house.do("crew", f"{at}/steps", step=step)
    due_ms = done["card"]["check_in_due_ms"]
    assert due_ms > house.now_ms()
    done = await house.do("crew", f"{at}/all-well")
    assert done["card"]["check_in_due_ms"] > due_ms
    for name in ("driver", "other-crew", "facility"):
        await house.refused(name, f"{at}/all-well", 403)
    await house.do("dispatcher", f"{at}/all-well", by_phone=True, by_name="Lee")
    await house.refused("dispatcher", f"{at}/check-in-taken", 409)
    await house.refused("crew", f"{at}/check-in-taken", 403)


async def test_a_crew_takes_a_break_with_a_reason_and_signs_on_again(house: House) -> None:
    path = "/v1/teams/team-1/status"
    body = {"command_id": command(), "status": "out_of_service", "reason": "meal"}
    assert (await house.call("crew", "POST", path, body)).json()["out_reason"] == "meal"
    await house.until(lambda: house.world.get("team", "team-1")["out_reason"] == "meal")
    for nonsense in ({"reason": "golf"}, {"status": "available"}):
        told = body | {"command_id": command()} | nonsense
        assert (await house.call("crew", "POST", path, told)).status_code == 422
    back = {"command_id": command(), "status": "available"}
    assert (await house.call("crew", "POST", path, back)).json()["out_reason"] is None


async def test_a_crew_calls_for_help_and_reads_who_sees_to_it(house: House) -> None:
    panic = command()
    pressed = await house.do("crew", "/v1/panics", panic=panic, kind="team", unit="team-1")
    assert pressed["acknowledged_by"] is None
    await house.refused("crew", "/v1/panics", 403, panic=command(), kind="team", unit="team-2")
    await house.refused("crew", f"/v1/panics/{panic}/acknowledge", 403)
    await house.refused("crew", f"/v1/panics/{panic}/end", 403, note="made to say so")
    await house.do("supervisor", f"/v1/panics/{panic}/acknowledge")
    await house.until(lambda: house.world.get("panic", panic)["acknowledged_by"] == "supervisor")
    await house.refused("dispatcher", f"/v1/panics/{panic}/end", 422, note="")
    ended = await house.do("dispatcher", f"/v1/panics/{panic}/end", note="pressed by mistake")
    assert ended["ended_ms"] is not None
    await house.until(lambda: house.world.get("panic", panic) is None)
    await house.refused("dispatcher", f"/v1/panics/{panic}/end", 409, note="again")
    await house.refused("dispatcher", f"/v1/panics/{command()}/end", 404, note="which?")


async def test_police_read_what_was_asked_of_weapons_and_premises_and_no_health(
    house: House,
) -> None:
    request = await sent(house)
    await house.do("dispatcher", f"/v1/requests/{request}/share", reason="threat to the crew")
    await house.until(lambda: house.world.get("request", request)["shared_le"])
    shared = await house.get("officer", f"/v1/requests/{request}/shared")
    assert shared["hazards"] == {"weapons": "yes", "dogs": "no", "premises": "unknown"}
    assert "planted cough" not in str(shared)
    assert "planted history" not in str(shared)
