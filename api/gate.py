"""What is checked and counted before a door: the kind and size of a body, the time it took."""

from time import perf_counter

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import REQUESTS
from api.problems import TOO_LARGE, problem

_log = structlog.get_logger("api")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class OnlyJson:
    """Bodies under /v1 are JSON, or are refused before anybody reads them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _has_foreign_body(scope):
            refusal = problem(415, "unsupported-media-type", "The body must be application/json")
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


class Limited:
    """Bodies have a limit, whether or not they say how long they are."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "0")
        if said.isdigit() and int(said) > self._limit:
            refusal = problem(*TOO_LARGE)
            await refusal(scope, receive, send)
            return
        received = 0

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise HTTPException(TOO_LARGE[0])
            return message

        await self._app(scope, counting, send)


class Counted:
    """Time and code of each call by the name of its route: no address, no id, no body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        code = 500
        started_s = perf_counter()

        async def noticing(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noticing)
        finally:
            took_s = perf_counter() - started_s
            route = getattr(scope.get("route"), "name", "") or "none"
            REQUESTS.labels(route, _method(scope), str(code)).observe(took_s)
            _log.info("call", route=route, code=code, ms=round(took_s * 1000, 1))


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in ("GET", "HEAD", "POST", "PUT", "DELETE") else "other"


def _has_foreign_body(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] not in _WITH_BODY:
        return False
    if not scope["path"].startswith("/v1/"):
        return False
    headers = Headers(scope=scope)
    empty = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    sent = headers.get("content-type", "")
    if empty and not sent:
        return False
    return sent.partition(";")[0].strip().lower() != "application/json"
