"""Errors become HTTP here and nowhere else: one table, one document form (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api import errors
from api.store import DATABASE_ERRORS, database_away
from dispatch import errors as dispatch
from record import errors as record
from referral import errors as referral
from registry import errors as registry

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger("api")


@dataclass(frozen=True, slots=True)
class Row:
    status: int
    type: str
    title: str


_GONE = Row(404, "not-found", "Not found")
_NO = Row(403, "forbidden", "Not yours to see or change")
_CHANGED = Row(409, "conflict", "The world has changed; look again")
_REFUSED = Row(409, "refused", "Refused")
_REUSED = Row(409, "command-reused", "This command id was used for something else")
_NOT_NOW = Row(409, "not-now", "Not possible in this state")
_BAD = Row(422, "bad-input", "Understood, and not possible")
_AWAY = Row(503, "part-missing", "A part is missing; retry with the same command id")

TABLE: dict[type[Exception], Row] = {
    errors.NotAuthenticated: Row(401, "not-authenticated", "Log in first"),
    errors.Forbidden: _NO,
    errors.Unknown: _GONE,
    errors.Conflict: _CHANGED,
    errors.CommandReused: _REUSED,
    errors.BadInput: _BAD,
    errors.Unreadable: Row(400, "unreadable", "The body could not be read"),
    errors.TooManyTries: Row(429, "too-many-tries", "Too many tries"),
    errors.PartMissing: _AWAY,
    registry.InvalidCommand: _BAD,
    registry.NotFound: _GONE,
    registry.CommandReused: _REUSED,
    registry.InUse: _REFUSED,
    registry.Unavailable: _AWAY,
    record.CommandReused: _REUSED,
    record.GuardFailed: _CHANGED,
    record.ConstraintBroken: _CHANGED,
    dispatch.NotFound: _GONE,
    dispatch.Refused: _REFUSED,
    dispatch.WrongState: _NOT_NOW,
    dispatch.NotAllowed: _NOT_NOW,
    dispatch.NotYours: _NO,
    dispatch.Conflict: _CHANGED,
    dispatch.CommandReused: _REUSED,
    dispatch.Invalid: _BAD,
    referral.NotFound: _GONE,
    referral.NotYours: _NO,
    referral.WrongState: _NOT_NOW,
    referral.Refused: _REFUSED,
    referral.Conflict: _CHANGED,
    referral.CommandReused: _REUSED,
}
"""Domain error → answer. A subclass without a row of its own answers as its parent."""

TOO_LARGE = (413, "content-too-large", "The body is too large")
"""Its name in HTTPStatus differs between versions of Python."""

DESCRIPTIONS: Mapping[int, str] = {
    400: "The body could not be read",
    401: "No valid token",
    403: "The role or the scope may not",
    404: "No such thing, or none that this caller may know of",
    405: "The address does not know this method",
    409: "The world has changed, this is not allowed in this state, or the id was used before",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "Understood, and not possible",
    429: "Too many tries; `Retry-After` says how long to wait",
    503: "A part is missing, or the outcome is unknown: retry with the same command id",
}


def problem(
    status: int,
    kind: str,
    title: str,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """A problem document. `detail` repeats no text of the caller: at most an id or a word."""
    body = {"type": f"urn:caretower:{kind}", "title": title, "status": status}
    body |= {key: value for key, value in ({"detail": detail} | more).items() if value is not None}
    return Response(
        msgspec.json.encode(body), status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def row_of(error: Exception) -> Row | None:
    known = next((TABLE[kind] for kind in type(error).__mro__ if kind in TABLE), None)
    return _AWAY if known is None and database_away(error) else known


async def _domain(_: Request, error: Exception) -> Response:
    row = row_of(error)
    if row is None:
        raise error
    headers = {"WWW-Authenticate": "Bearer"} if row.status == HTTPStatus.UNAUTHORIZED else {}
    if isinstance(error, errors.TooManyTries):
        headers["Retry-After"] = str(error.retry_s)
    detail = None if row is _AWAY else str(error) or None
    return problem(row.status, row.type, row.title, detail, headers, **_particulars(error))


def _particulars(error: Exception) -> dict[str, str | None]:
    """Which resource said no, and the coded reason, where the error knows them."""
    reason = getattr(error, "reason", None) or getattr(error, "rule", None)
    named = getattr(error, "resource", None)
    kind = getattr(error, "kind", None)
    return {"resource": f"{kind}:{named}" if kind and named else named, "reason": reason}


async def _invalid(_: Request, error: Exception) -> Response:
    faults = cast("RequestValidationError", error).errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem(400, "unreadable", DESCRIPTIONS[400])
    fields = [
        {"where": ".".join(str(part) for part in fault["loc"])[:200], "what": fault["msg"][:300]}
        for fault in faults[:50]
    ]
    return problem(422, "bad-input", "Understood, and not possible", fields=fields)


async def _http(_: Request, error: Exception) -> Response:
    fault = cast("HTTPException", error)
    status = HTTPStatus(fault.status_code)
    if status == TOO_LARGE[0]:
        return problem(*TOO_LARGE)
    kind = status.phrase.lower().replace(" ", "-")
    return problem(status, kind, status.phrase, headers=fault.headers)


async def _fault(request: Request, error: Exception) -> Response:
    route = getattr(request.scope.get("route"), "name", "none")
    _log.error("fault", route=route, error=type(error).__name__)
    return problem(500, "fault", "Something broke here; it is logged")


def install(app: FastAPI) -> None:
    """Answer every error of `app` as a problem document."""
    for kind in (*TABLE, *DATABASE_ERRORS):
        app.add_exception_handler(kind, _domain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)
