"""The live door: its ticket, and the frames that pass through the socket."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.edge import Answer, Millis
from api.schemas.session import Account

Topic = Literal["board", "pad", "wall", "field", "provider", "law"]
Position = Annotated[tuple[int, int], Field(description="epoch, sequence number")]


class Ticket(Answer):
    """Opens one socket, once, soon: `/v1/live?ticket=…`."""

    ticket: str
    expires_ms: Millis


class Hello(Answer):
    type: Literal["hello"]
    topics: list[Topic]
    last: dict[str, Position] = Field(default={})


class Ack(Answer):
    type: Literal["ack"]
    topic: Topic
    seq: int


class Ping(Answer):
    type: Literal["ping"]


class Welcome(Answer):
    v: Literal[1]
    type: Literal["welcome"]
    account: Account
    server_ms: Millis
    simulated: bool


class Snapshot(Answer):
    """Replaces the whole map of its topic: kind → id → object."""

    v: Literal[1]
    type: Literal["snapshot"]
    topic: Topic
    epoch: int
    seq: int
    server_ms: Millis
    state: dict[str, dict[str, dict[str, Any]]]


class Delta(Answer):
    """Puts or drops objects. `prev` is the seq of the frame before; a gap means hello again."""

    v: Literal[1]
    type: Literal["delta"]
    topic: Topic
    epoch: int
    seq: int
    prev: int
    server_ms: Millis
    changes: list[tuple[str, str, dict[str, Any] | None]]
    lines: list[str]


class Resume(Answer):
    """Nothing was missed since `last`: the map that the client has is the right one."""

    v: Literal[1]
    type: Literal["resume"]
    topic: Topic
    epoch: int
    seq: int
    server_ms: Millis


class Tick(Answer):
    """Every second. `feed_ms` is the time of the last word from the registry."""

    v: Literal[1]
    type: Literal["tick"]
    server_ms: Millis
    feed_ms: Millis
    planner_late_since_ms: Millis | None = Field(
        description="since when the planner gives no sign: recommendations are old, new ones "
        "do not come; null while it does"
    )


class Bye(Answer):
    """The last frame: why the socket closes, and whether to come back."""

    v: Literal[1]
    type: Literal["bye"]
    code: int
    again: bool


ClientFrame = Annotated[Hello | Ack | Ping, Field(discriminator="type")]
ServerFrame = Annotated[
    Welcome | Snapshot | Resume | Delta | Tick | Bye, Field(discriminator="type")
]


class WallZone(Answer):
    """On topic `wall`: open requests of one zone, or of small zones merged into it."""

    id: str
    name: str
    lon: float
    lat: float
    waiting: dict[str, int | Literal["<3"]] = Field(description="by tier; empty tiers left out")
    oldest_ms: int | None = Field(description="when the oldest was opened; null for small counts")
    teams_free: int
    teams_committed: int
    beds_free: int


class WallUnit(Answer):
    """On topic `wall`, kinds team and van. An obscured one stands at its zone's centroid.

    Its id is a pseudonym that no other source knows; it has no name.
    """

    id: str
    zone: str
    lon: float
    lat: float
    status: Literal["available", "committed", "unavailable"]
    obscured: bool
    position_ms: int | None = Field(description="null when obscured")


class WallFacility(Answer):
    id: str
    name: str
    zone: str
    lon: float
    lat: float
    free: int
    capacity: int
    confirmed_ms: int = Field(description="the oldest confirmation among its pools")
    paused: bool
    overcommitted: bool


class WallFigure(Answer):
    """One large figure: waiting, teams, beds or oldest."""

    id: Literal["waiting", "teams", "beds", "oldest"]
    parts: dict[str, int | Literal["<3"] | None]


class WallLine(Answer):
    """A change in words, without persons. The last ten."""

    id: str
    at_ms: Millis
    text: str


class Shared(Answer):
    """On topic `law`: a request that was shared; place and safety are read over HTTP."""

    id: str
    zone: str
    opened_ms: Millis
    state: Literal["waiting", "underway"]


class Hold(Answer):
    """On topic `board`: an unconfirmed claim that expires."""

    id: str
    version: int
    request: str
    team: str | None
    van: str | None
    pool: str | None
    slot: str | None
    state: str
    expires_ms: Millis
    by: str


class Strictness(Answer):
    """That every tier is planned before the next, and its price in weighted minutes."""

    extra_min: float | None = Field(description="null while it is not priced")
    text: str


class Plan(Answer):
    """On topic `board`, kind plan, id `plan`: the newest plan's head."""

    id: Literal["plan"]
    version: int
    made_ms: Millis
    at: Position
    stage: str
    proved: bool
    gap: float
    objective_min: float
    degraded: str | None = Field(description="why it is old or worse than it should be")
    strictness: Strictness | None = Field(description="null where weights trade between tiers")
