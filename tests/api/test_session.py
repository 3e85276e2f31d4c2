"""The live session, without any I/O."""

import json
from typing import Any

import pytest

from api.live import frame
from api.live.audiences.board import Board
from api.live.frame import Frame
from api.live.session import (
    CLOSE_AFTER_MS,
    COALESCE_AFTER_MS,
    HELLO_WITHIN_MS,
    MESSAGES_PER_S,
    Close,
    Code,
    Out,
    Session,
)
from api.live.topic import HISTORY, Topic
from api.live.world import World, moved
from registry.port import Event, Position, Snapshot
from tests.api.builders import NOW_MS, team


class Board1:
    """A board with one team whose version counts the events."""

    def __init__(self) -> None:
        self.world = World()
        self.start(epoch=1)
        self.topic = Topic("board", "", Board())
        self.topic.start(self.world)

    def start(self, epoch: int) -> None:
        empty: dict[str, Any] = {"vans": {}, "pools": {}, "slots": {}, "holds": {}, "cards": {}}
        teams = {"team-1": team()}
        self.world.start(Snapshot(position=Position(epoch, 0), at_ms=0, teams=teams, **empty))

    def happen(self, *, name: str | None = None) -> None:
        at = self.world.position
        seq = at.seq + 1
        event = Event(
            position=Position(at.epoch, seq),
            kind="team.put",
            at_ms=NOW_MS,
            touched=(("team", "team-1", team(version=seq, name=name or "Team One")),),
        )
        touched = {change.key for change in self.world.advance(event)} | set(moved(event))
        self.topic.publish(self.world, touched, [], NOW_MS)


class Client:
    """A socket's other end: keeps what it was sent as a browser would."""

    def __init__(self, board: Board1, now_ms: int = NOW_MS) -> None:
        self.board = board
        self.now_ms = now_ms
        self.frames: list[dict[str, Any]] = []
        self.closed: Code | None = None
        self.version: int | None = None
        self.at: tuple[int, int] | None = None
        self.session = Session(
            {"id": "a", "name": "n", "role": "dispatcher", "scope": None},
            lambda name: board.topic if name == "board" else None,
            now_ms,
            simulated=True,
        )
        board.topic.listeners.add(self)
        self.take(self.session.open(now_ms))

    def published(self, topic: Topic, made: Frame, prev: int) -> None:
        self.take(self.session.published(topic, made, prev, self.now_ms))

    def restarted(self, topic: Topic) -> None:
        self.take(self.session.restarted(topic, self.now_ms))

    def take(self, outs: list[Out]) -> None:
        for out in outs:
            if isinstance(out, Close):
                self.closed = out.code
            else:
                self.frames.append(json.loads(out.text))
                self._apply(self.frames[-1])

    def _apply(self, got: dict[str, Any]) -> None:
        if got["type"] == "snapshot":
            self.version = got["state"]["team"]["team-1"]["version"]
        elif got["type"] == "delta":
            assert self.at == (got["epoch"], got["prev"]), "a gap"
            for _, _, team in got["changes"]:
                self.version = team["version"]
        if "seq" in got:
            self.at = (got["epoch"], got["seq"])

    def say(self, **message: Any) -> None:
        self.take(self.session.hear(json.dumps(message), self.now_ms))

    def hello(self, last: tuple[int, int] | None = None) -> None:
        self.say(type="hello", topics=["board"], last={"board": last} if last else {})

    def ack(self) -> None:
        assert self.at is not None
        self.say(type="ack", topic="board", seq=self.at[1])

    def tick(self) -> None:
        self.take(self.session.tick(frame.tick(self.now_ms, self.now_ms), self.now_ms))

    def types(self) -> list[str]:
        return [got["type"] for got in self.frames]


@pytest.fixture
def board() -> Board1:
    return Board1()


def test_it_greets_then_gives_the_whole_and_then_what_changes(board: Board1) -> None:
    client = Client(board)
    client.hello()
    board.happen()
    board.happen()
    assert client.types() == ["welcome", "snapshot", "delta", "delta"]
    assert client.version == 2


def test_nothing_is_sent_before_the_client_says_what_it_wants(board: Board1) -> None:
    client = Client(board)
    board.happen()
    assert client.types() == ["welcome"]


def test_a_client_that_comes_back_gets_what_it_missed_as_one_frame(board: Board1) -> None:
    first = Client(board)
    first.hello()
    board.happen()
    at = first.at
    for _ in range(5):
        board.happen()
    again = Client(board)
    again.at = at
    again.hello(last=at)
    assert again.types() == ["welcome", "delta"]
    assert again.version == 6


def test_a_client_that_missed_nothing_is_told_so(board: Board1) -> None:
    client = Client(board)
    client.hello()
    again = Client(board)
    again.hello(last=client.at)
    assert again.types() == ["welcome", "resume"]


