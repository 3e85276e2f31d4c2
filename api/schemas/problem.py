"""Refusals as RFC 9457 problem documents (application/problem+json)."""

from pydantic import Field

from api.schemas.edge import Answer


class FieldProblem(Answer):
    """One field of a body, path or query that was not understood; never repeats its value."""

    where: str = Field(examples=["body.capacity"])
    what: str = Field(examples=["Input should be greater than or equal to 0"])


class Problem(Answer):
    """Why a call was refused, in words for a person and a `type` for a program."""

    type: str = Field(examples=["urn:caretower:refused"])
    title: str = Field(examples=["Refused"])
    status: int = Field(examples=[409])
    detail: str | None = Field(default=None, examples=["pool 7: no room"])
    resource: str | None = Field(default=None, description="kind:id of what refused")
    reason: str | None = Field(default=None, description="a coded reason", examples=["no_room"])
    fields: list[FieldProblem] | None = None
