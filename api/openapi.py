"""The OpenAPI document: every refusal documented once, the live frames included."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.problems import DESCRIPTIONS, MEDIA_TYPE
from api.schemas import gps, live
from api.schemas.problem import Problem
from api.schemas.recommendation import Recommendation

_REF = "#/components/schemas/{model}"
_OUTSIDE = (
    Problem,
    Recommendation,
    gps.PositionReport,
    live.Hello,
    live.Ack,
    live.Ping,
    live.Welcome,
    live.Snapshot,
    live.Resume,
    live.Delta,
    live.Tick,
    live.Bye,
    live.WallZone,
    live.WallUnit,
    live.WallFacility,
    live.WallFigure,
    live.WallLine,
    live.Shared,
    live.Plan,
    live.Hold,
)
_BY_A_SECRET = frozenset({"log_in", "osmand_get", "osmand_post"})
_OPEN = _BY_A_SECRET | {"livez", "readyz", "metrics"}
_BODY = ("post", "put")


def describe(app: FastAPI) -> dict[str, Any]:
    """The document of `app`, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
        )
        components = document.setdefault("components", {})
        _, extra = models_json_schema(
            [(model, "serialization") for model in _OUTSIDE], ref_template=_REF
        )
        components.setdefault("schemas", {}).update(extra["$defs"])
        components["schemas"].pop("HTTPValidationError", None)
        components["schemas"].pop("ValidationError", None)
        components["responses"] = {f"Problem{code}": _response(code) for code in DESCRIPTIONS}
        for methods in document["paths"].values():
            for method, operation in methods.items():
                _document_refusals(method, operation)
        app.openapi_schema = document
    return app.openapi_schema


def _response(code: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": DESCRIPTIONS[code], "content": {MEDIA_TYPE: {"schema": schema}}}


def _document_refusals(method: str, operation: dict[str, Any]) -> None:
    codes = {422, 503} if operation.get("parameters") else {503}
    if operation["operationId"] not in _OPEN:
        codes |= {401, 403}
    if operation["operationId"] in _BY_A_SECRET:
        codes |= {401, 422, 429}
    if operation.get("parameters"):
        codes |= {404}
    if method in _BODY:
        codes |= {400, 404, 409, 413, 415, 422, 429}
    responses = operation["responses"]
    responses.pop("422", None)
    for code in sorted(codes):
        responses.setdefault(str(code), {"$ref": f"#/components/responses/Problem{code}"})
