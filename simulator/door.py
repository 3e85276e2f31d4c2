"""A person's way into the running system: a log-in and commands over HTTP, retried with one id."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog
from uuid6 import uuid7

log = structlog.get_logger()

TRIES = 8
PAUSE_S = 0.5
UNAVAILABLE = {502, 503, 504}


class Refused(Exception):
    """The system said no, with the problem document it gave."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('title', '')}")
        self.status = status
        self.problem = problem


@dataclass(slots=True)
class Door:
    """One logged-in account. Log-ins are renewed when a token has run out."""

    client: httpx.AsyncClient
    name: str
    password: str
    token: str | None = field(default=None, repr=False)
    _logging_in: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def log_in(self) -> None:
        """Raises Refused. Who waits while another call logs in takes its token."""
        async with self._logging_in:
            if self.token is None:
                await self._log_in()

    async def _log_in(self) -> None:
        response = await self._send(
            "POST", "/v1/sessions", {"name": self.name, "password": self.password}, None
        )
        if response.is_error:
            raise Refused(response.status_code, _problem(response))
        self.token = response.json()["token"]

    async def get(self, path: str) -> Any:
        """Raises Refused."""
        return await self._call("GET", path, None)

    async def post(self, path: str, **body: Any) -> Any:
        """Sends a command; every retry carries the same id. Raises Refused."""
        return await self._call("POST", path, {"command_id": str(uuid7()), **body})

    async def put(self, path: str, **body: Any) -> Any:
        """Like `post`, for what has an address of its own. Raises Refused."""
        return await self._call("PUT", path, {"command_id": str(uuid7()), **body})

    async def report(self, path: str, body: dict[str, Any], *, tries: int = TRIES) -> Any:
        """Sends a report that needs no id, because saying it twice changes nothing."""
        return await self._call("POST", path, body, tries)

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None, tries: int = TRIES
    ) -> Any:
        for renewed in (False, True):
            if self.token is None:
                await self.log_in()
            token = self.token
            response = await self._send(method, path, body, token, tries)
            if response.status_code != httpx.codes.UNAUTHORIZED or renewed:
                break
            if self.token == token:  # else another call has logged in meanwhile
                self.token = None
        if response.is_error:
            raise Refused(response.status_code, _problem(response))
        return response.json() if response.content else None

    async def _send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        token: str | None,
        tries: int = TRIES,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for left in reversed(range(tries)):
            try:
                response = await self.client.request(method, path, json=body, headers=headers)
            except httpx.HTTPError:
                if not left:
                    raise
            else:
                if response.status_code not in UNAVAILABLE or not left:
                    return response
            await asyncio.sleep(PAUSE_S * (tries - left))
        raise AssertionError("unreachable")


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        return dict(response.json())
    except ValueError:
        return {"title": response.reason_phrase}
