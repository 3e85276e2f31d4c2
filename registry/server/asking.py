"""How a script of the registry is asked, and what may go wrong."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError

from registry import laws
from registry.errors import CommandReused, Fenced, InUse, InvalidCommand, NotFound, Unavailable
from registry.port import DEDUPE_S
from registry.scripts import KEY_NAMES, script

Told = TypeVar("Told")
_NOT_NOW = (
    RedisConnectionError,  # a refused password too: the client makes no difference
    RedisTimeoutError,
    ReadOnlyError,
    OutOfMemoryError,
)


class Asking:
    """The server, one region's keys on it, and the scripts."""

    def __init__(self, redis: Redis, region: str, replicas: int, timeout_s: float) -> None:
        self.region = region
        self._redis = redis
        self._replicas = replicas
        self._timeout_s = timeout_s
        self._prefix = f"{{{region}}}:"
        self._keys = [self._prefix + name for name in KEY_NAMES]

    async def _ask(
        self,
        name: str,
        command: dict[str, Any],
        answer: type[Told],
        command_id: str | None = None,
        *texts: bytes,
    ) -> Told:
        keys = [*self._keys, self._key(f"done:{command_id or ''}")]
        try:
            if command_id is not None:
                laws.check_id(command_id)
                command = {**command, "once_ms": DEDUPE_S * 1000, "digest": _digest(command)}
            asked = msgspec.json.encode(command)
        except (UnicodeEncodeError, OverflowError) as error:
            raise InvalidCommand("no text or number that can be kept") from error
        raw = await self._run(name, keys, [asked, *texts])
        if raw.startswith(b'{"error"'):
            _raise(msgspec.json.decode(raw, type=_ErrorAnswer).error)
        return msgspec.json.decode(raw, type=answer)

    async def _run(self, name: str, keys: list[str], args: list[bytes]) -> bytes:
        lua = script(name)
        async with self._reaching():
            try:
                return await self._durably("EVALSHA", lua.sha, keys, args)
            except NoScriptError:
                return await self._durably("EVAL", lua.source, keys, args)

    async def _durably(self, verb: str, code: str, keys: list[str], args: list[bytes]) -> bytes:
        call = (verb, code, len(keys), *keys, *args)
        if not self._replicas:
            return cast("bytes", await self._redis.execute_command(*call))  # type: ignore[no-untyped-call]
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.execute_command(*call)
            pipeline.wait(self._replicas, round(self._timeout_s * 500))
            answer, confirmed = await pipeline.execute()
        if confirmed < self._replicas:
            raise Unavailable("too few replicas confirmed the write; its outcome is unknown")
        return cast("bytes", answer)

    def _key(self, name: str) -> str:
        return self._prefix + name

    @asynccontextmanager
    async def _reaching(self) -> AsyncIterator[None]:
        try:
            yield
        except _NOT_NOW as error:
            raise Unavailable(f"the registry's server did not do it: {error}") from error


class _Error(msgspec.Struct, frozen=True):
    name: str
    kind: str
    id: str


class _ErrorAnswer(msgspec.Struct, frozen=True):
    error: _Error


def _digest(command: dict[str, Any]) -> str | None:
    """What the command says. A hold says what its caller's command does, and may see more."""
    if "ttl_ms" in command:
        return None
    said = msgspec.json.encode(command, order="deterministic")
    return hashlib.sha256(said).hexdigest()[:32]


def _raise(error: _Error) -> NoReturn:
    if error.name == "Reused":
        raise CommandReused("this command id was used for something else")
    if error.name == "NotFound":
        raise NotFound(error.kind, error.id)
    if error.name == "InUse":
        raise InUse(error.kind, error.id)
    if error.name == "Fenced":
        raise Fenced("a newer planner exists")
    raise InvalidCommand(f"{error.name}: {error.kind} {error.id}")


def without_none(command: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in command.items() if value is not None}