def test_a_position_between_two_frames_of_this_process_is_good_too(board: Board1) -> None:
    """Another process may have cut its frames elsewhere."""
    at = board.world.position
    board.world.position = Position(at.epoch, at.seq + 3)
    board.happen()
    client = Client(board)
    client.at = (at.epoch, at.seq + 2)
    client.hello(last=client.at)
    assert client.types() == ["welcome", "delta"]
    assert client.version == 4


@pytest.mark.parametrize("last", [(7, 0), (1, 9_999), (1, 0)])
def test_a_position_that_cannot_be_resumed_gets_the_whole(
    board: Board1, last: tuple[int, int]
) -> None:
    for _ in range(HISTORY + 1):
        board.happen()
    client = Client(board)
    client.hello(last=last)
    assert client.types() == ["welcome", "snapshot"]


def test_a_new_epoch_replaces_everything(board: Board1) -> None:
    client = Client(board)
    client.hello()
    board.start(epoch=2)
    board.topic.start(board.world)
    board.happen()
    assert client.types() == ["welcome", "snapshot", "snapshot", "delta"]
    assert client.at == (2, 1)


def test_a_slow_client_gets_nothing_more_until_it_has_caught_up(board: Board1) -> None:
    client = Client(board)
    client.hello()
    client.now_ms += COALESCE_AFTER_MS + 1
    for _ in range(4):
        board.happen()
    assert client.types() == ["welcome", "snapshot"]
    client.ack()
    assert client.types() == ["welcome", "snapshot", "delta"]
    assert client.version == 4
    board.happen()
    assert client.version == 5


def test_a_client_that_stays_slow_is_closed_and_may_come_back(board: Board1) -> None:
    client = Client(board)
    client.hello()
    client.now_ms += CLOSE_AFTER_MS
    client.tick()
    assert client.closed is None
    client.now_ms += 1
    client.tick()
    assert client.closed is Code.TOO_SLOW
    assert client.frames[-1] == {"v": 1, "type": "bye", "code": Code.TOO_SLOW, "again": True}


def test_a_client_that_acks_is_never_slow(board: Board1) -> None:
    client = Client(board)
    client.hello()
    for _ in range(60):
        client.now_ms += 1_000
        board.happen()
        client.tick()
        client.ack()
    assert client.closed is None
    assert client.version == 60


def test_a_quiet_topic_makes_nobody_slow(board: Board1) -> None:
    client = Client(board)
    client.hello()
    client.ack()
    client.now_ms += 10 * CLOSE_AFTER_MS
    client.tick()
    assert client.closed is None


def test_a_client_without_hello_is_closed(board: Board1) -> None:
    client = Client(board)
    client.now_ms += HELLO_WITHIN_MS + 1
    client.tick()
    assert client.closed is Code.NO_HELLO


def test_a_foreign_topic_closes_the_socket_for_good(board: Board1) -> None:
    client = Client(board)
    client.say(type="hello", topics=["wall"])
    assert client.closed is Code.NOT_YOUR_TOPIC
    assert client.frames[-1]["again"] is False


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"type":"shout"}', '{"type":"ack"}', "x" * 5_000, '"\ud800"', "null"]
)
def test_nonsense_closes_the_socket(board: Board1, text: str) -> None:
    client = Client(board)
    client.take(client.session.hear(text, NOW_MS))
    assert client.closed is Code.BAD_MESSAGE


def test_a_flood_closes_the_socket(board: Board1) -> None:
    client = Client(board)
    for _ in range(MESSAGES_PER_S):
        client.say(type="ping")
    assert client.closed is None
    client.say(type="ping")
    assert client.closed is Code.TOO_MANY_MESSAGES


def test_good_bye_is_said_once(board: Board1) -> None:
    client = Client(board)
    client.take(client.session.close(Code.LEAVING))
    client.take(client.session.close(Code.TOO_SLOW))
    assert client.types() == ["welcome", "bye"]
    assert client.closed is Code.LEAVING


def test_a_late_ack_of_another_epoch_is_no_offence(board: Board1) -> None:
    client = Client(board)
    client.hello()
    client.say(type="ack", topic="board", seq=12_345)
    client.say(type="ack", topic="elsewhere", seq=1)
    assert client.closed is None


def test_listeners_share_one_encoded_frame(board: Board1) -> None:
    shared: list[Frame] = []

    class Listener:
        def published(self, topic: Topic, made: Frame, prev: int) -> None:
            shared.append(made)

        def restarted(self, topic: Topic) -> None:
            raise AssertionError

    board.topic.listeners |= {Listener(), Listener()}
    board.happen()
    assert shared[0] is shared[1]


def test_what_does_not_change_for_an_audience_makes_no_frame(board: Board1) -> None:
    client = Client(board)
    client.hello()
    board.topic.publish(board.world, {("team", "team-1")}, [], NOW_MS)
    assert client.types() == ["welcome", "snapshot"]
