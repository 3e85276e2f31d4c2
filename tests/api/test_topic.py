"""A topic's history: whoever comes back has what everybody has, and it keeps no old worlds."""

import json
import tracemalloc
from collections.abc import Mapping, Set
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api.live.audiences.board import Board
from api.live.topic import HISTORY, Topic
from api.live.world import Key, Object, World
from registry.port import Position
from tests.api.builders import NOW_MS

REQUESTS = ("r1", "r2", "r3")
STEPS = st.lists(
    st.dictionaries(st.sampled_from(REQUESTS), st.integers(0, 3) | st.none(), min_size=1),
    min_size=1,
    max_size=12,
)
"""In each step some requests get a recommendation, or lose it."""


class Planned:
    """A board of recommendations alone."""

    def __init__(self) -> None:
        self.world = World()
        self.topic = Topic("board", "", Board())
        self.topic.start(self.world)

    def plan(self, recommendations: Mapping[str, Object]) -> None:
        text = json.dumps({"recommendations": recommendations})
        touched: Set[Key] = self.world.plan(json.loads(text))
        self.world.position = Position(0, self.world.position.seq + 1)
        self.topic.publish(self.world, touched, [], NOW_MS)

    def shown(self) -> dict[Key, Any]:
        """What whoever asks for everything is shown now."""
        state = json.loads(self.topic.whole(NOW_MS).text)["state"]
        return {(kind, id): shape for kind, ids in state.items() for id, shape in ids.items()}


@given(steps=STEPS)
def test_whoever_comes_back_at_any_moment_has_what_everybody_has(
    steps: list[dict[str, int | None]],
) -> None:
    board, now = Planned(), dict[str, Object]()
    was = [(board.topic.position, board.shown())]
    for step in steps:
        now |= {name: {"id": name, "cost": cost} for name, cost in step.items() if cost is not None}
        for name in (name for name, cost in step.items() if cost is None):
            now.pop(name, None)
        board.plan(now)
        was.append((board.topic.position, board.shown()))
    for position, shown in was:
        told = json.loads(board.topic.resume(position, NOW_MS).text)
        for kind, id, shape in told.get("changes", ()):
            shown[kind, id] = shape
        assert told["type"] in {"delta", "resume"}
        assert {key: shape for key, shape in shown.items() if shape is not None} == board.shown()


def test_hundreds_of_plans_take_a_fraction_of_the_room_that_they_would_fill() -> None:
    """Every plan says something new of everybody; what it said is not kept."""
    board, said = Planned(), 0

    def after(count: int) -> int:
        nonlocal said
        for _ in range(count):
            turn = board.world.position.seq
            words = {
                "why": [f"in plan {turn} the team number {n} is the nearest" for n in range(40)]
            }
            board.plan({f"r{k}": words for k in range(30)})
            said += 30 * len(json.dumps(words))
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        few, many = after(5), after(HISTORY)
    finally:
        tracemalloc.stop()
    assert many - few < said / 8
