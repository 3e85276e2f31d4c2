"""What the plan says for a request."""

from typing import Literal

from pydantic import Field

from api.schemas.edge import Answer

SPARED_FIRST = Field(
    default=None,
    description="whose tiers are spared first, and how much, where not one rank is spared it all",
)


class Alternative(Answer):
    team: str | None
    van: str | None
    pool: str | None
    slot: str | None
    team_eta_s: float | None
    arrive_s: float | None
    extra_min: float = Field(description="weighted minutes that the whole region would pay more")
    paid_first: str | None = Field(
        default=None, description="whose tiers pay first, and how much, where not one rank pays all"
    )


class Backup(Answer):
    """The next place to ask; it is claimed by nobody."""

    pool: str
    arrive_s: float | None


class Unserved(Answer):
    resource: str
    reason: str
    count: int
    text: str
    id: str | None = Field(default=None, description="the one that somebody else has")
    holder: str | None = Field(default=None, description="the request that has it")
    worth_min: float | None = Field(
        default=None,
        description="weighted minutes that one more just like it would spare; null: not tried",
    )
    spared_first: str | None = SPARED_FIRST


class WouldServe(Answer):
    """One change of what there is, after which the request lacks nothing; it was tried."""

    resource: Literal["team", "van", "place"]
    change: Literal["room", "new", "shift"]
    id: str | None
    by_s: float | None = Field(description="seconds after the plan was made")
    saves_min: float = Field(description="weighted minutes that all tiers together then spare")
    text: str
    spared_first: str | None = SPARED_FIRST


class Why(Answer):
    team: str
    van: str
    place: str


class TravelSource(Answer):
    engine: str
    quality: Literal["road", "estimate"]


class Recommendation(Answer):
    """What the plan says for one request, with its price, its reasons and what else there is."""

    request: str
    team: str | None
    van: str | None
    pool: str | None
    slot: str | None
    team_eta_s: float | None
    pick_s: float | None
    arrive_s: float | None
    costs: dict[str, float] = Field(description="minutes by component")
    why: Why
    alternatives: list[Alternative]
    backup: Backup | None
    unserved: list[Unserved]
    ems_now: bool
    call_to_confirm: bool
    travel: TravelSource
    warnings: list[str]
    claims_place: bool = Field(description="false while the place is only possibly needed")
    free_ms: int | None = Field(
        description="when the busy team it waits for is expected to be free; accept only then"
    )
    priced_ms: int | None = Field(description="when the price of the alternatives was found")
    would_serve: list[WouldServe] | None = Field(
        default=None, description="single changes that would serve the person; null: not yet tried"
    )


class Recommended(Answer):
    """The newest recommendation; null while the planner has not looked at the request yet."""

    plan_version: int | None
    made_ms: int | None
    planner_late_since_ms: int | None = Field(
        description="since when the planner gives no sign: this is old, or does not come"
    )
    recommendation: Recommendation | None
