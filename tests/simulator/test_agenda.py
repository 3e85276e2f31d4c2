"""The queue of future events, against a list that is sorted every time."""

from hypothesis import given
from hypothesis import strategies as st

from simulator.agenda import Agenda

notes = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 8), st.booleans()), max_size=60)


@given(notes)
def test_things_happen_in_the_order_of_their_time_and_a_later_note_replaces(
    wanted: list[tuple[int, int, bool]],
) -> None:
    agenda: Agenda[tuple[int, int]] = Agenda()
    known: dict[int, tuple[int, int]] = {}
    for number, (due_ms, key, strikes) in enumerate(wanted):
        if strikes:
            agenda.strike(key)
            known.pop(key, None)
        else:
            agenda.note(due_ms, key, (due_ms, number))
            known[key] = (due_ms, number)
    happened = []
    while (due_ms := agenda.next_ms()) is not None:
        assert agenda.pop(due_ms - 1) is None
        happened.append(agenda.pop(due_ms))
    assert happened == sorted(known.values())


def test_what_stands_under_a_key_can_be_asked_for() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.note(5, "key", "first")
    agenda.note(9, "key", "second")
    assert agenda.get("key") == "second"
    assert agenda.get("other") is None
    assert agenda.next_ms() == 9
