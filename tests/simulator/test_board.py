"""The board that a client keeps is the one that the frames tell."""

from typing import Any

import pytest

from simulator.board import Board, Gap
from simulator.pace import Pace


def snapshot(seq: int, **kinds: Any) -> dict[str, Any]:
    return {"type": "snapshot", "epoch": 1, "seq": seq, "state": kinds}


def delta(seq: int, prev: int, *changes: Any) -> dict[str, Any]:
    return {"type": "delta", "epoch": 1, "seq": seq, "prev": prev, "changes": changes}


def test_a_delta_puts_and_drops_and_names_what_it_touched() -> None:
    board = Board()
    board.hear(snapshot(4, team={"a": {"v": 1}, "b": {"v": 1}}))
    touched = board.hear(delta(6, 4, ("team", "a", {"v": 2}), ("team", "b", None)))
    assert touched == [("team", "a"), ("team", "b")]
    assert board.of("team") == {"a": {"v": 2}}
    assert board.last == (1, 6)


def test_a_snapshot_replaces_everything_and_touches_what_is_gone() -> None:
    board = Board()
    board.hear(snapshot(4, team={"a": {}}))
    assert board.hear(snapshot(9, van={"c": {}})) == [("team", "a"), ("van", "c")]
    assert board.get("team", "a") is None


@pytest.mark.parametrize("wrong", [delta(7, 5), {**delta(7, 4), "epoch": 2}])
def test_a_gap_is_never_bridged(wrong: dict[str, Any]) -> None:
    board = Board()
    board.hear(snapshot(4))
    with pytest.raises(Gap):
        board.hear(wrong)


def test_other_frames_change_nothing() -> None:
    assert Board().hear({"type": "tick", "server_ms": 1}) == []


def test_world_time_goes_as_fast_as_was_wished() -> None:
    pace = Pace(1_000_000, 20)
    assert pace.world(1_000_500) == 1_010_000
    assert pace.real(pace.world(1_234_567)) == 1_234_567
