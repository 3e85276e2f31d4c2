"""The facility pad: its own pools and the people on their way to it."""

from typing import Literal

from pydantic import Field

from api.schemas.edge import Answer, Id, Millis, RequestState
from api.schemas.resources import Pool


class Incoming(Answer):
    """A person on the way, as far as the place that receives them must know."""

    id: Id = Field(description="the request's id")
    version: int
    pool: str
    state: RequestState
    facility_answer: Literal["asked", "accepted", "declined"] | None
    answer_due_ms: int | None
    arrive_ms: int | None
    needs: list[str]
    phone: str | None = Field(description="the team's number")


class Pad(Answer):
    server_ms: Millis
    facility: str
    pools: list[Pool]
    incoming: list[Incoming]
