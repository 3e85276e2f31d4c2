"""The thin shell around a session: a websocket, a clock, and the writing of what comes out."""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Protocol, cast

from fastapi import WebSocket

from api.errors import NotAuthenticated, PartMissing
from api.live import frame
from api.live.feed import Feed
from api.live.frame import Frame
from api.live.session import Close, Code, Out, Session
from api.live.tickets import redeem
from api.live.topic import Topic
from api.metrics import FRAMES, SOCKETS
from api.roles import Caller
from api.services import Services
from dispatch.planning.signs import PlannerWatch

BEAT_S = 1.0
WATCH_S = 2.0


class Wire(Protocol):
    """What the server's own protocol offers beyond ASGI: writing a frame that is made already."""

    def write_frame(self, wire: bytes) -> bool:
        """Write now; False when the socket cannot take it now."""
        ...


class Shell:
    """One socket. Frames shared by many go straight to the wire where the server allows it."""

    def __init__(self, socket: WebSocket, caller: Caller, services: Services, feed: Feed) -> None:
        self._socket = socket
        self.caller = caller
        self._services = services
        self._wire = cast("Wire | None", socket.scope.get("extensions", {}).get("caretower.wire"))
        self._outbox: asyncio.Queue[Out] = asyncio.Queue()
        self._queued = 0
        account = {
            "id": caller.account,
            "name": caller.name,
            "role": caller.role.value,
            "scope": caller.scope,
        }
        self._session = Session(
            account,
            lambda name: feed.topic(caller, name),
            services.clock(),
            simulated=services.settings.simulated,
        )
        self._listening: list[Topic] = []

    def published(self, topic: Topic, made: Frame, prev: int) -> None:
        self._write(self._session.published(topic, made, prev, self._services.clock()))

    def restarted(self, topic: Topic) -> None:
        self._write(self._session.restarted(topic, self._services.clock()))

    def beat(self, made: Frame) -> None:
        """Once a second."""
        self._write(self._session.tick(made, self._services.clock()))

    async def run(self) -> None:
        """Serve the socket until either side ends it."""
        self._write(self._session.open(self._services.clock()))
        tasks = [asyncio.create_task(work()) for work in (self._read, self._send)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._listen([])

    def end(self, code: Code) -> None:
        """Say good-bye and why."""
        self._write(self._session.close(code))

    async def _read(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            now_ms = self._services.clock()
            if text is None:
                self._write(self._session.close(Code.BAD_MESSAGE))
            else:
                self._write(self._session.hear(text, now_ms))
                self._listen(self._session.topics)

    async def _send(self) -> None:
        while True:
            out = await self._outbox.get()
            if isinstance(out, Close):
                await self._socket.close(out.code)
                return
            await self._socket.send_text(out.text)
            self._queued -= 1

    def _write(self, outs: Iterable[Out]) -> None:
        for out in outs:
            if isinstance(out, Frame):
                FRAMES.inc()
                if self._wire and not self._queued and self._wire.write_frame(out.wire):
                    continue
            self._queued += 1
            self._outbox.put_nowait(out)

    def _listen(self, topics: list[Topic]) -> None:
        for topic in self._listening:
            if topic not in topics:
                topic.listeners.discard(self)
        for topic in topics:
            topic.listeners.add(self)
        self._listening = topics


class Sockets:
    """Every open socket of this process: their common beat, and their end."""

    def __init__(self, services: Services, feed: Feed, planner: PlannerWatch) -> None:
        self._services = services
        self._feed = feed
        self._planner = planner
        self._shells: set[Shell] = set()

    async def serve(self, socket: WebSocket, ticket: str) -> None:
        """Redeem the ticket and serve the socket, or say that another ticket is needed."""
        try:
            caller = await redeem(self._services.registry, ticket)
        except NotAuthenticated:
            await _refuse(socket)
            return
        await socket.accept()
        shell = Shell(socket, caller, self._services, self._feed)
        self._shells.add(shell)
        SOCKETS.inc()
        try:
            await shell.run()
        finally:
            self._shells.discard(shell)
            SOCKETS.dec()

    async def beat(self) -> None:
        """Every second the same frame to everyone, until cancelled."""
        while True:
            await asyncio.sleep(BEAT_S)
            made = frame.tick(
                self._services.clock(), self._feed.heard_ms, self._planner.late_since_ms
            )
            for shell in tuple(self._shells):
                shell.beat(made)

    async def watch(self) -> None:
        """Every few seconds whoever may not listen any more is sent away, until cancelled."""
        while True:
            await asyncio.sleep(WATCH_S)
            callers = {shell.caller for shell in self._shells}
            if not callers:
                continue
            with contextlib.suppress(PartMissing):
                ended = await self._services.identity.ended(callers)
                for shell in tuple(self._shells):
                    if shell.caller in ended:
                        shell.end(Code.NOT_AUTHORISED)

    def leave(self) -> None:
        """This process ends: everybody should come back, to another one."""
        for shell in tuple(self._shells):
            shell.end(Code.LEAVING)


async def _refuse(socket: WebSocket) -> None:
    """A browser reads a close code only of a socket that was opened."""
    await socket.accept()
    await socket.send_text(frame.bye(Code.BAD_TICKET, Code.BAD_TICKET.again).text)
    await socket.close(Code.BAD_TICKET)
