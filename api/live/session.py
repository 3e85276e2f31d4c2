"""One live session without I/O: what is heard and the time go in, what to do comes out.

greeting ── hello ──▶ live ──▶ closed
                       │ ▲
    acks late by 10 s  ▼ │  acks caught up: everything missed as one frame
                    coalescing ── late by 30 s ──▶ closed, come back
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

import msgspec

from api.live import frame
from api.live.frame import Frame
from api.live.topic import Topic
from registry.port import Position

HELLO_WITHIN_MS = 10_000
COALESCE_AFTER_MS = 10_000
CLOSE_AFTER_MS = 30_000
MESSAGE_LIMIT = 4_096
"""Characters. A longer message is no message of ours."""
MESSAGES_PER_S = 20


class Code(IntEnum):
    """Why a socket closes. From 4500 on a client may come back; below, it must not by itself."""

    BAD_MESSAGE = 4400
    NOT_AUTHORISED = 4401
    NOT_YOUR_TOPIC = 4403
    NO_HELLO = 4408
    TOO_MANY_MESSAGES = 4429
    BAD_TICKET = 4501
    LEAVING = 4503
    TOO_SLOW = 4508

    @property
    def again(self) -> bool:
        return self >= 4500


@dataclass(frozen=True, slots=True)
class Close:
    code: Code


Out = Frame | Close


class Hello(msgspec.Struct, tag="hello", tag_field="type"):
    topics: list[str]
    last: dict[str, Position] = {}


class Ack(msgspec.Struct, tag="ack", tag_field="type"):
    topic: str
    seq: int


class Ping(msgspec.Struct, tag="ping", tag_field="type"):
    pass


_decoder = msgspec.json.Decoder(Hello | Ack | Ping)


@dataclass(slots=True)
class _Following:
    """A topic as this client has it: the last seq sent, and what was sent and not yet acked."""

    topic: Topic
    sent: int
    unacked: deque[tuple[int, int]] = field(default_factory=deque)
    behind: bool = False

    def send(self, seq: int, now_ms: int) -> None:
        self.sent = seq
        self.unacked.append((seq, now_ms))

    def lag_ms(self, now_ms: int) -> int:
        return now_ms - self.unacked[0][1] if self.unacked else 0


class Session:
    """The state of one socket. `topic_of` gives the topic that this caller may follow, or None."""

    def __init__(
        self,
        account: dict[str, str | None],
        topic_of: Callable[[str], Topic | None],
        now_ms: int,
        *,
        simulated: bool,
    ) -> None:
        self._account = account
        self._topic_of = topic_of
        self._simulated = simulated
        self._opened_ms = now_ms
        self._following: dict[str, _Following] = {}
        self._second = 0
        self._heard_in_second = 0
        self.phase: Literal["greeting", "live", "closed"] = "greeting"

    @property
    def topics(self) -> list[Topic]:
        return [each.topic for each in self._following.values()]

    def open(self, now_ms: int) -> list[Out]:
        return [frame.welcome(self._account, now_ms, self._simulated)]

    def hear(self, text: str, now_ms: int) -> list[Out]:
        """A message from the client."""
        if self._too_many(now_ms):
            return self.close(Code.TOO_MANY_MESSAGES)
        if len(text) > MESSAGE_LIMIT:
            return self.close(Code.BAD_MESSAGE)
        try:
            message = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return self.close(Code.BAD_MESSAGE)
        if isinstance(message, Hello):
            return self._greet(message, now_ms)
        if isinstance(message, Ack):
            return self._acked(message, now_ms)
        return []

    def published(self, topic: Topic, made: Frame, prev: int, now_ms: int) -> list[Out]:
        """A delta of a topic that this session follows."""
        following = self._following.get(topic.name)
        if following is None or following.topic is not topic or following.behind:
            return []
        if following.lag_ms(now_ms) > COALESCE_AFTER_MS:
            following.behind = True
            return []
        if following.sent != prev:
            return self._catch_up(following, now_ms)
        following.send(topic.position.seq, now_ms)
        return [made]

    def restarted(self, topic: Topic, now_ms: int) -> list[Out]:
        """The topic began anew: its snapshot replaces everything."""
        following = self._following.get(topic.name)
        if following is None or following.topic is not topic:
            return []
        self._following[topic.name] = following = _Following(topic, topic.position.seq)
        following.send(topic.position.seq, now_ms)
        return [topic.whole(now_ms)]

    def tick(self, beat: Frame, now_ms: int) -> list[Out]:
        """Once a second: the beat, or the end for a silent or slow client."""
        if self.phase == "greeting" and now_ms - self._opened_ms > HELLO_WITHIN_MS:
            return self.close(Code.NO_HELLO)
        if any(each.lag_ms(now_ms) > CLOSE_AFTER_MS for each in self._following.values()):
            return self.close(Code.TOO_SLOW)
        return [beat]

    def close(self, code: Code) -> list[Out]:
        """Say good-bye, and whether to come back."""
        if self.phase == "closed":
            return []
        self.phase = "closed"
        return [frame.bye(code, code.again), Close(code)]

    def _greet(self, hello: Hello, now_ms: int) -> list[Out]:
        out: list[Out] = []
        self._following = {}
        for name in dict.fromkeys(hello.topics):
            topic = self._topic_of(name)
            if topic is None:
                return self.close(Code.NOT_YOUR_TOPIC)
            last = hello.last.get(name)
            out.append(topic.resume(last, now_ms) if last else topic.whole(now_ms))
            following = _Following(topic, topic.position.seq)
            following.send(topic.position.seq, now_ms)
            self._following[name] = following
        if not out:
            return self.close(Code.NOT_YOUR_TOPIC)
        self.phase = "live"
        return out

    def _acked(self, ack: Ack, now_ms: int) -> list[Out]:
        following = self._following.get(ack.topic)
        if following is None:
            return []
        while following.unacked and following.unacked[0][0] <= ack.seq:
            following.unacked.popleft()
        if following.behind and not following.unacked:
            following.behind = False
            return self._catch_up(following, now_ms)
        return []

    def _catch_up(self, following: _Following, now_ms: int) -> list[Out]:
        topic = following.topic
        if following.sent == topic.position.seq:
            return []
        made = topic.since(following.sent, now_ms) or topic.whole(now_ms)
        following.send(topic.position.seq, now_ms)
        return [made]

    def _too_many(self, now_ms: int) -> bool:
        second = now_ms // 1000
        if second != self._second:
            self._second, self._heard_in_second = second, 0
        self._heard_in_second += 1
        return self._heard_in_second > MESSAGES_PER_S
