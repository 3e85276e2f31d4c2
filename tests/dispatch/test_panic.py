"""A call for help reaches the desk, is acknowledged by name, and only the desk ends it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import commands, panic
from dispatch.errors import Conflict, NotAllowed, NotFound, NotYours, WrongState
from tests.dispatch.conftest import T0_MS
from tests.dispatch.house import CREW, DANA, ERIN, FACILITY, OTHER_CREW, POLICY, House, an_id

ACTS = ("press", "acknowledge", "clock", "end")


@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 90)), max_size=20))
def test_whatever_happens_an_open_panic_waits_for_a_name_or_has_one(
    acts: list[tuple[str, int]],
) -> None:
    now_ms = T0_MS
    one = panic.pressed("p", "team", "t-1", None, now_ms, now_ms, 60)
    for act, passed_s in acts:
        now_ms += passed_s * 1000
        before = one
        try:
            match act:
                case "press":
                    one = panic.pressed_again(one, now_ms, now_ms, 60)
                case "acknowledge":
                    one = panic.acknowledged(one, "Dana", now_ms)
                case "clock":
                    one = panic.unanswered(one, now_ms) or one
                case "end":
                    one = panic.ended(one, now_ms)
        except WrongState:
            assert before.ended_ms is not None
        assert one.version - before.version in (0, 1)
        if one.ended_ms is None:
            assert (one.answer_due_ms is None) == (one.acknowledged_by is not None)
            assert panic.card(one) is not None
        else:
            assert panic.card(one) is None
        assert not (one.overdue and one.acknowledged_by)


def a_press(**changes: Any) -> commands.PressPanic:
    given: dict[str, Any] = {"command_id": an_id(), "panic": an_id(), "kind": "team", "unit": "t-1"}
    return commands.PressPanic(**(given | changes))


async def shown(house: House) -> dict[str, Any]:
    return (await house.registry.snapshot()).cards["panic"]


async def test_a_press_is_on_every_desk_until_somebody_ends_it_with_a_note(house: House) -> None:
    request = await house.accepted()
    press = a_press()
    first = await house.dispatch.panics.press(CREW, press)
    assert await house.dispatch.panics.press(CREW, press) == first
    card = (await shown(house))[press.panic]
    assert (card["unit"], card["request"], card["acknowledged_by"]) == ("t-1", request, None)
    await house.dispatch.panics.acknowledge(DANA, commands.AcknowledgePanic(an_id(), press.panic))
    await house.dispatch.panics.acknowledge(ERIN, commands.AcknowledgePanic(an_id(), press.panic))
    assert (await shown(house))[press.panic]["acknowledged_by"] == "Dana"
    with pytest.raises(NotYours):
        await house.dispatch.panics.end(CREW, commands.EndPanic(an_id(), press.panic, "fine"))
    with pytest.raises(NotAllowed):
        await house.dispatch.panics.end(DANA, commands.EndPanic(an_id(), press.panic, " "))
    end = commands.EndPanic(an_id(), press.panic, "police were there, crew is safe")
    await house.dispatch.panics.end(DANA, end)
    assert await shown(house) == {}
    kept = await house.rows("SELECT action, reason FROM audit WHERE subject_kind = 'panic'")
    assert [row.action for row in kept] == ["panic.pressed", "panic.acknowledged", "panic.ended"]
    assert kept[-1].reason == end.note
    on_timeline = (await house.dispatch.request(DANA, request)).timeline
    assert "panic_pressed" in [deed.action for deed in on_timeline]


async def test_pressing_again_asks_anew_and_a_unit_has_one_panic(house: House) -> None:
    press = a_press()
    await house.dispatch.panics.press(CREW, press)
    await house.dispatch.panics.acknowledge(DANA, commands.AcknowledgePanic(an_id(), press.panic))
    again = await house.dispatch.panics.press(CREW, a_press())
    assert again.panic == press.panic
    assert again.card["acknowledged_by"] is None
    assert list(await shown(house)) == [press.panic]


async def test_a_panic_that_nobody_acknowledges_is_marked_once(house: House) -> None:
    press = a_press()
    await house.dispatch.panics.press(CREW, press)
    assert await house.dispatch.watch.tick() == 0
    house.time.pass_s(POLICY.clocks.panic_s)
    assert (await house.dispatch.watch.tick(), await house.dispatch.watch.tick()) == (1, 0)
    assert (await shown(house))[press.panic]["overdue"] is True


async def test_a_press_from_a_dead_spot_keeps_its_time(house: House) -> None:
    pressed_ms = house.time()
    house.time.pass_s(300)
    done = await house.dispatch.panics.press(CREW, a_press(at_ms=pressed_ms))
    assert done.card["pressed_ms"] == pressed_ms
    assert done.card["told_ms"] >= pressed_ms + 300_000
    ahead = await house.dispatch.panics.press(CREW, a_press(at_ms=house.time() + 90_000))
    assert ahead.card["pressed_ms"] <= house.time(), (
        "a clock that runs ahead is no reason to refuse"
    )


async def test_a_crew_calls_for_itself_and_the_desk_for_any(house: House) -> None:
    for foreign in (OTHER_CREW, FACILITY):
        with pytest.raises(NotYours):
            await house.dispatch.panics.press(foreign, a_press())
    done = await house.dispatch.panics.press(DANA, a_press(kind="van", unit="v-1"))
    assert done.card["kind"] == "van"
    with pytest.raises(NotFound):
        await house.dispatch.panics.end(DANA, commands.EndPanic(an_id(), an_id(), "nothing"))
    with pytest.raises(Conflict):
        await house.dispatch.panics.press(CREW, a_press(panic=done.panic))
